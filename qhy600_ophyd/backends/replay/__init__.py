"""Recorded frames served as a camera: real data through today's code."""

from qhy600_ophyd.backends.replay.camera import ReplayCamera
from qhy600_ophyd.backends.replay.folder import open_recording
from qhy600_ophyd.backends.replay.light import RecordedLight
from qhy600_ophyd.backends.replay.recording import DARK, RECORDED, Level, RecordedFrame, Recording

__all__ = [
    "DARK",
    "RECORDED",
    "Level",
    "RecordedFrame",
    "RecordedLight",
    "Recording",
    "ReplayCamera",
    "open_recording",
]
