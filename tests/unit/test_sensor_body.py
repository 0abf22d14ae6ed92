"""What is known of cooler and supply."""

import pytest

from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.cooling import cooling, thermal_constants
from qhy600_ophyd.sensor.supply import supply, undervoltage_code, undervoltage_codes

FITTED = 0.05
"""To which the published temperature differences were met [K]; they have one decimal at most."""


@pytest.mark.parametrize(
    ("duty", "fast", "difference"),
    [
        pytest.param(1.0, False, -35.0, id="long"),
        pytest.param(1.0, True, -30.0, id="fast"),
        pytest.param(0.7, False, -31.6, id="after-undervoltage"),
        pytest.param(0.5, False, -25.8, id="half"),
        pytest.param(0.0, False, 4.7, id="off"),
    ],
)
@pytest.mark.parametrize("ambient", [20.0])
def test_the_two_nodes_reach_the_published_depth(duty, fast, difference, ambient):
    cold, _ = thermal_constants().equilibrium(duty, ambient, fast=fast)
    assert cold - ambient == pytest.approx(difference, abs=FITTED)


def test_liquid_cools_as_much_deeper_as_published():
    air, liquid = (thermal_constants(liquid=kind).equilibrium(1, 20)[0] for kind in (False, True))
    assert air - liquid == pytest.approx(cooling().liquid_gain, abs=FITTED)
    assert thermal_constants(liquid=True).pumping == thermal_constants().pumping


@pytest.mark.parametrize(("duty", "watts"), [(0.0, 13.8), (0.5, 20.0), (1.0, 40.0)])
def test_the_two_nodes_take_the_published_power(duty, watts):
    """The page's 20 W at half drive are met to a watt: a cooler driven by voltage takes 26 W / 4 there."""
    cold, hot = thermal_constants().equilibrium(duty, 20)
    assert supply().power[0] + thermal_constants().power(duty, cold, hot) == pytest.approx(watts, abs=0.75)
    assert supply().power_at(duty * 100) == watts


def test_at_rest_what_comes_to_a_node_leaves_it():
    """Energy: what cooler and sensor take in goes to the air, less what the air gives to the cold node."""
    n, ambient = thermal_constants(), 15.0
    cold, hot = n.equilibrium(0.8, ambient)
    given_off = (hot - ambient) / n.sink_resistance - n.leak * (ambient - cold)
    assert given_off == pytest.approx(n.power(0.8, cold, hot) + n.heat_long, rel=1e-9)


def test_a_supply_that_failed_limits_the_cooler_to_70_percent():
    assert cooling().duty_limit == supply().latched_duty == 0.7


def test_the_advised_cable_leaves_less_than_the_advised_voltage_at_full_power():
    """12 V - 0.2 ohm x 40 W / 12 V = 11.33 V: between the two thresholds, as computed by others."""
    s = supply()
    arriving = s.nominal - s.cable_resistance * s.power[-1] / s.nominal
    assert s.undervoltage < arriving < s.warning < s.nominal < s.highest


@pytest.mark.parametrize(
    ("code", "failed"), [(0, False), (1, False), (2, True), (3, True), (8, False), (9, True)], ids=str
)
def test_every_code_says_what_it_means_and_what_to_do_when_it_is_bad(code, failed):
    known = undervoltage_code(code)
    assert known.code == code
    assert known.failed is failed
    assert known.meaning
    assert bool(known.advice) or not failed


def test_no_other_code_is_known():
    assert [known.code for known in undervoltage_codes()] == [0, 1, 2, 3, 8, 9]
    with pytest.raises(NotPublished, match="code 7 is not known; known are 0, 1, 2, 3, 8, 9"):
        undervoltage_code(7)
