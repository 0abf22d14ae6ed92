"""Every way in which a camera or a store of frames can fail, by name.

Each message is one line for a person: what was asked, what is allowed, what is true now, what to try.
"""

from __future__ import annotations


class QHY600Error(Exception):
    """Anything that this package refuses or cannot do; the message is meant to be read."""


class SettingRefused(QHY600Error, ValueError):
    """A setting was asked for that the camera does not accept; nothing was changed.

    Parameters
    ----------
    setting
        Name of the setting.
    asked
        The value that was refused.
    allowed
        What is accepted, in words.
    now
        The value that still holds.
    advice
        What to try.
    """

    def __init__(self, setting: str, asked: object, *, allowed: str, now: object = None, advice: str = ""):
        self.setting, self.asked, self.allowed, self.now, self.advice = setting, asked, allowed, now, advice
        still = f" (still at {now})" if now is not None else ""
        hint = f". {advice}" if advice else ""
        super().__init__(f"{setting} {asked} refused: allowed is {allowed}{still}{hint}")

    def __reduce__(self):
        return _refused, (self.setting, self.asked, self.allowed, self.now, self.advice)


def _refused(setting: str, asked: object, allowed: str, now: object, advice: str) -> SettingRefused:
    return SettingRefused(setting, asked, allowed=allowed, now=now, advice=advice)


class CameraError(QHY600Error):
    """The camera could not do what it was told."""


class CameraNotReady(CameraError):
    """A call came in a state that does not allow it (closed, not armed, already exposing)."""


class CameraLost(CameraError):
    """The camera no longer answers."""


class CameraProcessLost(CameraLost):
    """The process that a camera was driven in has crashed, was killed, or hung and was ended."""


class BufferTooSmall(CameraError, ValueError):
    """The caller's buffer cannot hold the frame; the frame is kept and can be fetched again."""


class FrameLost(CameraError):
    """A frame was exposed and did not arrive, or arrived damaged."""


class FrameTimeout(CameraError, TimeoutError):
    """No frame arrived in the time allowed; the exposure has been given up."""


class FrameNotRecorded(CameraError, LookupError):
    """A replay was asked for a frame that its recording does not hold."""


class ExposureCancelled(CameraError):
    """`Camera.cancel` ended the exposure; there is no frame."""


class NotSettled(CameraError, TimeoutError):
    """The sensor temperature did not settle at its set point in the time allowed."""


class FilterNotReached(CameraError, TimeoutError):
    """The filter wheel did not arrive where it was sent in the time allowed."""


class StoreError(QHY600Error):
    """Frames cannot be stored: folder not writable, disk full, file damaged."""


class LayoutChanged(QHY600Error):
    """A setting that fixes the shape or type of frames was changed within a stream."""


class StreamMismatch(QHY600Error):
    """A frame was labelled for one stream and announced in another."""


class RunDamaged(QHY600Error):
    """A run's files are missing, cut short or not a run."""


class ResumeRefused(QHY600Error):
    """A run cannot be gone on with: it is complete, or not what it takes to go on with it."""


class ProfileError(QHY600Error, ValueError):
    """A profile has an unknown key or an impossible value."""


class PlanNotRebuilt(QHY600Error, ValueError):
    """A run's start document does not hold what it would take to do the run again; names what is missing."""


class AnalysisRefused(QHY600Error, ValueError):
    """The dataset does not hold what the quantity needs; the message names what is missing."""
