"""Experiments as bluesky plans. The plans are nouns, the stubs verbs; both know protocols, not devices."""

from qhy600_ophyd.plans._protocols import Exposes, HasGain, Illuminates
from qhy600_ophyd.plans._stubs import cool_to, label, shine, take
from qhy600_ophyd.plans.exposure_series import exposure_series
from qhy600_ophyd.plans.gain_sweep import gain_sweep
from qhy600_ophyd.plans.linearity import linearity

__all__ = [
    "Exposes",
    "HasGain",
    "Illuminates",
    "cool_to",
    "exposure_series",
    "gain_sweep",
    "label",
    "linearity",
    "shine",
    "take",
]
