"""Recordings described by an EMVA 1288 text file: PNG frames, exposure times and photon numbers.

A line is a letter and its values: ``v version``, ``n bits width height``, ``b exposure photons`` (bright),
``d exposure`` (dark), and an ``i file`` for each frame of the level above it. Exposures are in ns, ``#``
begins a comment, and paths are relative to the descriptor, with either slash.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.replay.recording import DARK, RECORDED, Level, RecordedFrame, Recording
from qhy600_ophyd.contract import CameraError

_VALUES = {"n": 3, "b": 2, "d": 1}


def find_descriptor(folder: Path) -> Path | None:
    """The one descriptor in a folder, or ``None``.

    Raises
    ------
    CameraError
        There are several.
    """
    found = [p for p in sorted(folder.iterdir()) if p.suffix.lower() == ".txt" and _is_descriptor(p)]
    if len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise CameraError(f"{folder} holds several EMVA 1288 descriptors ({names}): give one of the files")
    return found[0] if found else None


def read_descriptor(file: Path) -> Recording:
    """The recording that a descriptor lists; its images are found, not read.

    Raises
    ------
    CameraError
        A line cannot be understood, two levels contradict each other, or an image is missing.
    """
    draft = _Draft(file)
    for number, line in enumerate(_text(file).splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            draft.add(number, line.strip())
    recording = draft.finish()
    frames = [frame.file for level in recording.levels for frame in level.frames]
    missing = [f for f in frames if not f.is_file()]
    if missing:
        raise CameraError(f"{file}: {len(missing)} of {len(frames)} images are missing, first {missing[0]}")
    return recording


def read_image(file: Path) -> NDArray[np.unsignedinteger[Any]]:
    """Counts of a grey image of 8 or 16 bits, shape ``(rows, columns)``, unscaled."""
    from PIL import Image

    with Image.open(file) as image:
        if image.mode not in ("L", "I", "I;16", "I;16B"):
            raise CameraError(f"{file} refused: image mode {image.mode!r}; frames are grey, 8 or 16 bits")
        counts = np.asarray(image)
    # Some versions of pillow widen 16-bit grey to signed 32 bits; no value changes on the way back.
    return counts if counts.dtype.kind == "u" else counts.astype(np.uint32)


@dataclass
class _Draft:
    """A descriptor half read."""

    file: Path
    shape: tuple[int, int, int] | None = None
    levels: dict[tuple[str, float], Level] = field(default_factory=dict)
    current: tuple[str, float] | None = None

    def add(self, number: int, line: str) -> None:
        letter, *words = line.split(maxsplit=1)
        rest = words[0] if words else ""
        if letter == "i":
            self._image(number, line, rest.strip())
            return
        if letter == "v":  # every version so far is written alike
            return
        try:
            values = [float(v) for v in rest.split()]
            if len(values) != _VALUES[letter] or not all(np.isfinite(values)) or min(values) < 0:
                raise ValueError
        except (KeyError, ValueError):
            raise self._error(
                number, line, "allowed are v version; n bits width height; b ns photons; d ns; i file"
            ) from None
        if letter == "n":
            bits, width, height = (int(v) for v in values)
            self.shape = (bits, width, height)
        elif letter in "bd":
            self._level(number, line, letter, values)

    def finish(self) -> Recording:
        if self.shape is None:
            raise CameraError(f"{self.file}: the line 'n bits width height' is missing")
        bits, width, height = self.shape
        return Recording(
            source=self.file,
            model="recorded frames (EMVA 1288)",
            width=width,
            height=height,
            bits=bits,
            levels=tuple(level for level in self.levels.values() if level.frames),
            read=read_image,
        )

    def _level(self, number: int, line: str, letter: str, values: list[float]) -> None:
        light, photons = (RECORDED, values[1]) if letter == "b" else (DARK, 0.0)
        exposure = values[0] / 1e9
        self.current = (light, exposure)
        known = self.levels.setdefault(
            self.current, Level(light=light, exposure=exposure, photons=photons, frames=())
        )
        if known.photons != photons:
            raise self._error(
                number, line, f"this exposure was described before, with {known.photons:g} photons"
            )

    def _image(self, number: int, line: str, name: str) -> None:
        if self.current is None or not name:
            raise self._error(number, line, "an image needs a name, and a b or d line above it")
        path = self.file.parent / PureWindowsPath(name).as_posix()  # reads either slash
        level = self.levels[self.current]
        self.levels[self.current] = replace(level, frames=(*level.frames, RecordedFrame(file=path)))

    def _error(self, number: int, line: str, why: str) -> CameraError:
        return CameraError(f"{self.file} line {number}: {line!r} refused: {why}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CameraError(f"{file} cannot be read: {error}") from error


def _is_descriptor(file: Path) -> bool:
    lines = (line.strip() for line in _text(file).splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.split(maxsplit=1)[:1] in (["v"], ["n"]) and len(first.split()) in (2, 4)
