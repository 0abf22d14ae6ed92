"""What a camera, a light, a clock and a store of frames are: the words that both towers share."""

from qhy600_ophyd.contract.camera import Camera, CameraStatus, Cooler, LendsMemory
from qhy600_ophyd.contract.capabilities import (
    Capabilities,
    Delay,
    Identity,
    ReadoutMode,
    RecordedLevel,
)
from qhy600_ophyd.contract.clock import Clock, SystemClock
from qhy600_ophyd.contract.errors import (
    AnalysisRefused,
    BufferTooSmall,
    CameraError,
    CameraLost,
    CameraNotReady,
    CameraProcessLost,
    ExposureCancelled,
    FilterNotReached,
    FrameLost,
    FrameNotRecorded,
    FrameTimeout,
    LayoutChanged,
    NotSettled,
    PlanNotRebuilt,
    ProfileError,
    QHY600Error,
    ResumeRefused,
    RunDamaged,
    SettingRefused,
    StoreError,
    StreamMismatch,
)
from qhy600_ophyd.contract.faults import Fault
from qhy600_ophyd.contract.filter_wheel import CarriesFilterWheel, FilterWheel, check_slot
from qhy600_ophyd.contract.frame import Frame, FrameInfo, TemperatureReading
from qhy600_ophyd.contract.light import Light
from qhy600_ophyd.contract.limits import Limits
from qhy600_ophyd.contract.settings import FRAME_SHAPING, SETTING_NAMES, Settings
from qhy600_ophyd.contract.store import Address, FrameSink, Layout, SinkFactory
from qhy600_ophyd.contract.vocabulary import COLUMNS, FIELDS, FRAME_KINDS, Field

__all__ = [
    "COLUMNS",
    "FIELDS",
    "FRAME_KINDS",
    "FRAME_SHAPING",
    "SETTING_NAMES",
    "Address",
    "AnalysisRefused",
    "BufferTooSmall",
    "Camera",
    "CameraError",
    "CameraLost",
    "CameraNotReady",
    "CameraProcessLost",
    "CameraStatus",
    "Capabilities",
    "CarriesFilterWheel",
    "Clock",
    "Cooler",
    "Delay",
    "ExposureCancelled",
    "Fault",
    "Field",
    "FilterNotReached",
    "FilterWheel",
    "Frame",
    "FrameInfo",
    "FrameLost",
    "FrameNotRecorded",
    "FrameSink",
    "FrameTimeout",
    "Identity",
    "Layout",
    "LayoutChanged",
    "LendsMemory",
    "Light",
    "Limits",
    "NotSettled",
    "PlanNotRebuilt",
    "ProfileError",
    "QHY600Error",
    "ReadoutMode",
    "RecordedLevel",
    "ResumeRefused",
    "RunDamaged",
    "SettingRefused",
    "Settings",
    "SinkFactory",
    "StoreError",
    "StreamMismatch",
    "SystemClock",
    "TemperatureReading",
    "check_slot",
]
