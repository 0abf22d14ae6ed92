"""From the lamp to the pixels of the area that is read."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.inputs import LightOnChip, LightState
from qhy600_ophyd.backends.simulated.scene.flicker import lit_seconds
from qhy600_ophyd.backends.simulated.scene.kept_maps import KeptMaps
from qhy600_ophyd.backends.simulated.scene.names import scene_named
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Geometry, Rectangle
from qhy600_ophyd.sensor.colour import mosaic

_BYTES = np.dtype(np.float32).itemsize

maps = KeptMaps(prod(QHY600_GEOMETRY.shape) * _BYTES)
"""Scenes of the chips in use: one of a whole QHY600, twice the size of its frame, or many small ones."""


def on_chip(
    state: LightState,
    *,
    area: Rectangle,
    start_ns: int,
    exposure: float,
    line_time: float,
    geometry: Geometry,
    seed: int,
    colour: bool,
) -> LightOnChip:
    """The light of one exposure.

    Parameters
    ----------
    state
        The lamp.
    area
        What is read, in unbinned pixels.
    start_ns
        Start of the exposure of the area's first row, since the camera was made [ns].
    exposure
        Of each row, truly [s].
    line_time
        From one row's start to the next [s].
    geometry
        The chip.
    seed
        Of the camera; decides where the stars are.
    colour
        Whether the chip has filters.

    Returns
    -------
    LightOnChip
        Its scene is a read-only view of the whole chip's map, which is made at the first call and kept;
        ``None`` for a flat scene, and in the dark. Pixels outside the image have a scene as well: what they
        see of it is for the chip to say.

    Raises
    ------
    SettingRefused
        The scene is not one that exists, or the area leaves the chip.
    NotPublished
        There are filters, and nothing is known of them at that wavelength.
    """
    if not geometry.total.contains(area):
        raise SettingRefused("area", str(area), allowed=f"inside {geometry.total}")
    image = geometry.image
    rows = state.irradiance * lit_seconds(
        frequency=state.flicker_frequency,
        depth=state.flicker_depth,
        start_ns=start_ns,
        exposure=exposure,
        line_time=line_time,
        rows=area.height,
    )
    return LightOnChip(
        rows=rows,
        scene=_scene(state.scene, area, geometry, seed) if state.irradiance > 0 else None,
        transmission=mosaic(state.wavelength, x0=-image.x, y0=-image.y) if colour else None,
    )


def _scene(name: str, area: Rectangle, geometry: Geometry, seed: int) -> NDArray[np.float32] | None:
    scene = scene_named(name)
    whole = maps.get(
        (scene, geometry, seed), lambda: scene.paint(geometry, seed), nbytes=prod(geometry.shape) * _BYTES
    )
    if whole is None:
        return None
    return whole[area.y : area.y + area.height, area.x : area.x + area.width]
