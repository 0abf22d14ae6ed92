"""The modes for which nothing is published: a response that is reasoned, marked, and nobody else's."""

import math
from itertools import pairwise

import pytest

from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.readout_modes import readout_mode, readout_modes
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well, read_noise, response, source

ASSUMED = ["fibre_14bit", "hardware_3x3", "fibre_12bit", "fibre_12bit_raw", "fibre_14bit_high_gain"]
PUBLISHED = [mode.id for mode in readout_modes() if mode.id not in ASSUMED]


@pytest.mark.parametrize("mode", readout_modes(), ids=lambda mode: mode.id)
def test_every_mode_says_where_its_response_comes_from(mode):
    assert mode.response_source == ("assumed" if mode.id in ASSUMED else "published")


@pytest.mark.parametrize("mode", PUBLISHED)
def test_a_published_mode_is_extrapolated_above_its_last_row_only(mode):
    last = float(response(mode).gain[-1])
    assert source(mode, 0) == source(mode, last) == "published"
    assert source(mode, last + 1) == source(mode, 200) == "extrapolated"


@pytest.mark.parametrize("mode", ASSUMED)
@pytest.mark.parametrize("gain", [0, 100, 200])
def test_an_assumed_mode_is_assumed_at_every_gain(mode, gain):
    assert source(mode, gain) == "assumed"


@pytest.mark.parametrize("mode", ASSUMED)
def test_an_assumed_mode_borrows_no_number_of_a_published_one(mode):
    borrowed = {electrons_per_count(other, g) for other in PUBLISHED for g in response(other).gain}
    assert borrowed.isdisjoint(electrons_per_count(mode, g) for g in range(201))


@pytest.mark.parametrize("mode", ASSUMED)
def test_at_gain_0_the_converter_of_an_assumed_mode_spans_its_well(mode):
    largest = 2 ** readout_mode(mode).bits - 1
    assert electrons_per_count(mode, 0) * largest == pytest.approx(pixel_well(mode), rel=1e-12)


@pytest.mark.parametrize("mode", ASSUMED)
def test_the_read_noise_of_an_assumed_mode_falls_towards_that_of_the_pixel(mode):
    values = [read_noise(mode, gain) for gain in range(201)]
    assert all(later < earlier for earlier, later in pairwise(values))
    assert values[-1] >= readout_mode(mode).binning * 1.0


@pytest.mark.parametrize("mode", ["fibre_14bit", "fibre_12bit", "fibre_12bit_raw"])
def test_at_gain_0_an_assumed_mode_has_the_specified_read_noise(mode):
    assert read_noise(mode, 0) == pytest.approx(3.7, abs=0.05)  # the specification has one decimal


def test_high_conversion_gain_is_ten_decibels_more():
    ratio = electrons_per_count("fibre_14bit", 0) / electrons_per_count("fibre_14bit_high_gain", 0)
    assert 20 * math.log10(ratio) == pytest.approx(10, abs=0.01)


def test_binning_in_the_chip_multiplies_the_well_by_nine_and_the_noise_by_three():
    assert pixel_well("hardware_3x3") == 9 * pixel_well("fibre_14bit")
    assert read_noise("hardware_3x3", 0) == pytest.approx(3 * read_noise("fibre_14bit", 0), rel=1e-12)


@pytest.mark.parametrize("ask", [electrons_per_count, read_noise, source])
def test_a_gain_outside_the_register_is_refused_in_an_assumed_mode_too(ask):
    with pytest.raises(NotPublished, match="0 to 200"):
        ask("hardware_3x3", 201)


@pytest.mark.parametrize(
    ("name", "size", "bits"),
    [
        ("High Gain Mode 16BIT", (9600, 6422), 16),
        ("14bit mode (Fiber Only)", (9600, 6422), 14),
        ("Bin3*3Mode (hardware)", (3200, 2144), 16),
        ("12bit raw mode (Fiber Only)", (9600, 6422), 12),
        ("14bit mode high gain(Fiber Only)", (9600, 6422), 14),
    ],
)
def test_every_mode_has_the_size_and_the_bits_of_its_frames(name, size, bits):
    mode = readout_mode(name)
    assert ((mode.width, mode.height), mode.bits) == (size, bits)
