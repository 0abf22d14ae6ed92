import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.bench.expectation import full_well_by_variance
from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor.linearity import linearity


def truth(mode, **physics):
    camera = SimulatedCamera(width=16, height=16, **physics)
    settings = Settings(readout_mode=mode, gain=0.0, offset=30.0, binning=1, bit_depth=16)
    return camera.truth.of(settings, 0.0)


def test_where_the_converter_clips_the_noise_is_largest_shortly_before():
    of = truth("High Gain Mode 16BIT")
    found = full_well_by_variance(of)
    # Three standard deviations of shot noise and PRNU, and a step of the search.
    spread = (of.full_well + (of.prnu * of.full_well) ** 2) ** 0.5
    assert of.full_well - 4 * spread < found < of.full_well


def test_where_the_response_bends_before_the_noise_is_largest_at_the_bend():
    found = full_well_by_variance(truth("Extend Fullwell Mode"))
    assert found == pytest.approx(linearity().knot, rel=0.02)
    straight = truth("Extend Fullwell Mode", linearity_curve=0.0)
    assert full_well_by_variance(straight) > 0.95 * straight.full_well
