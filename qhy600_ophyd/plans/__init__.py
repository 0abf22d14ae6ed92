"""Experiments as bluesky plans. The plans are nouns, the stubs verbs; both know protocols, not devices."""

from qhy600_ophyd.plans._protocols import Exposes, Flies, HasGain, Illuminates, Schedules, Shows
from qhy600_ophyd.plans._rest import FrameLabel, frames_of, rest_of
from qhy600_ophyd.plans._stubs import cool_to, fly, label, shine, take
from qhy600_ophyd.plans.burst import burst
from qhy600_ophyd.plans.exposure_series import exposure_series
from qhy600_ophyd.plans.gain_sweep import gain_sweep
from qhy600_ophyd.plans.linearity import linearity
from qhy600_ophyd.plans.live import live
from qhy600_ophyd.plans.timelapse import timelapse

__all__ = [
    "Exposes",
    "Flies",
    "FrameLabel",
    "HasGain",
    "Illuminates",
    "Schedules",
    "Shows",
    "burst",
    "cool_to",
    "exposure_series",
    "fly",
    "frames_of",
    "gain_sweep",
    "label",
    "linearity",
    "live",
    "rest_of",
    "shine",
    "take",
    "timelapse",
]
