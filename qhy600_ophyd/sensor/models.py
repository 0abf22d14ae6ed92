"""The models of the QHY600, by name: `QHY600M-PH SBFL`."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal

from qhy600_ophyd.sensor.tables import NotPublished, table

_LETTERS = {"mono": "M", "colour": "C"}
_BARE = "PH"
"""What a camera is that says only `QHY600M` or `QHY600C`, as all of them do through the vendor's library."""


class UnknownModel(NotPublished):
    """A name that no QHY600 has; the message gives those that come near it."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model; ``str`` of it is its name.

    Parameters
    ----------
    name
        As `model` understands it, such as ``"QHY600C-Pro II SBFL LQ"``.
    grade
        Photographic or scientific.
    colour
        Whether it has colour filters.
    body_length_mm, back_focal_length_mm
        [mm]; the back focal length without the adapter.
    adapter_mm
        What the adapter adds to it [mm]; 0 where there is none.
    cooling
        What takes the heat away.
    buffer_bytes
        Memory for frames.
    fibre, camera_link
        Whether it has two 10 Gbit/s fibres, and two CameraLink interfaces.
    status
        ``"current"``, ``"discontinued"`` or by what it was replaced.
    note
        Anything else; may be empty.
    """

    name: str
    grade: Literal["photographic", "scientific"]
    colour: Literal["mono", "colour"]
    body_length_mm: float
    back_focal_length_mm: float
    adapter_mm: float
    cooling: Literal["air", "liquid"]
    buffer_bytes: int
    fibre: bool
    camera_link: bool
    status: str
    note: str

    def __str__(self) -> str:
        return self.name


@cache
def models() -> tuple[Model, ...]:
    """All models, monochrome before colour, in the order of the product page."""
    return tuple(
        _model(entry, colour)
        for entry in table("models")["models"]
        for colour in entry.get("colours", _LETTERS)
    )


def model(name: str) -> Model:
    """The model of that name, whatever its capitals, spaces and hyphens.

    `QHY600M` and `QHY600C` alone are taken for the photographic ones; the page's `QHY600PH-M SBFL` is
    understood as `QHY600M-PH SBFL`.

    Raises
    ------
    UnknownModel
        No QHY600 has that name.
    """
    known = _by_key()
    found = known.get(_key(name))
    if found is not None:
        return found
    near = {str(known[key]): None for key in get_close_matches(_key(name), known, n=4, cutoff=0.5)}
    listed = ", ".join(near) or f"{models()[0]}, {models()[1]} and the others of models()"
    raise UnknownModel(
        f"no QHY600 is named {name!r}; near is {listed}. L is made as monochrome PH only, LQ as Pro only"
    )


def _model(entry: dict, colour: Literal["mono", "colour"]) -> Model:
    fields = {key: value for key, value in entry.items() if key not in _NOT_FIELDS}
    short = entry["back_focal_length_mm"] < 17
    return Model(
        **fields,
        name=f"QHY600{_LETTERS[colour]}-{entry['suffix']}",
        colour=colour,
        adapter_mm=0.0 if short else table("models")["adapter_mm"],
        buffer_bytes=entry["buffer_gigabytes"] * 2**30,
    )


_NOT_FIELDS = {"suffix", "colours", "buffer_gigabytes"}


@cache
def _by_key() -> dict[str, Model]:
    known = {}
    for one in models():
        letter, suffix = one.name[6], one.name[8:]
        grade, *rest = suffix.split(" ", 1)
        known[_key(one.name)] = known[_key(" ".join((f"QHY600{grade}{letter}", *rest)))] = one
        if suffix == _BARE:
            known[_key(f"QHY600{letter}")] = one
    return known


def _key(name: str) -> str:
    return "".join(character for character in name.upper() if character.isalnum())
