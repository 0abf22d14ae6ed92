"""What a simulated sensor is like; every effect has a size here, and zero switches it off."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from qhy600_ophyd.contract import SettingRefused

_LIMITS: dict[str, tuple[float, float]] = {
    "quantum_efficiency_scale": (0.1, 1.2),
    "prnu": (0, 0.2),
    "dark_scale": (0, 100),
    "dark_spread": (0, 2),
    "warm_fraction": (0, 0.05),
    "pixel_well_scale": (0.1, 2),
    "linearity_curve": (0, 3),
    "nonlinearity": (0, 0.49),
    "brighter_fatter": (0, 1e-5),
    "lag": (0, 0.1),
    "cosmic_rate": (0, 10),
    "electrons_per_count_scale": (0.5, 2),
    "read_noise_scale": (0, 10),
    "noise_spread": (0, 0.6),
    "telegraph_fraction": (0, 0.3),
    "telegraph_noise": (0, 10),
    "slow_traps": (0, 1),
    "row_noise": (0, 10),
    "column_pattern": (0, 20),
    "overscan_dots": (0, 100),
    "banding": (0, 20),
    "thermal_noise_fraction": (0, 0.01),
    "thermal_noise": (0, 1000),
    "code_irregularity": (0, 0.3),
    "base_offset": (0, 60_000),
    "counts_per_offset": (0, 200),
}


@dataclass(frozen=True, kw_only=True)
class ChipParameters:
    """The sensor that is simulated. The defaults are those of a good IMX455.

    "Published" and "measured" are marked with their sources in the data files of `sensor`; whatever is not
    said to be either is assumed.

    Parameters
    ----------
    quantum_efficiency_scale
        Factor on the published quantum efficiency.
    prnu
        Relative width of the pixels' responses, normally distributed (measured: 0.55 %).
    dark_scale
        Factor on the published dark current; published figures differ by 2.5 either way.
    dark_spread
        Standard deviation of the logarithm of the pixels' dark currents.
    warm_fraction
        Part of the pixels that are warm (measured: 0.024 %); they have 10 to 100 times the mean dark current,
        evenly distributed in the logarithm, beside that of an ordinary pixel.
    pixel_well_scale
        Factor on the charge that a pixel holds, and at which its signal begins to be compressed.
    linearity_curve
        Factor on the published compression of the signal of a photodiode above 65 ke-.
    nonlinearity
        Further part of the signal that is missing at the pixel well; a charge Q reads as
        Q (1 - nonlinearity Q / pixel_well).
    brighter_fatter
        Covariance of pixels side by side, relative to the square of the signal [1/e-]; 0: there is none.
    lag
        Part of the charge of the exposure before that is left in a pixel.
    cosmic_rate
        Muons [1/cm²/min]; about 1 at sea level.
    electrons_per_count_scale, read_noise_scale
        Factors on the published e-/count and read noise of every mode and gain.
    noise_spread
        Standard deviation of the logarithm of the pixels' normally distributed noise (fitted to the measured
        distribution).
    telegraph_fraction
        Part of the pixels that jump between levels (measured: 8.85 %).
    telegraph_noise
        RMS over all pixels of what the jumps add [e-], the same in every mode (fitted to the measured
        distribution).
    slow_traps
        Part of the telegraph pixels whose level stays for 30 s to 16 min, so that it shows in a series of
        frames; what they add to a long series is not in the table's read noise.
    row_noise
        RMS of what the pixels of a row have in common in one frame [e-].
    column_pattern
        RMS of what the pixels of a column have in common in every frame [e-].
    overscan_dots
        Height of the vertical series of dots at the bottom of the overscan rows [e-].
    banding
        Amplitude of the horizontal banding [e-] at the USB traffic where it is strongest.
    thermal_noise_fraction, thermal_noise
        Part of the pixels with thermal noise that changes at random from frame to frame, whatever the
        exposure, and its mean [e-].
    thermal_noise_suppression
        Whether the camera suppresses that noise, to a tenth.
    code_irregularity
        Largest shift of a threshold of the converter [count].
    base_offset, counts_per_offset
        Bias level at offset 0 [count] and its slope with the offset register; neither is published.

    Raises
    ------
    SettingRefused
        One of them is impossible.
    """

    quantum_efficiency_scale: float = 1.0
    prnu: float = 0.0055
    dark_scale: float = 1.0
    dark_spread: float = 0.3
    warm_fraction: float = 0.00024
    pixel_well_scale: float = 1.0
    linearity_curve: float = 1.0
    nonlinearity: float = 0.0
    brighter_fatter: float = 0.0
    lag: float = 0.0
    cosmic_rate: float = 0.0
    electrons_per_count_scale: float = 1.0
    read_noise_scale: float = 1.0
    noise_spread: float = 0.205
    telegraph_fraction: float = 0.0885
    telegraph_noise: float = 1.08
    slow_traps: float = 0.02
    row_noise: float = 0.1
    column_pattern: float = 0.15
    overscan_dots: float = 6.0
    banding: float = 0.3
    thermal_noise_fraction: float = 0.0005
    thermal_noise: float = 10.0
    thermal_noise_suppression: bool = True
    code_irregularity: float = 0.1
    base_offset: float = 200.0
    counts_per_offset: float = 10.0

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise SettingRefused(name, value, allowed=f"{least:g}–{most:g}")
        if not isinstance(self.thermal_noise_suppression, bool):
            raise SettingRefused(
                "thermal_noise_suppression", self.thermal_noise_suppression, allowed="true or false"
            )

    @classmethod
    def ideal(cls, **parameters: float) -> ChipParameters:
        """Equal pixels, the table's read noise normally distributed, no pattern; `parameters` differ."""
        off: dict[str, float] = dict.fromkeys(_EFFECTS, 0.0)
        return cls(**{**off, **parameters})  # pyright: ignore[reportArgumentType]

    @classmethod
    def drawn(cls, seed: int) -> ChipParameters:
        """A sensor like another of the same kind: each figure drawn within what published figures differ by.

        Factors are log-normal, so that none changes sign; the widths are in the source. The pixel well goes
        with e-/count, whose absolute scale is what is unknown: every camera reaches its largest count.
        """
        random = np.random.default_rng([seed, 455])
        factor = {name: float(np.exp(width * random.standard_normal())) for name, width in _SPREAD.items()}
        factor["pixel_well_scale"] *= factor["electrons_per_count_scale"]
        drawn: dict[str, float] = {}
        for field in fields(cls):
            if field.name in factor:
                least, most = _LIMITS[field.name]
                typical = getattr(cls, field.name)
                drawn[field.name] = float(np.clip(typical * factor[field.name], least, most))
        return cls(**drawn)  # pyright: ignore[reportArgumentType]

    def __repr__(self) -> str:
        changed = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )
        return f"ChipParameters({', '.join(changed)})"


