"""Where a curve saturates, and straight lines with errors that hold off the line."""

import numpy as np
import pytest

from qhy600_ophyd.analysis.saturation import variance_maximum
from qhy600_ophyd.analysis.straight_line import influence, line, slope_through_zero

VARIANCES = {
    "plain": ([1, 2, 3, 4, 0.1], 3, True),
    "noise of saturated pixels": ([10, 20, 30, 40, 0.1, 0.2, 0.1, 0.05, 0.3], 3, True),
    "never saturated": ([10, 20, 30, 40], 3, False),
    "two levels": ([10, 20], 1, False),
}


@pytest.mark.parametrize(("variance", "index", "reached"), VARIANCES.values(), ids=VARIANCES)
def test_saturation_is_the_last_maximum_of_the_variance(variance, index, reached):
    variance = np.array(variance, float)
    found = variance_maximum(variance, 0.01 * variance)
    assert (found.index, found.reached) == (index, reached)


def test_the_place_of_the_maximum_is_as_uncertain_as_its_neighbours_are_far():
    variance = np.array([1.0, 2.0, 3.0, 0.1])
    found = variance_maximum(variance, 0.01 * variance)
    x = np.array([0.0, 10.0, 20.0, 30.0])
    # uniform between 10 and 30 about 20
    assert found.placement_error(x) == pytest.approx(20 / np.sqrt(12))


def test_influence_is_a_jackknife():
    """HC3 is the jackknife but for the factor (n − 1)/n and the centring, which vanish with n."""
    rng = np.random.default_rng(4)
    x = np.linspace(1, 2, 40)
    y = 3 * x + x * rng.normal(size=x.size)
    slope = slope_through_zero(x, y)
    left_out = [slope - slope_through_zero(np.delete(x, i), np.delete(y, i)) for i in range(x.size)]
    np.testing.assert_allclose(influence(x[:, None], y - slope * x)[0], left_out, rtol=1e-9)


def test_a_weighted_line_is_that_of_numpy():
    rng = np.random.default_rng(6)
    x = np.linspace(1, 5, 9)
    y = 2 + 3 * x + rng.normal(size=9)
    slope, intercept = np.polyfit(x, y, 1, w=1 / y)
    assert line(x, y, 1 / y**2) == pytest.approx((intercept, slope), rel=1e-10)
