import numpy as np
import pytest
from scipy import stats

from qhy600_ophyd.backends.simulated import SimulatedCamera, kernels
from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import Rectangle

KEY = np.uint64(0x1234_5678_9ABC_DEF1)
ALPHA = stats.norm.sf(4) * 2
"""Chance of a false alarm of a distribution test: that of four standard errors."""


def opened(**parameters) -> SimulatedCamera:
    camera = SimulatedCamera(**{"width": 200, "height": 200, "seed": 7, **parameters})
    camera.open()
    return camera


def frames(camera: SimulatedCamera, settings: Settings, n: int = 1) -> np.ndarray:
    camera.configure(settings)
    stack = []
    camera.arm(n)
    for _ in range(n):
        out = np.empty(camera.capabilities.geometry.shape, np.uint16)
        info = camera.grab(out, 1.0)
        dtype = np.dtype(info.dtype)
        values = out.reshape(-1).view(dtype)[: info.shape[0] * info.shape[1]]
        stack.append(values.reshape(info.shape).astype(np.int64))
    return np.array(stack)


@pytest.mark.parametrize("mean", [0.1, 1.0, 5.0, 9.99, 10.0, 20.0, 100.0, 1000.0])
def test_electrons_follow_the_poisson_distribution(mean):
    n = 1_000_000
    numbers = kernels.poisson_numbers(mean, KEY, n).astype(int)
    low, high = stats.poisson.ppf([25 / n, 1 - 25 / n], mean).astype(int)
    edges = np.arange(low, high + 1)
    expected = n * np.concatenate(
        [
            [stats.poisson.cdf(low, mean)],
            stats.poisson.pmf(edges[1:-1], mean),
            [stats.poisson.sf(high - 1, mean)],
        ]
    )
    observed = np.bincount(np.clip(numbers, low, high) - low, minlength=len(edges))
    assert stats.chisquare(observed, expected).pvalue > ALPHA


@pytest.mark.parametrize("mean", [0.001, 50_000.0, 1e9])
def test_mean_and_variance_of_electrons_are_equal_at_any_level(mean):
    n = 1_000_000
    numbers = kernels.poisson_numbers(mean, KEY, n)
    assert abs(numbers.mean() - mean) < 4 * np.sqrt(mean / n)
    assert abs(numbers.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / n)


def test_read_noise_is_normal_to_its_far_tails():
    numbers = kernels.normal_numbers(KEY, 4_000_000)
    assert stats.kstest(numbers, "norm").pvalue > ALPHA
    expected = len(numbers) * 2 * stats.norm.sf(4.0)
    assert abs((abs(numbers) > 4.0).sum() - expected) < 4 * np.sqrt(expected)


def test_neighbours_rows_and_frames_are_independent():
    camera = opened(prnu=0.0, dark_spread=0.0)
    stack = frames(camera, Settings(exposure=1.0, overscan=False), 2)
    deviation = (stack - stack.mean()) / stack.std()
    n = deviation[0].size
    for product in (
        deviation[0] * deviation[1],
        deviation[:, :, 1:] * deviation[:, :, :-1],
        deviation[:, 1:] * deviation[:, :-1],
    ):
        assert abs(product.mean()) < 4 / np.sqrt(min(product.size, n))


@pytest.mark.parametrize("photons", [20.0, 2_000.0, 15_000.0])
@pytest.mark.parametrize("mode", ["High Gain Mode 16BIT", "Extend Fullwell Mode"])
def test_mean_and_variance_of_a_frame_have_their_closed_forms(photons, mode):
    camera = opened(prnu=0.0, dark_spread=0.0)
    camera.light.set(photons)
    [counts] = frames(camera, Settings(exposure=1.0, readout_mode=mode, overscan=False))
    truth = camera.truth.of(camera.settings, 20.0)
    electrons = truth.quantum_efficiency * photons + truth.dark_current
    mean = truth.bias_level + electrons / truth.electrons_per_count
    variance = (electrons + truth.read_noise**2) / truth.electrons_per_count**2 + 1 / 12
    assert truth.mean_counts(photons, 1.0) == pytest.approx(mean)
    assert abs(counts.mean() - mean) < 4 * np.sqrt(variance / counts.size)
    assert abs(counts.var() - variance) < 4 * variance * np.sqrt(2 / counts.size)