_EFFECTS = (
    "prnu",
    "dark_spread",
    "warm_fraction",
    "linearity_curve",
    "noise_spread",
    "telegraph_fraction",
    "telegraph_noise",
    "slow_traps",
    "row_noise",
    "column_pattern",
    "overscan_dots",
    "banding",
    "thermal_noise_fraction",
    "code_irregularity",
)

# Relative spread of each figure: dark current 2.5 either way and e-/count 8 % as published sources disagree,
# PRNU from 0.31 to 0.55 %, warm pixels from 0.005 to 0.024 %; the others are assumed.
_SPREAD = {
    "quantum_efficiency_scale": 0.02,
    "prnu": 0.3,
    "dark_scale": 0.45,
    "dark_spread": 0.15,
    "warm_fraction": 0.8,
    "pixel_well_scale": 0.03,
    "electrons_per_count_scale": 0.08,
    "read_noise_scale": 0.05,
    "noise_spread": 0.1,
    "telegraph_fraction": 0.15,
    "telegraph_noise": 0.1,
    "slow_traps": 0.3,
    "row_noise": 0.3,
    "column_pattern": 0.3,
    "overscan_dots": 0.3,
    "banding": 0.5,
    "thermal_noise_fraction": 0.5,
    "thermal_noise": 0.3,
    "code_irregularity": 0.3,
    "base_offset": 0.1,
    "counts_per_offset": 0.1,
}
