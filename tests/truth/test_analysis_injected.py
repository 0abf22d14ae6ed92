"""What was put into numpy frames comes back out, within errors that are neither too small nor too large."""

import re

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2

from qhy600_ophyd import analysis

SEEDS = range(20)
SHAPE = (48, 64)
QE, READ_NOISE, BIAS, WELL = 0.6, 3.5, 300.0, 50_000.0
PHOTONS = np.linspace(0.02, 1.3, 27) * WELL / QE


def response(photons, *, per_electron, bend=0.0, well=WELL):
    """Noise-free counts above bias: full well, a quadratic term, and the end of the 16-bit scale."""
    electrons = np.minimum(photons * QE, well)
    return np.minimum(per_electron * electrons * (1 + bend * electrons / well), 65535 - BIAS)


def pattern(specimen=7):
    """How much more than the mean of their kind the pixels of one sensor respond."""
    return np.random.default_rng([7, specimen]).normal(1, 0.006, SHAPE)


def frames(rng, photons, *, per_electron, lamp=0.0, specimen=7, dark=0.0, **sensor):
    """Two frames of one level: photon noise, fixed pattern, dark charge, read noise, rounding."""
    steady = photons * (1 + lamp * rng.normal(size=(2, 1, 1)))
    electrons = rng.poisson(np.clip(QE * steady * pattern(specimen), 0, None) + dark)
    counts = response(electrons / QE, per_electron=per_electron, **sensor)
    read = per_electron * READ_NOISE * rng.normal(size=(2, *SHAPE))
    return np.clip(np.rint(BIAS + counts + read), 0, 65535).astype(np.uint16)


