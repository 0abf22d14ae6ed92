"""`PhotonTransfer`: the numbers of a photon-transfer curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qhy600_ophyd.analysis.estimate import Estimate, table_html, table_text
from qhy600_ophyd.analysis.levels import VarianceForm

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotonTransfer:
    """What the photon-transfer curve tells about a sensor; ``None`` is "left out".

    Which error is which: the ``standard_error`` of each `Estimate` is the one to quote, the larger of pair
    statistics and of the scatter of the levels, for responsivity, quantum efficiency and dark current with
    the sampling error of a mean over pixels that differ. `pair_errors` holds pair statistics alone.
    `response_bend` is a systematic error, known in sign and size and therefore not in either.

    Parameters
    ----------
    electrons_per_count
        1 / K [e-/count].
    counts_per_electron
        K [count/e-], EMVA's system gain.
    read_noise
        EMVA's σ_d [e-]: temporal noise in the dark, without rounding, at zero exposure. Left out where the
        dark varies by less than 0.24 count² and rounding hides it; `method` then tells what it lies below.
    full_well
        [e-]; by `full_well_method`.
    responsivity
        R [count/photon]; left out where photons are not known.
    quantum_efficiency
        R / K, a fraction; left out where photons are not known.
    dark_current
        [e-/s]; left out where all darks were exposed alike, or where `read_noise` is, since a dark that
        rounds to one count does not grow with exposure.
    response_bend
        δ [%]: how far the straight response lies above that at low signal, over the levels used; it makes
        `counts_per_electron` 3 δ and `responsivity` δ too large. Left out where neither photons are known
        nor exposure was varied, or fewer than three levels were used.
    saturation_signal
        Mean signal of the level of largest variance [count]; left out where the variance never falls.
    saturation_photons
        Photons per pixel of that level; left out where photons are not known, or the variance never falls.
    variance
        Form of the two-frame variance, ``"R4"`` or ``"R3.1"``.
    full_well_method
        How `full_well` was found, or why it was left out.
    method
        Everything else that was decided, in words.
    chi_square, degrees_of_freedom
        Of the line that gives K, against the statistics of pairs of frames.
    pair_errors
        Standard errors by the statistics of pairs alone, √(2/N) of each variance: what ``standard_error``
        would be if χ²/ν were 1 and all pixels alike. For comparison, not for quoting.
    levels
        One row for each level: those of `analysis.levels` in the form used, with ``variance`` (light less
        dark), ``variance_error``, ``fit``, ``residual`` [count²] and ``used``.
    """

    electrons_per_count: Estimate
    counts_per_electron: Estimate
    read_noise: Estimate | None
    full_well: Estimate | None
    responsivity: Estimate | None
    quantum_efficiency: Estimate | None
    dark_current: Estimate | None
    response_bend: Estimate | None
    saturation_signal: Estimate | None
    saturation_photons: Estimate | None
    variance: VarianceForm
    full_well_method: str
    method: str
    chi_square: float
    degrees_of_freedom: int
    pair_errors: dict[str, float]
    levels: xr.Dataset

    @property
    def estimates(self) -> dict[str, Estimate | None]:
        """Every number by name."""
        names = (
            "electrons_per_count",
            "counts_per_electron",
            "read_noise",
            "full_well",
            "responsivity",
            "quantum_efficiency",
            "dark_current",
            "response_bend",
            "saturation_signal",
            "saturation_photons",
        )
        return {name: getattr(self, name) for name in names}

    @property
    def reduced_chi_square(self) -> float:
        """χ²/ν; far from 1 the levels do not lie on the line within the noise of pixels."""
        return self.chi_square / self.degrees_of_freedom

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know, a sentence each."""
        fit = f"χ²/ν = {self.reduced_chi_square:.3g}"
        notes = (fit, f"full well: {self.full_well_method}", self.method, self._bend_in_words())
        return tuple(note for note in notes if note)

    def _bend_in_words(self) -> str:
        bend = self.response_bend
        if bend is None:
            return "whether the response is bent is not known: three levels of known light would tell"
        if abs(bend.value) <= 2 * bend.standard_error:
            return ""
        response = f" and responsivity by {bend.value:+.2g} %" if self.responsivity else ""
        return (
            f"the response bends by {bend.value:+.2g} %: electrons_per_count differs by "
            f"{-3 * bend.value:+.2g} %{response} from the value at low signal, systematically and not in the "
            "standard errors"
        )

    def __repr__(self) -> str:
        return table_text(f"PhotonTransfer ({self.variance} variance)", self.estimates, self.notes)

    def _repr_html_(self) -> str:
        return table_html(f"Photon transfer ({self.variance} variance)", self.estimates, self.notes)
