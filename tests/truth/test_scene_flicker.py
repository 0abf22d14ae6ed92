"""A flickering lamp over a rolling shutter, against its definition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.inputs import LightState
from qhy600_ophyd.backends.simulated.scene import on_chip
from qhy600_ophyd.backends.simulated.scene.flicker import lit_seconds
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Rectangle

LINE = 40.55e-6
START = 1_753_000_000_123_456_789
PHASE_ERROR = 1e-9
"""Turns: an ulp of some 1e5 turns within an exposure is 1e-11, and the cosine adds as little."""


@pytest.mark.parametrize("exposure", [40.55e-6, 0.003, 0.0107, 0.1234], ids=str)
@pytest.mark.parametrize("frequency", [50.0, 100.0, 119.88, 20_000.0], ids=str)
@pytest.mark.parametrize("depth", [0.1, 1.0], ids=str)
def test_each_row_has_the_integral_of_the_lamp_over_its_own_exposure(exposure, frequency, depth):
    rows = 5
    seconds = lit_seconds(
        frequency=frequency, depth=depth, start_ns=START, exposure=exposure, line_time=LINE, rows=rows
    )
    turns = float(Fraction(frequency) * START / 10**9 % 1)
    # A Gauss-Legendre rule of 20 nodes for each period or less of the lamp is exact to rounding.
    nodes, weights = np.polynomial.legendre.leggauss(20)
    parts = int(frequency * exposure) + 1
    width = exposure / parts
    t = (np.arange(parts)[:, np.newaxis] + (nodes + 1) / 2) * width
    for row in range(rows):
        lamp = 1 + depth * np.cos(2 * np.pi * (turns + frequency * (t + row * LINE)))
        assert abs(seconds[row] - (lamp @ weights).sum() * width / 2) < 2 * np.pi * PHASE_ERROR * exposure


@pytest.mark.parametrize("whole_turns", [0, 1, 10**11 + 7])
def test_the_phase_is_that_of_utc_to_the_nanosecond_after_any_number_of_turns(whole_turns):
    frequency, ns = 100.0, 1_234_567
    start = whole_turns * 10_000_000 + ns
    (seconds,) = lit_seconds(
        frequency=frequency, depth=1.0, start_ns=start, exposure=1e-6, line_time=LINE, rows=1
    )
    middle = 2 * np.pi * frequency * (ns * 1e-9 + 0.5e-6)
    expected = 1e-6 * (1 + np.sinc(1e-4) * np.cos(middle))
    assert abs(seconds - expected) < 2 * np.pi * PHASE_ERROR * 1e-6


def test_over_whole_periods_every_row_has_the_mean():
    seconds = lit_seconds(
        frequency=100.0, depth=1.0, start_ns=START, exposure=0.07, line_time=LINE, rows=6388
    )
    np.testing.assert_allclose(seconds, 0.07, rtol=1e-12)


def test_a_steady_lamp_gives_every_row_the_exposure():
    seconds = lit_seconds(frequency=0.0, depth=0.0, start_ns=START, exposure=3.21, line_time=LINE, rows=7)
    assert (seconds == 3.21).all()


@pytest.mark.parametrize("y", [0, 1000])
def test_a_hundred_hertz_lamp_modulates_the_rows_with_its_period_and_depth(y):
    area, exposure, depth = Rectangle(24, y, 64, 5388), 0.004, 0.3
    light = on_chip(
        LightState(irradiance=1e4, wavelength=530.0, flicker_frequency=100.0, flicker_depth=depth),
        area=area,
        start_ns=START,
        exposure=exposure,
        line_time=LINE,
        geometry=QHY600_GEOMETRY,
        seed=1,
        colour=False,
    )
    n = area.height
    spectrum = np.abs(np.fft.rfft(light.rows - light.rows.mean()))
    expected = 100.0 * LINE * n  # periods within the area
    assert abs(spectrum.argmax() - expected) <= 0.5  # the bin nearest to a single tone
    # Amplitude and phase by a fit of the tone; the rows hold nothing else, so only rounding is left.
    angle = 2 * np.pi * 100.0 * LINE * np.arange(n)
    basis = np.stack([np.ones(n), np.cos(angle), np.sin(angle)], axis=1)
    mean, in_phase, quadrature = np.linalg.lstsq(basis, light.rows, rcond=None)[0]
    assert mean == pytest.approx(1e4 * exposure, rel=1e-9)
    amplitude = np.hypot(in_phase, quadrature) / mean
    assert amplitude == pytest.approx(depth * np.sin(np.pi * 0.4) / (np.pi * 0.4), rel=1e-9)


def test_the_first_row_read_starts_with_the_exposure_wherever_it_lies():
    def rows(y: int) -> np.ndarray:
        return on_chip(
            LightState(irradiance=1.0, wavelength=530.0, flicker_frequency=100.0, flicker_depth=1.0),
            area=Rectangle(0, y, 10, 50),
            start_ns=START,
            exposure=0.001,
            line_time=LINE,
            geometry=QHY600_GEOMETRY,
            seed=1,
            colour=False,
        ).rows

    assert np.array_equal(rows(0), rows(4321))
