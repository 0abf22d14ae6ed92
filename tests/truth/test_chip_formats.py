"""Binning, bit depth, areas and threads change the frames of a chip as they should."""

from math import erf
from statistics import NormalDist

import numpy as np
import pytest
from chip_rig import LINE, SMALL, chip, frame, frames, image, inputs_of, real, truth_of

from qhy600_ophyd.backends.simulated.chip import Chip, ChipParameters
from qhy600_ophyd.backends.simulated.inputs import LightOnChip
from qhy600_ophyd.contract import BufferTooSmall, CameraError, SettingRefused
from qhy600_ophyd.sensor import Geometry, Rectangle
from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well, read_noise


@pytest.mark.parametrize("binning", [1, 2, 3, 4])
@pytest.mark.parametrize("photons", [500.0, 30_000.0])
def test_binning_adds_the_very_pixels_and_only_32_bits_hold_the_sum(binning, photons):
    camera = real()
    area = Rectangle(24, 12, 240, 168)
    whole = frame(camera, area=area, photons=photons)
    sums = whole.reshape(168 // binning, binning, 240 // binning, binning).sum(axis=(1, 3))
    found = {
        bits: frame(camera, area=area, photons=photons, binning=binning, bit_depth=bits)
        for bits in (8, 16, 32)
    }
    assert np.array_equal(found[32], sums)
    assert np.array_equal(found[16], np.minimum(sums, 65535))
    assert np.array_equal(found[8], np.minimum(sums, 65535) // 256)
    codes = {bits: truth_of(camera, binning=binning, bit_depth=bits).saturation_code for bits in (8, 16, 32)}
    assert codes == {8: 255, 16: 65535, 32: 65535 * binning**2}


@pytest.mark.parametrize(("binning", "bit_depth"), [(2, 32), (3, 16), (4, 32)])
def test_the_truth_holds_for_binned_counts(binning, bit_depth):
    camera = chip(Geometry.imx455(480, 480), row_noise=1.0)
    area = Rectangle(24, 0, 480, 480)
    changes = {"area": area, "binning": binning, "bit_depth": bit_depth, "mode": "extended_full_well"}
    stack = frames(camera, 2, photons=2000.0, **changes)
    truth = truth_of(camera, **changes)
    photons = 2000.0 * binning**2  # on a pixel of the frame
    expected = float(truth.mean_counts(photons, 1.0))
    electrons = (expected - truth.bias_level) * truth.electrons_per_count
    variance = (electrons + truth.read_noise**2) / truth.electrons_per_count**2 + binning**2 / 12
    common = (
        480 / binning * binning**3 / truth.electrons_per_count**2
    )  # row noise, common to a row of the frame
    error = np.sqrt((variance + common) / stack.size)
    assert abs(stack.mean() - expected) < 4 * error
    relative = abs(np.var(stack[1] - stack[0]) / 2 / variance - 1)
    assert relative < 4 * np.sqrt(2 / stack[0].size) + 0.02 / binning
    assert expected == pytest.approx(
        truth.bias_level + truth.responsivity * photons + truth.dark_current / truth.electrons_per_count
    )


@pytest.mark.parametrize("binning", [1, 2])
@pytest.mark.parametrize("photons", [0.0, 20.0, 250.0, 300.0, 2000.0, 9990.0, 40_000.0])
def test_the_truth_holds_for_short_counts(photons, binning):
    """Down to the width of a step, which is 300 electrons: counts of equal pixels are nearly all the same."""
    camera = chip(Geometry.imx455(480, 480))
    area = Rectangle(24, 0, 480, 480)
    changes = {"area": area, "binning": binning, "bit_depth": 8, "mode": "extended_full_well"}
    counts = frame(camera, photons=photons, **changes)
    truth = truth_of(camera, **changes)
    expected = float(truth.mean_counts(photons * binning**2, 1.0))
    rare = -np.log(6.3e-5) / counts.size  # none of so many pixels showed it: as improbable as 4 sigma
    assert abs(counts.mean() - expected) < 4 * np.sqrt(counts.var() / counts.size) + rare
    if photons == 0:
        assert abs(counts.mean() - truth.bias_level) < 4 * np.sqrt(counts.var() / counts.size) + rare


def test_a_bias_frame_of_8_bits_is_nearly_all_ones_and_the_truth_knows():
    """500 counts are 1.95 steps, and noise of 4.5 counts rarely reaches the next."""
    truth = truth_of(chip(), bit_depth=8)
    noise = read_noise("high_gain", 0) / electrons_per_count("high_gain", 0)
    above = (1 + erf((500 - 511.5) / noise / 2**0.5)) / 2
    assert truth.bias_level == pytest.approx(1 + above, abs=1e-9)
    assert above < 0.01


def test_hardware_binning_sums_nine_pixels_before_the_conversion():
    camera = chip(Geometry.imx455(960, 600))
    mode = {"mode": "hardware_3x3", "gain": 0.0}
    geometry = camera.geometry_of("hardware_3x3")
    assert geometry.shape == (600 // 3 + 20, 960 // 3 + 8)
    counts = image(frame(camera, photons=200.0, **mode), geometry)
    truth = truth_of(camera, **mode)
    expected = truth.mean_counts(9 * 200.0, 1.0)
    assert truth.dark_current == pytest.approx(9 * dark_current(0.0))
    assert abs(counts.mean() - expected) < 4 * counts.std() / np.sqrt(counts.size)
    assert (frame(camera, **mode)[:, 6:8] == 0).all()
    full = Chip(ChipParameters(), seed=1, geometry=Geometry.imx455())
    assert full.geometry_of("hardware_3x3").shape == (2144, 3200)


EVERYTHING = {"cosmic_rate": 10.0, "brighter_fatter": 1e-6, "nonlinearity": 0.02}


@pytest.mark.parametrize("effects", [{}, EVERYTHING], ids=["default", "everything"])
def test_counts_do_not_depend_on_the_number_of_threads(effects):
    geometry = Geometry.imx455(1100, 300)
    one, two, three = (
        frame(real(geometry, threads=threads, **effects), exposure=100.0) for threads in (1, 2, 3)
    )
    assert np.array_equal(one, two)
    assert np.array_equal(one, three)
    assert (frame(real(geometry, seed=8, **effects), exposure=100.0) != one).mean() > 0.9


@pytest.mark.parametrize("effects", [{}, EVERYTHING], ids=["default", "everything"])
@pytest.mark.parametrize(
    "area", [Rectangle(15, 101, 40, 60), Rectangle(501, 3, 600, 7), Rectangle(0, 290, 1124, 44)], ids=str
)
def test_an_area_shows_the_very_pixels_of_the_whole_frame(area, effects):
    geometry = Geometry.imx455(1100, 300)
    camera = real(geometry, **effects)
    line = round(LINE * 1e9)
    whole = frame(camera, frame=5, start=10**15, photons=8.0)
    part = frame(camera, frame=5, start=10**15 + area.y * line, photons=8.0, area=area)
    assert np.array_equal(part, whole[area.y : area.y + area.height, area.x : area.x + area.width])


def test_a_frame_made_alone_is_the_one_of_the_series():
    series = frames(real(), 4, photons=15.0)
    assert np.array_equal(frame(real(), frame=3, photons=15.0), series[3])
    assert (series[1] != series[2]).mean() > 0.8


def test_charge_is_that_of_the_frame():
    camera = chip(read_noise_scale=0.0, linearity_curve=1.0)
    mode = {"mode": "extended_full_well"}
    inputs = inputs_of(camera, **mode)
    for photons in (5.0, 90_000.0):
        charge = camera.charge(inputs, LightOnChip(rows=np.full(SMALL.total.height, photons)))
        counts = image(frame(camera, photons=photons, **mode))
        truth = truth_of(camera, **mode)
        from_charge = truth.bias_level + image(charge).astype(float) / truth.electrons_per_count
        assert np.abs(counts - from_charge).max() <= 0.51


def test_impossible_parameters_are_refused():
    with pytest.raises(SettingRefused, match=r"prnu -1 refused: allowed is 0–0.2"):
        ChipParameters(prnu=-1)
    with pytest.raises(SettingRefused, match="nonlinearity nan"):
        ChipParameters(nonlinearity=float("nan"))
    assert repr(ChipParameters(banding=0.0)) == "ChipParameters(banding=0.0)"


def test_drawn_chips_differ_and_come_again():
    assert ChipParameters.drawn(3) == ChipParameters.drawn(3) != ChipParameters.drawn(4)
    scales = [ChipParameters.drawn(seed).electrons_per_count_scale for seed in range(200)]
    assert abs(np.std(np.log(scales)) / 0.08 - 1) < 4 / np.sqrt(400)


def test_nearly_every_drawn_chip_fills_its_converter_whatever_its_scale():
    """The well goes with e-/count but for its own 3 %: at 5.6 % above the converter, 1.8 of these below."""
    widest = 65535 * electrons_per_count("extended_full_well_2cms", 0)
    drawn = [ChipParameters.drawn(seed) for seed in range(400)]
    margin = pixel_well("extended_full_well_2cms") / widest
    fills = [d.pixel_well_scale * margin > d.electrons_per_count_scale for d in drawn]
    expected = NormalDist(0, 0.03).cdf(np.log(margin))
    assert abs(np.mean(fills) - expected) < 4 * np.sqrt(expected * (1 - expected) / 400)


def test_a_wrong_buffer_or_area_is_refused():
    camera = real()
    inputs, light = inputs_of(camera), LightOnChip(rows=np.zeros(234))
    with pytest.raises(BufferTooSmall, match=r"shape \(234, 324\)"):
        camera.expose(np.empty((10, 10), np.uint16), inputs, light)
    with pytest.raises(CameraError, match="buffer is uint8"):
        camera.expose(np.empty((234, 324), np.uint8), inputs, light)
    with pytest.raises(CameraError, match="the chip is"):
        camera.expose(
            np.empty((234, 324), np.uint16), inputs_of(camera, area=Rectangle(1, 0, 324, 234)), light
        )
