"""Scenes as maps of the chip: the same light on the same pixel, and no more memory than one chip."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.inputs import LightState
from qhy600_ophyd.backends.simulated.scene import SCENES, on_chip, scene_named
from qhy600_ophyd.backends.simulated.scene.kept_maps import KeptMaps
from qhy600_ophyd.backends.simulated.scene.on_chip import maps
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor import Geometry, Rectangle, Region
from qhy600_ophyd.sensor.colour import transmission

CHIP = Geometry.imx455(300, 200)
ODD = Geometry(columns=((Region.DARK, 7), (Region.IMAGE, 40)), rows=((Region.DARK, 3), (Region.IMAGE, 30)))
SHAPED = [name for name in SCENES if name != "flat"]


def light(scene="stars", *, area=CHIP.total, geometry=CHIP, seed=3, irradiance=10.0, colour=False):
    return on_chip(
        LightState(irradiance=irradiance, wavelength=530.0, scene=scene),
        area=area,
        start_ns=1_700_000_000_000_000_000,
        exposure=0.5,
        line_time=40e-6,
        geometry=geometry,
        seed=seed,
        colour=colour,
    )


def image_of(chip: np.ndarray, geometry: Geometry) -> np.ndarray:
    x, y, width, height = geometry.image
    return chip[y : y + height, x : x + width]


@pytest.mark.parametrize("scene", SHAPED)
@pytest.mark.parametrize(
    "area", [(0, 0, 50, 40), (24, 0, 300, 200), (101, 77, 23, 55), (323, 233, 1, 1)], ids=str
)
def test_any_area_sees_the_same_light_on_the_same_pixel(scene, area):
    x, y, width, height = area
    whole = light(scene).scene
    maps.forget()
    part = light(scene, area=Rectangle(*area))
    assert np.array_equal(part.scene, whole[y : y + height, x : x + width])
    assert part.rows.shape == (height,)


@pytest.mark.parametrize("scene", SHAPED)
@pytest.mark.parametrize("size", [(1, 1), (24, 20), (64, 48), (300, 200)], ids=str)
def test_the_mean_over_the_image_is_one_and_nothing_is_negative(scene, size):
    geometry = Geometry.imx455(*size)
    chip = scene_named(scene).paint(geometry, seed=5)
    assert chip.dtype == np.float32
    assert chip.shape == geometry.shape
    assert chip.min() >= 0
    image = image_of(chip, geometry)
    # Every addition to a pixel rounds by at most half an ulp of its value; 16 is more than overlap anywhere.
    assert abs(image.mean(dtype=float) - 1) < 16 * np.finfo(np.float32).eps


@pytest.mark.parametrize("scene", ["stars", "beads", "cells"])
def test_the_seed_decides_and_nothing_else(scene):
    first, again, other = (scene_named(scene).paint(CHIP, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_flat_scene_and_the_dark_need_no_map():
    maps.forget()
    assert light("flat").scene is None
    assert light("stars", irradiance=0.0).scene is None
    assert not light("stars", irradiance=0.0).rows.any()
    assert maps.nbytes == 0


def test_a_map_is_made_once_and_cannot_be_written():
    first, second = light("cells").scene, light("cells", area=Rectangle(30, 5, 100, 90)).scene
    assert np.shares_memory(first, second)
    with pytest.raises(ValueError, match="read-only"):
        second[0, 0] = 0


def test_an_area_outside_the_chip_is_refused():
    with pytest.raises(SettingRefused, match="area"):
        light(area=Rectangle(300, 0, 100, 10))


@pytest.mark.parametrize("scene", SHAPED)
def test_making_a_scene_takes_one_map_and_little_more(scene):
    geometry = Geometry.imx455(2000, 1500)
    maps.forget()
    scene_named(scene).paint(CHIP, 1)  # the images of points are made once and are not the map's
    tracemalloc.start()
    chip = scene_named(scene).paint(geometry, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Beside the map: the list of points, and one spot or cell at a time, none of which grows with the chip's
    # area as fast as a tenth of the map.
    assert chip.nbytes < peak < 1.1 * chip.nbytes


def test_old_maps_go_before_a_new_one_is_made():
    kept, present = KeptMaps(most=1000), []

    def make():
        present.append(kept.nbytes)
        return np.zeros(100, np.float32)

    for key in "aabbcca":
        assert kept.get(key, make, nbytes=400).nbytes == 400
    assert present == [0, 400, 400, 400]
    assert kept.nbytes == 800
    kept.get("huge", lambda: np.zeros(500, np.float32), nbytes=2000)
    assert kept.nbytes == 2000
    kept.forget()
    assert kept.nbytes == 0


def test_threads_that_ask_together_get_one_map():
    kept, made, got = KeptMaps(most=1000), [], []
    together = threading.Barrier(4)

    def make():
        made.append(1)
        return np.ones(4, np.float32)

    def ask():
        together.wait(10)
        got.append(kept.get("map", make, nbytes=16))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1
    assert len({id(chip) for chip in got}) == 1
    assert len(got) == 4


@pytest.mark.parametrize(
    ("x0", "y0", "letters"),
    [(0, 0, "RGGB"), (1, 0, "GRBG"), (0, 1, "GBRG"), (1, 1, "BGGR")],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("geometry", [CHIP, ODD], ids=["imx455", "odd"])
def test_filters_follow_the_parity_of_the_chips_pixels_not_of_the_area(geometry, x0, y0, letters):
    channel = dict(zip("RGB", transmission(530.0), strict=True))
    assert len(set(channel.values())) == 3
    image = geometry.image
    area = Rectangle(image.x + x0, image.y + y0, 10, 8)
    pattern = light("flat", geometry=geometry, area=area, colour=True).transmission
    seen = [pattern[(area.y + row) % 2, (area.x + column) % 2] for row in (0, 1) for column in (0, 1)]
    assert seen == [channel[letter] for letter in letters]


def test_a_monochrome_chip_has_no_filters():
    assert light("flat").transmission is None
