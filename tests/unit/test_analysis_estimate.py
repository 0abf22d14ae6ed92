"""A number, its error and its unit."""

import dataclasses
import math

import pytest

from qhy600_ophyd.analysis import Estimate

SHOWN = {
    "two digits of error": (0.8062, 0.0121, "e-/count", "0.806(12) e-/count"),
    "large": (51234.0, 480.0, "e-", "51230(480) e-"),
    "larger than its unit": (51234.0, 99.7, "e-", "51234(100) e-"),
    "tiny": (1.5e-6, 2e-7, "e-/s", "1.50(20)e-06 e-/s"),
    "pure number": (0.4513, 0.0031, "1", "0.4513(31)"),
    "no error": (12.0, 0.0, "count", "12 (exact) count"),
    "error unknown": (12.0, math.nan, "count", "12 (error unknown) count"),
}


@pytest.mark.parametrize(("value", "error", "unit", "text"), SHOWN.values(), ids=SHOWN)
def test_an_estimate_reads_as_a_physicist_writes_it(value, error, unit, text):
    assert repr(Estimate(value=value, standard_error=error, unit=unit)) == text


def test_html_is_escaped():
    html = Estimate(value=1.0, standard_error=0.1, unit="<b>")._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_pull_counts_standard_errors():
    estimate = Estimate(value=3.0, standard_error=0.5, unit="e-")
    assert estimate.pull(2.0) == 2.0
    assert math.isnan(Estimate(value=3.0, standard_error=0.0, unit="e-").pull(2.0))


def test_scaling_keeps_the_relative_error():
    scaled = Estimate(value=0.02, standard_error=0.001, unit="1").scaled(-100, "%")
    assert scaled == Estimate(value=-2.0, standard_error=0.1, unit="%")


def test_an_estimate_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Estimate(value=1.0, standard_error=0.1, unit="e-").value = 2.0