def test_a_pair_of_frames_gives_back_the_injected_gain_and_read_noise():
    camera = opened(width=400, height=400)
    settings = Settings(exposure=2.0, gain=0.0, readout_mode="High Gain Mode 16BIT", overscan=False)
    bright = frames(camera, settings, 2)
    camera.light.set(0.0)
    dark = frames(camera, settings.with_value("exposure", 40e-6), 2)
    truth = camera.truth.of(camera.settings, 20.0)
    n = bright[0].size
    pair_variance = [np.var(pair[1] - pair[0]) / 2 for pair in (bright, dark)]
    system_gain = (bright.mean() - dark.mean()) / (pair_variance[0] - pair_variance[1])
    noise = np.sqrt(pair_variance[1] - 1 / 12) * truth.electrons_per_count
    assert abs(system_gain / truth.electrons_per_count - 1) < 4 * np.sqrt(2 / n) * 1.01
    assert abs(noise / truth.read_noise - 1) < 4 / np.sqrt(2 * n) * 1.01


def test_the_spread_of_responses_is_the_injected_one():
    camera = opened(prnu=0.02, dark_spread=0.0, irradiance=20_000.0)
    stack = frames(camera, Settings(exposure=1.0, overscan=False), 2)
    truth = camera.truth.of(camera.settings, 20.0)
    covariance = np.mean((stack[0] - stack[0].mean()) * (stack[1] - stack[1].mean()))
    signal = stack.mean() - truth.bias_level
    n, temporal = stack[0].size, np.var(stack[1] - stack[0]) / 2
    error = np.sqrt(2 * covariance**2 + 2 * covariance * temporal + temporal**2) / np.sqrt(n)
    assert abs(covariance - (truth.prnu * signal) ** 2) < 4 * error


def test_dark_charge_collects_in_image_and_dark_columns_and_nowhere_else():
    camera = opened(height=2000)
    camera.light.set(0.0)
    [counts] = frames(camera, Settings(exposure=600.0))
    truth = camera.truth.of(camera.settings, 20.0)
    charge = 600 * truth.dark_current
    spread = charge * np.sqrt(np.exp(0.3**2) - 1)
    sigma = np.sqrt(charge + spread**2 + truth.read_noise**2) / truth.electrons_per_count
    expected = truth.bias_level + charge / truth.electrons_per_count
    for area in (counts[:2000, 24:], counts[:2000, :22]):
        assert abs(area.mean() - expected) < 4 * sigma / np.sqrt(area.size)
        assert abs(area.std() / sigma - 1) < 4 * np.sqrt(3 / area.size)
    below = np.hstack([counts[2000:, :22], counts[2000:, 24:]])
    noise = truth.read_noise / truth.electrons_per_count
    assert abs(below.mean() - truth.bias_level) < 4 * noise / np.sqrt(below.size)
    assert (counts[:, 22:24] == 0).all()


def test_light_falls_on_the_image_alone():
    camera = opened()
    [counts] = frames(camera, Settings(exposure=1.0))
    truth = camera.truth.of(camera.settings, 20.0)
    assert counts[:200, 24:].min() > truth.mean_counts(2500, 1)
    assert counts[:, :22].max() < truth.bias_level + 100
    assert counts[200:].max() < truth.bias_level + 100


def test_the_same_seed_gives_the_same_frame_whatever_the_number_of_threads():
    size = {"width": 700, "height": 500}
    reference = frames(opened(threads=1, **size), Settings(), 2)
    assert np.array_equal(frames(opened(threads=2, **size), Settings(), 2), reference)
    assert np.array_equal(frames(opened(threads=3, **size), Settings(), 2), reference)
    assert (frames(opened(seed=8, **size), Settings(), 2) != reference).mean() > 0.9
    assert (reference[0] != reference[1]).mean() > 0.9


def test_an_area_shows_the_very_pixels_of_the_whole_frame():
    whole = frames(opened(), Settings(exposure=1.0))[0]
    part = frames(opened(), Settings(exposure=1.0, roi=Rectangle(15, 101, 40, 60)))[0]
    assert np.array_equal(part, whole[101:161, 15:55])


