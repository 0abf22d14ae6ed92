"""The numbers that the chip draws have the distributions that they are said to have."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from qhy600_ophyd.backends.simulated.chip import deviate_pairs, poisson_numbers, random_bits
from qhy600_ophyd.backends.simulated.chip.deviate_pairs import fill_polar
from qhy600_ophyd.backends.simulated.chip.normal_deviates import fill_normal
from qhy600_ophyd.backends.simulated.chip.random_bits import PIECE, fill_bits

KEY, OTHER, THIRD = (np.uint64(k) for k in (0x1234_5678_9ABC_DEF1, 0xFEDC_BA98_7654_3210, 99))
ALPHA = stats.norm.sf(4) * 2
"""Chance of a false alarm of a distribution test: that of four standard errors."""
COLUMNS = 16 * PIECE
ROWS = 512


def row_key(key: np.uint64, row: int) -> np.uint64:
    return np.uint64(random_bits.row_key(key, row))


@njit
def _both(pair, radius, turn):
    for i in range(radius.size):
        pair[0, i] = deviate_pairs.cosine(radius[i], turn[i])
        pair[1, i] = deviate_pairs.sine(radius[i], turn[i])


def polar(y: int, x: int) -> tuple[np.ndarray, np.ndarray]:
    radius, turn = np.empty((2, PIECE), np.float32)
    fill_polar(radius, turn, row_key(KEY, y), row_key(OTHER, y), x, PIECE)
    return radius, turn


def pieces(rows: int):
    return ((y, x) for y in range(rows) for x in range(0, COLUMNS, PIECE))


def polar_pair() -> np.ndarray:
    pair = np.empty((ROWS, COLUMNS // PIECE, 2, PIECE), np.float32)
    for y, x in pieces(ROWS):
        _both(pair[y, x // PIECE], *polar(y, x))
    return pair.transpose(2, 0, 1, 3).reshape(2, ROWS, COLUMNS).astype(np.float64)


def inverted() -> np.ndarray:
    numbers, bits = np.empty((ROWS, COLUMNS), np.float32), np.empty(PIECE, np.uint32)
    for y, x in pieces(ROWS):
        fill_bits(bits, row_key(THIRD, y), x, PIECE)
        fill_normal(numbers[y, x : x + PIECE], bits, PIECE)
    return numbers.astype(np.float64)


@pytest.fixture(scope="module")
def deviates() -> dict[str, np.ndarray]:
    cosine, sine = polar_pair()
    return {"cosine": cosine, "sine": sine, "inverted": inverted()}


def poisson(means: np.ndarray, rows: int) -> np.ndarray:
    """Poisson numbers of means along a row, shape (rows, COLUMNS)."""
    numbers = np.empty((rows, COLUMNS), np.float32)
    bits, scratch = np.empty(PIECE, np.uint32), np.empty((3, PIECE), np.float32)
    for y, x in pieces(rows):
        poisson_numbers.fill_poisson(
            numbers[y, x : x + PIECE],
            means[x : x + PIECE],
            row_key(THIRD, y),
            x,
            *polar(y, x),
            bits,
            scratch,
            PIECE,
        )
    return numbers.astype(np.float64)


def chance(numbers: np.ndarray, mean: float) -> float:
    """p-value of the χ² test of `numbers` against the exact Poisson probabilities."""
    n = numbers.size
    low, high = stats.poisson.ppf([25 / n, 1 - 25 / n], mean).astype(int)
    edges = np.arange(low, high + 1)
    inner = stats.poisson.pmf(edges[1:-1], mean)
    expected = n * np.array([stats.poisson.cdf(low, mean), *inner, stats.poisson.sf(high - 1, mean)])
    observed = np.bincount(np.clip(numbers.astype(int).ravel(), low, high) - low, minlength=len(edges))
    return float(stats.chisquare(observed, expected).pvalue)


@pytest.mark.parametrize("mean", [0.1, 1.0, 5.0, 11.99, 12.0, 20.0, 100.0, 1000.0])
def test_electrons_follow_the_poisson_distribution(mean):
    assert chance(poisson(np.full(COLUMNS, mean, np.float32), 128), np.float32(mean)) > ALPHA


@pytest.mark.parametrize("mean", [1e-4, 0.001, 50_000.0])
def test_mean_and_variance_of_electrons_are_equal_at_any_level(mean):
    numbers = poisson(np.full(COLUMNS, mean, np.float32), 128)
    n = numbers.size
    assert abs(numbers.mean() - mean) < 4 * np.sqrt(mean / n)
    assert abs(numbers.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / n)


def test_neighbours_of_different_means_do_not_disturb_each_other():
    means = np.tile(np.array([0.5, 30.0, 0.0, 11.0], np.float32), COLUMNS // 4)
    numbers = poisson(means, 256)
    for phase, mean in enumerate(means[:4]):
        part = numbers[:, phase::4]
        assert (part == 0).all() if mean == 0 else chance(part, mean) > ALPHA
    alone = poisson(np.full(COLUMNS, 11.0, np.float32), 256)
    assert np.array_equal(numbers[:, 3::4], alone[:, 3::4])


@pytest.mark.parametrize("mean", [12.0, 20.0, 100.0, 1000.0])
def test_the_expansion_of_large_numbers_errs_far_less_than_a_whole_frame_can_tell(mean):
    """The number is at most n where the expansion at z is below n + 1; its z is found by bisection."""
    bound = 4e-5 * (12 / mean) ** 1.5
    assert bound < 4 * 0.5 / np.sqrt(9600 * 6422) / 6

    def expansion(z):
        r = np.sqrt(mean)
        x = mean + r * z + (1 / 3 + z**2 / 6) + (-z / 36 - z**3 / 72) / r
        return x + (-8 / 405 + 7 * z**2 / 810 + z**4 / 270) / mean

    n = np.arange(max(int(mean - 7 * np.sqrt(mean)), 0), int(mean + 8 * np.sqrt(mean)))
    low, high = np.full(n.shape, -6.7), np.full(n.shape, 9.0)
    assert (np.diff(expansion(np.linspace(-6.7, 9, 10_000))) > 0).all()
    for _ in range(80):
        middle = (low + high) / 2
        below = expansion(middle) < n + 1
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    assert np.abs(stats.norm.cdf(low) - stats.poisson.cdf(n, mean)).max() < bound


@pytest.mark.parametrize("which", ["cosine", "sine", "inverted"])
def test_deviates_are_normal_to_five_sigma(deviates, which):
    z = deviates[which].ravel()
    n = z.size
    assert stats.kstest(z, "norm").pvalue > ALPHA
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * np.sqrt(96 / n)
    for sigma in (1, 2, 3, 4, 5):
        for side in (z, -z):
            expected = n * stats.norm.sf(sigma)
            observed = (side > sigma).sum()
            tail = stats.poisson.cdf(observed, expected), stats.poisson.sf(observed - 1, expected)
            assert min(tail) > ALPHA / 2, (sigma, observed, expected)


@pytest.mark.parametrize("lag", [(0, 1), (1, 0), (1, 1), (0, 8), (0, PIECE), (2, 0), (0, COLUMNS // 2)])
@pytest.mark.parametrize("which", ["cosine", "sine", "inverted"])
def test_deviates_of_different_pixels_are_independent(deviates, which, lag):
    z = deviates[which]
    for power in (1, 2):
        w = z**power - (z**power).mean()
        products = w[lag[0] :, lag[1] :] * w[: ROWS - lag[0], : COLUMNS - lag[1]]
        assert abs(products.mean()) < 4 * w.var() / np.sqrt(products.size)


def test_the_two_deviates_of_a_pixel_are_independent(deviates):
    a, b = deviates["cosine"].ravel(), deviates["sine"].ravel()
    assert abs((a * b).mean()) < 4 / np.sqrt(a.size)
    assert abs(((a**2 - 1) * (b**2 - 1)).mean()) < 4 * 2 / np.sqrt(a.size)
    quadrants = np.histogram2d(a, b, bins=[[-9, -1, 0, 1, 9]] * 2)[0]
    assert stats.chi2_contingency(quadrants).pvalue > ALPHA
