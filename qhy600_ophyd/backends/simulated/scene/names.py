"""Scenes by name, with their parameters in the same words: ``stars fwhm=2.5 sky=0.1``."""

from __future__ import annotations

from dataclasses import fields

from qhy600_ophyd.backends.simulated.scene.beads import Beads
from qhy600_ophyd.backends.simulated.scene.cells import Cells
from qhy600_ophyd.backends.simulated.scene.gradient import Gradient
from qhy600_ophyd.backends.simulated.scene.scene import Flat, Scene
from qhy600_ophyd.backends.simulated.scene.stars import Stars
from qhy600_ophyd.contract import SettingRefused

_KINDS: dict[str, type[Scene]] = {kind.name(): kind for kind in (Flat, Gradient, Stars, Beads, Cells)}

SCENES = tuple(_KINDS)
"""Names of all scenes."""


def scene_named(text: str) -> Scene:
    """The scene of a name, or of a name and parameters that are not as usual; ``str(scene)`` is its inverse.

    Parameters
    ----------
    text
        As ``gradient``, ``gradient slope=-0.8 angle=45`` or ``Stars fwhm=2.5``.

    Raises
    ------
    SettingRefused
        There is no such scene, or it has no such parameter, or the value is outside its limits.
    """
    name, *words = (text.lower().split() if isinstance(text, str) else None) or [""]
    kind = _KINDS.get(name)
    if kind is None:
        raise SettingRefused("scene", repr(text), allowed="one of " + ", ".join(SCENES))
    known = [entry.name for entry in fields(kind)]
    values: dict[str, float] = {}
    for word in words:
        key, _, number = word.partition("=")
        if key not in known or key in values:
            allowed = f"{name} with " + (", ".join(f"{n}=number" for n in known) or "no parameter")
            raise SettingRefused("scene", repr(text), allowed=allowed + ", each at most once")
        try:
            values[key] = float(number)
        except ValueError:
            raise SettingRefused("scene", repr(text), allowed=f"a number after {key}=") from None
    return kind(**values)