@pytest.mark.parametrize("binning", [2, 3, 4])
def test_binning_adds_the_very_pixels_of_the_unbinned_frame(binning):
    camera = opened(width=216, height=216)
    whole = frames(camera, Settings(exposure=1.0, overscan=False))[0]
    binned = frames(opened(width=216, height=216), Settings(exposure=1.0, overscan=False, binning=binning))[0]
    sums = whole.reshape(216 // binning, binning, 216 // binning, binning).sum(axis=(1, 3))
    assert np.array_equal(binned, np.minimum(sums, 65535))


def test_8_bits_are_the_upper_half_of_16():
    sixteen = frames(opened(), Settings(exposure=1.0))[0]
    eight = frames(opened(), Settings(exposure=1.0, bit_depth=8))[0]
    assert np.array_equal(eight, sixteen // 256)


@pytest.mark.parametrize(
    ("gain", "top"), [pytest.param(30.0, "converter", id="converter"), pytest.param(0.0, "pixel", id="pixel")]
)
def test_a_bright_light_fills_the_converter_or_the_pixel_and_the_truth_says_which(gain, top):
    camera = opened(irradiance=1e6)
    [counts] = frames(camera, Settings(exposure=1.0, gain=gain, overscan=False))
    truth = camera.truth.of(camera.settings, 20.0)
    if top == "converter":
        assert (counts == 65535).all()
        assert truth.full_well == (65535 - truth.bias_level) * truth.electrons_per_count < truth.pixel_well
    else:
        full = truth.bias_level + truth.pixel_well / truth.electrons_per_count
        sigma = np.hypot(truth.read_noise / truth.electrons_per_count, np.sqrt(1 / 12))
        assert abs(counts.mean() - full) < 4 * sigma / np.sqrt(counts.size)
        assert truth.full_well == truth.pixel_well
        assert truth.mean_counts(1e6, 1.0) == pytest.approx(full)


def test_the_signal_bends_by_the_injected_nonlinearity():
    camera = opened(nonlinearity=0.03, prnu=0.0, dark_spread=0.0, irradiance=50_000.0)
    [counts] = frames(camera, Settings(exposure=1.0, gain=0.0, overscan=False))
    truth = camera.truth.of(camera.settings, 20.0)
    electrons = truth.quantum_efficiency * 50_000 + truth.dark_current
    bent = electrons * (1 - 0.03 * electrons / truth.pixel_well)
    expected = truth.bias_level + bent / truth.electrons_per_count
    assert truth.mean_counts(50_000, 1.0) == pytest.approx(expected)
    curvature = (
        0.03 / truth.pixel_well * electrons / truth.electrons_per_count
    )  # of the mean, by the variance
    error = np.sqrt(electrons + truth.read_noise**2) / truth.electrons_per_count / np.sqrt(counts.size)
    assert abs(counts.mean() + curvature - expected) < 4 * error


@pytest.mark.parametrize(("binning", "bit_depth"), [(1, 8), (2, 16), (3, 16), (2, 8)])
def test_the_truth_holds_for_binned_and_short_counts(binning, bit_depth):
    camera = opened(width=240, height=240, irradiance=3000.0, prnu=0.0, dark_spread=0.0)
    settings = Settings(
        exposure=1.0,
        gain=0.0,
        binning=binning,
        bit_depth=bit_depth,
        overscan=False,
        readout_mode="Extend Fullwell Mode",
    )
    stack = frames(camera, settings, 2)
    truth = camera.truth.of(camera.settings, 20.0)
    photons = 3000.0 * binning**2  # on a pixel of the frame
    expected = float(truth.mean_counts(photons, 1.0))
    electrons = (expected - truth.bias_level) * truth.electrons_per_count
    noise = np.hypot(
        np.sqrt(electrons + truth.read_noise**2) / truth.electrons_per_count, np.sqrt(binning**2 / 12)
    )
    quantisation = 0.5 if bit_depth == 8 else 0.0  # counts narrower than a step see its phase
    assert abs(stack.mean() - expected) < 4 * noise / np.sqrt(stack.size) + quantisation
    assert expected == pytest.approx(
        truth.bias_level + truth.responsivity * photons + truth.dark_current / truth.electrons_per_count
    )


def test_a_dark_frame_of_a_cold_sensor_is_darker_than_of_a_warm_one():
    camera = opened()
    settings = camera.settings
    assert camera.truth.of(settings, -20.0).dark_current == pytest.approx(0.0022, abs=5e-5)
    assert camera.truth.of(settings, 20.0).dark_current == pytest.approx(0.223, abs=2e-3)