def experiment(seed, *, photons=PHOTONS, photons_known=True, warmth=0.0, **sensor):
    rng = np.random.default_rng(seed)
    pairs = [frames(rng, p, dark=warmth * 1e-6 * p, **sensor) for p in photons]
    pairs += [frames(rng, 0.0, dark=warmth * 1e-6 * p, **sensor) for p in photons]
    steps = np.repeat(np.tile(np.arange(photons.size), 2), 2)
    kinds = np.repeat(["light", "dark"], 2 * photons.size)
    given = np.where(kinds == "light", photons[steps], 0.0) if photons_known else np.full(steps.size, np.nan)
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), np.concatenate(pairs))},
        coords={
            "frame_kind": ("frame", kinds),
            "step": ("frame", steps),
            "repeat": ("frame", np.tile([0, 1], steps.size // 2)),
            "exposure": ("frame", 1e-6 * photons[steps]),
            "photons": ("frame", given),
            "saturation_code": ("frame", np.full(steps.size, 65535.0)),
            "x_region": ("x", np.zeros(SHAPE[1], np.int8)),
            "y_region": ("y", np.zeros(SHAPE[0], np.int8)),
        },
    )


def pulls(results, name, truth):
    return np.array([result.estimates[name].pull(truth) for result in results])


def assert_spread_is_one(found):
    """Mean 0 within 4 standard errors, sum of squares within the 1e-4 tails of χ²."""
    assert abs(found.mean()) < 4 / np.sqrt(found.size)
    low, high = chi2.ppf([1e-4, 1 - 1e-4], found.size)
    assert low < (found**2).sum() < high


@pytest.fixture(scope="module", params=[1.3, 0.5], ids=["adc-limited", "well-limited"])
def straight(request):
    runs = (experiment(s, per_electron=request.param, specimen=s) for s in SEEDS)
    return request.param, [analysis.photon_transfer(run) for run in runs]


@pytest.mark.parametrize(
    "name", ["electrons_per_count", "quantum_efficiency", "responsivity", "read_noise", "response_bend"]
)
def test_the_injected_value_comes_back_with_pulls_of_spread_one(straight, name):
    per_electron, results = straight
    truth = {
        "electrons_per_count": 1 / per_electron,
        "quantum_efficiency": QE,
        "responsivity": QE * per_electron,
        "read_noise": READ_NOISE,
        "response_bend": 0.0,
    }
    assert_spread_is_one(pulls(results, name, truth[name]))


def test_the_responsivity_of_a_sensor_differs_from_that_of_its_kind_by_more_than_noise(straight):
    """Each specimen has pixels of its own, whose mean scatters by PRNU/√N: photon noise does not tell it."""
    per_electron, results = straight
    by_noise = np.array(
        [(r.responsivity.value - QE * per_electron) / r.pair_errors["responsivity"] for r in results]
    )
    assert (by_noise**2).sum() > chi2.ppf(1 - 1e-4, by_noise.size)
    for result in results:
        sampling = 0.006 / np.sqrt(pattern().size)  # relative; its variance is known to √(2/N)
        beyond = np.sqrt(result.responsivity.standard_error**2 - result.pair_errors["responsivity"] ** 2)
        assert beyond > result.responsivity.value * sampling * (1 - 4 / np.sqrt(2 * pattern().size))


@pytest.mark.parametrize("width", [0.0, 0.3, 0.8], ids="spread of {}".format)
def test_the_dark_current_of_a_kind_of_sensor_comes_back_with_pulls_of_spread_one(width):
    """Each specimen has pixels of its own, log-normal in their dark current [e-/s], of mean 2000."""
    found = []
    for seed in SEEDS:
        normal = np.random.default_rng([9, seed]).normal(size=SHAPE)
        warmth = 2000.0 * np.exp(width * normal - width**2 / 2)
        result = analysis.photon_transfer(experiment(seed, per_electron=0.5, warmth=warmth))
        found.append(result.dark_current.pull(2000.0))
    assert_spread_is_one(np.array(found))


def test_full_well_is_the_smaller_of_well_and_scale(straight):
    per_electron, results = straight
    truth = min(WELL, (65535 - BIAS) / per_electron)
    for result in results:
        assert abs(result.full_well.pull(truth)) < 4
        # an error that is not simply huge: two levels, of 1.3 / 26 of the well each
        assert result.full_well.standard_error < 2 * 0.05 * WELL


def test_full_well_lies_below_clipping_by_as_much_as_its_note_says(straight):
    per_electron, results = straight
    clipping = min(WELL, (65535 - BIAS) / per_electron)
    spacing = QE * (PHOTONS[1] - PHOTONS[0])
    approach = 3 * np.hypot(np.sqrt(WELL), 0.006 * WELL)
    for result in results:
        assert "it lies below clipping" in result.full_well_method
        factor = 4 * result.quantum_efficiency.standard_error / QE * WELL  # e-, what QE is uncertain by
        assert -factor < clipping - result.full_well.value < spacing + approach + factor
        assert result.full_well.standard_error > spacing / np.sqrt(12)  # of one spacing, as if uniform


def test_the_method_of_linearity_says_that_its_extremes_are_biased_outwards():
    method = analysis.linearity(experiment(1, per_electron=0.5)).method
    assert "biased outwards, and their standard errors contain that bias" in method


def test_without_photons_the_gain_is_the_same_and_what_needs_them_is_left_out():
    known = analysis.photon_transfer(experiment(1, per_electron=0.5))
    unknown = analysis.photon_transfer(experiment(1, per_electron=0.5, photons_known=False))
    assert unknown.electrons_per_count.value == known.electrons_per_count.value
    assert unknown.responsivity is unknown.quantum_efficiency is unknown.saturation_photons is None
    assert abs(unknown.full_well.pull(WELL)) < 4
    assert "e-/count" in unknown.full_well_method


def test_a_series_that_never_saturates_gives_no_full_well():
    run = experiment(1, per_electron=0.5, photons=PHOTONS[:12])
    result = analysis.photon_transfer(run)
    assert result.full_well is result.saturation_signal is result.saturation_photons is None
    assert "add brighter ones" in result.full_well_method
    for said in (result.method, analysis.linearity(run).method):
        assert "not saturated: ranges are relative to the brightest level" in said
        assert "of saturation" not in said
    assert abs(result.electrons_per_count.pull(2.0)) < 4


def test_a_series_that_saturates_is_not_called_unsaturated(straight):
    _, results = straight
    for result in results:
        assert "not saturated" not in repr(result)
        assert "of saturation" in result.method


def test_levels_of_a_series_that_never_saturates_are_chosen_by_the_brightest():
    found = analysis.photon_transfer(experiment(1, per_electron=0.5, photons=PHOTONS[:12])).levels
    signal = found["signal"].values
    np.testing.assert_array_equal(found["used"].values, signal <= 0.7 * signal.max())


def test_read_noise_that_rounding_hides_is_told_in_words_and_not_as_a_number():
    """A scale of 8 bits: 0.014 counts of read noise, all darks alike."""
    result = analysis.photon_transfer(experiment(1, per_electron=0.004))
    assert result.read_noise is result.dark_current is None
    assert {"read_noise", "dark_current"}.isdisjoint(result.pair_errors)
    bound = float(re.search(r"read noise below (\S+) e-", result.method).group(1))
    assert bound == pytest.approx(np.sqrt(0.24) * result.electrons_per_count.value, rel=5e-3)
    assert bound > READ_NOISE
    assert "beyond their standard errors" in result.method
    assert "left out" in repr(result)
    assert result.method in result._repr_html_()


@pytest.mark.parametrize(
    ("per_electron", "told"), [(0.11, False), (0.16, True)], ids=["0.23 count²", "0.40 count²"]
)
def test_read_noise_is_a_number_where_it_shows_through_rounding(per_electron, told):
    """3.5 e- are 0.385 and 0.56 counts, about a whole number of them where rounding takes most."""
    result = analysis.photon_transfer(experiment(1, per_electron=per_electron))
    assert (result.read_noise is not None) is told
    assert ("read noise below" in result.method) is not told
    assert abs(result.electrons_per_count.pull(1 / per_electron)) < 4


@pytest.mark.parametrize(
    ("variance", "lamp"), [("R4", 0.0), ("R4", 0.005), ("R3.1", 0.0)], ids=["steady", "lamp-R4", "R3.1"]
)
def test_chi_square_is_one_where_the_model_holds(variance, lamp):
    found = [
        analysis.photon_transfer(experiment(s, per_electron=0.5, lamp=lamp), variance=variance)
        for s in SEEDS[:5]
    ]
    total, freedom = sum(f.chi_square for f in found), sum(f.degrees_of_freedom for f in found)
    low, high = chi2.ppf([1e-4, 1 - 1e-4], freedom)
    assert low < total < high


def test_errors_grow_with_the_noise_of_the_lamp_in_the_old_form():
    """R3.1 counts half the squared difference of the frames as noise: the levels scatter and lie too high."""
    sensor = {"per_electron": 0.5, "lamp": 0.003}
    results = [analysis.photon_transfer(experiment(s, **sensor), variance="R3.1") for s in SEEDS]
    values = np.array([r.counts_per_electron.value for r in results])
    errors = np.array([r.counts_per_electron.standard_error for r in results])
    naive = np.array([r.pair_errors["counts_per_electron"] for r in results])
    assert min(r.reduced_chi_square for r in results) > 1 + 4 * np.sqrt(2 / results[0].degrees_of_freedom)
    # a standard deviation from n values is known to 1/√(2(n−1)); skewed levels double its variance at most
    tolerance = 4 * np.sqrt(2) / np.sqrt(2 * (values.size - 1))
    assert abs(np.log(np.sqrt((errors**2).mean()) / values.std(ddof=1))) < tolerance
    assert np.sqrt((errors**2).mean()) > 2 * naive.max()


@pytest.mark.parametrize("photons_known", [True, False], ids=["photons", "exposure"])
@pytest.mark.parametrize("bend", [-0.04, 0.02], ids=["compressed", "expanded"])
def test_the_bend_of_the_response_comes_back_and_corrects_the_gain(bend, photons_known):
    """With µ = K (e + c e²) the straight slope of µ is K (1 + δ), δ = c Σe³/Σe², and K is 3 δ too large."""
    bends, raw, corrected = [], [], []
    for seed in SEEDS:
        run = experiment(seed, per_electron=0.5, bend=bend, photons_known=photons_known)
        found = analysis.photon_transfer(run)
        electrons = QE * PHOTONS[found.levels["used"].values]
        truth = bend / WELL * (electrons**3).sum() / (electrons**2).sum()
        gain, delta = found.electrons_per_count, found.response_bend.scaled(0.01, "1")
        bends.append(delta.pull(truth))
        raw.append(gain.pull(2.0))
        error = np.hypot(gain.standard_error, 3 * gain.value * delta.standard_error)
        corrected.append((gain.value * (1 + 3 * delta.value) - 2.0) / error)
    assert abs(np.array(bends)).max() < 4
    assert abs(np.mean(raw)) > 4 / np.sqrt(len(raw)), "otherwise there is nothing to correct"
    assert_spread_is_one(np.array(corrected))


def test_the_note_tells_a_bend_that_is_there_and_nothing_of_one_that_is_not():
    bent, straight = (
        analysis.photon_transfer(experiment(2, per_electron=0.5, bend=bend)) for bend in (-0.04, 0.0)
    )
    delta = bent.response_bend.value
    said = f"electrons_per_count differs by {-3 * delta:+.2g} % and responsivity by {delta:+.2g} %"
    assert said in repr(bent)
    assert said in bent._repr_html_()
    assert abs(straight.response_bend.value) < 2 * straight.response_bend.standard_error
    assert "differs" not in repr(straight)


BENDS = {"straight": 0.0, "compressed": -0.03, "expanded": 0.02}


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_linearity_errors_are_those_of_the_noise_free_response(bend):
    clean = response(PHOTONS * pattern().mean(), per_electron=0.5, bend=bend)
    found = {"minimum": [], "maximum": [], "mean": []}
    for seed in SEEDS:
        result = analysis.linearity(experiment(seed, per_electron=0.5, bend=bend))
        truth = analysis.linearity_error(PHOTONS, clean, used=result.levels["used"].values)
        for name, estimate in zip(found, list(result.estimates.values())[:3], strict=True):
            found[name].append(estimate.pull(float(getattr(truth, name))))
    for name, values in found.items():
        values = np.array(values)
        # extremes are biased: their error holds the bias, so pulls may be off centre but not wide
        assert (values**2).sum() < chi2.ppf(1 - 1e-4, values.size), name
        assert abs(values).max() < 4, name


def test_the_noise_of_the_lamp_is_in_the_error_of_a_level():
    steady, flickering = (
        analysis.linearity(experiment(3, per_electron=0.5, lamp=lamp)) for lamp in (0.0, 0.004)
    )
    used = flickering.levels["used"].values
    error = np.median(flickering.levels["residual_error"].values[used])
    # 0.4 % a frame is 0.28 % for the mean of two, pooled over the levels used by the square of their signal
    weight = flickering.levels["signal"].values[used] ** 2
    independent = weight.sum() ** 2 / (weight**2).sum()
    assert abs(error / (0.4 / np.sqrt(2)) - 1) < 4 / np.sqrt(2 * independent)
    assert error > 3 * np.median(steady.levels["residual_error"].values[used])
