"""Binning, bit depth, areas and threads change the frames of a chip as they should."""

import numpy as np
import pytest
from chip_rig import LINE, SMALL, chip, frame, frames, image, inputs_of, real, truth_of

from qhy600_ophyd.backends.simulated.chip import Chip, ChipParameters
from qhy600_ophyd.backends.simulated.inputs import LightOnChip
from qhy600_ophyd.contract import BufferTooSmall, CameraError, SettingRefused
from qhy600_ophyd.sensor import Geometry, Rectangle
from qhy600_ophyd.sensor.dark_current import dark_current


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


@pytest.mark.parametrize(("binning", "bit_depth"), [(1, 8), (2, 32), (3, 16), (2, 8), (4, 32)])
def test_the_truth_holds_for_binned_and_short_counts(binning, bit_depth):
    camera = chip(Geometry.imx455(480, 480), row_noise=1.0)
    area = Rectangle(24, 0, 480, 480)
    changes = {"area": area, "binning": binning, "bit_depth": bit_depth, "mode": "extended_full_well"}
    stack = frames(camera, 2, photons=2000.0, **changes)
    truth = truth_of(camera, **changes)
    photons = 2000.0 * binning**2  # on a pixel of the frame
    expected = float(truth.mean_counts(photons, 1.0))
    electrons = (expected - truth.bias_level) * truth.electrons_per_count
    step = 2.0**truth.readout.shift
    variance = (electrons + truth.read_noise**2) / truth.electrons_per_count**2
    variance += binning**2 / 12 / step**2 + (1 / 12 if step > 1 else 0)
    common = (
        480 / binning * binning**3 / truth.electrons_per_count**2
    )  # row noise, common to a row of the frame
    error = np.sqrt((variance + common) / stack.size)
    assert abs(stack.mean() - expected) < 4 * error + (0.5 if step > 1 else 0.0)
    if step == 1:
        assert (
            abs(np.var(stack[1] - stack[0]) / 2 / variance - 1)
            < 4 * np.sqrt(2 / stack[0].size) + 0.02 / binning
        )
    assert expected == pytest.approx(
        truth.bias_level + truth.responsivity * photons + truth.dark_current / truth.electrons_per_count
    )


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
    inputs = inputs_of(camera)
    for photons in (5.0, 63_000.0):
        charge = camera.charge(inputs, LightOnChip(rows=np.full(SMALL.total.height, photons)))
        counts = image(frame(camera, photons=photons))
        truth = truth_of(camera)
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
