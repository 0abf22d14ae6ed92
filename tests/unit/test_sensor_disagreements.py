"""Where the sources contradict each other, the model uses the figure that it says it uses."""

import numpy as np
import pytest

from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.disagreements import disagreements
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well
from qhy600_ophyd.sensor.supply import supply

BY_QUANTITY = {case.quantity: case for case in disagreements()}


def unity_gain(mode: str) -> float:
    """Gain register at which the table passes 1 e-/count, found on a grid of 0.01."""
    grid = np.arange(0, 60, 0.01)
    values = np.array([electrons_per_count(mode, gain) for gain in grid])
    return float(grid[np.argmax(values < 1)])


def ratio(mode: str) -> float:
    return electrons_per_count(f"{mode}_2cms", 0) / electrons_per_count(mode, 0)


OF_THE_MODEL = {
    "bits of a 3 x 3 software sum": (lambda: (9 * 65535).bit_length(), 1),
    "full well of 3 x 3 pixels, standard mode": (lambda: pixel_well("hardware_3x3"), 1),
    "lowest voltage at the camera": (lambda: supply().undervoltage, 0.1),
    "dark current at -10 degC": (lambda: dark_current(-10), 0.0001),
    "gain register with 1 e-/count, extended full well": (lambda: unity_gain("extended_full_well"), 0.1),
    "electrons per count, photographic mode, gain 0": (lambda: electrons_per_count("photographic", 0), 0.01),
    "electrons per count with 2CMS over that without, extended full well, gain 0": (
        lambda: ratio("extended_full_well"),
        0.01,
    ),
    "electrons per count with 2CMS over that without, photographic mode, gain 0": (
        lambda: ratio("photographic"),
        0.001,
    ),
}
"""What the model gives, and the last digit of the figure that it names."""


def test_every_case_is_compared_with_the_model():
    assert set(OF_THE_MODEL) == set(BY_QUANTITY)


@pytest.mark.parametrize("quantity", OF_THE_MODEL)
def test_the_model_uses_the_figure_that_it_names(quantity):
    given, last_digit = OF_THE_MODEL[quantity]
    assert given() == pytest.approx(BY_QUANTITY[quantity].chosen.value, abs=0.51 * last_digit)


@pytest.mark.parametrize("case", disagreements(), ids=lambda case: case.quantity)
def test_every_case_keeps_all_its_figures_with_their_sources(case):
    assert len({figure.value for figure in case.figures}) == len(case.figures) >= 2
    assert all(figure.source and figure.unit == case.chosen.unit for figure in case.figures)
    assert case.why
