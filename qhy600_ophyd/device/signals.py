"""The signals of a camera: settings, labels, what was true of the last frame, and who the camera is."""

from __future__ import annotations

import math

from ophyd import Component as Cpt
from ophyd import Device, Kind

from qhy600_ophyd.device.chamber import ChamberReading
from qhy600_ophyd.device.cooler import Cooler
from qhy600_ophyd.device.frame_value import DueTime, FrameKind, FrameValue, Identity, Label, StreamLabel
from qhy600_ophyd.device.setting import (
    AreaSetting,
    ChoiceSetting,
    ExposureSetting,
    FlagSetting,
    ModeSetting,
    NumberSetting,
)


class Signals(Device):
    """What a camera has signals for; a column of the record each, or two."""

    exposure = Cpt(ExposureSetting, kind=Kind.hinted)
    gain = Cpt(NumberSetting, kind=Kind.normal)
    offset = Cpt(NumberSetting, kind=Kind.normal)
    readout_mode = Cpt(ModeSetting, kind=Kind.normal)
    roi = Cpt(AreaSetting, kind=Kind.normal)
    binning = Cpt(ChoiceSetting, kind=Kind.normal)
    bit_depth = Cpt(ChoiceSetting, kind=Kind.normal)
    usb_traffic = Cpt(NumberSetting, kind=Kind.normal)
    overscan = Cpt(FlagSetting, kind=Kind.normal)
    temperature = Cpt(Cooler, kind=Kind.hinted)

    frame_kind = Cpt(FrameKind, value="", kind=Kind.normal)
    step = Cpt(Label, value=-1, kind=Kind.normal)
    repeat = Cpt(Label, value=-1, kind=Kind.normal)
    stream = Cpt(StreamLabel, value="primary", kind=Kind.omitted)
    due = Cpt(DueTime, value=math.nan, kind=Kind.omitted)

    mean = Cpt(FrameValue, kind=Kind.hinted)
    black_level = Cpt(FrameValue, kind=Kind.normal)
    overscan_level = Cpt(FrameValue, kind=Kind.normal)
    photons = Cpt(FrameValue, kind=Kind.normal)
    irradiance = Cpt(FrameValue, kind=Kind.normal)
    wavelength = Cpt(FrameValue, kind=Kind.normal)
    saturation_code = Cpt(FrameValue, kind=Kind.normal)
    readout_mode_index = Cpt(FrameValue, kind=Kind.normal)
    sequence = Cpt(FrameValue, kind=Kind.normal)
    sequence_source = Cpt(FrameValue, kind=Kind.normal)
    started = Cpt(FrameValue, kind=Kind.normal)
    header = Cpt(FrameValue, kind=Kind.normal)
    retaken = Cpt(FrameValue, kind=Kind.normal)
    lost_before = Cpt(FrameValue, kind=Kind.normal)
    retries = Cpt(FrameValue, kind=Kind.normal)
    discarded = Cpt(FrameValue, kind=Kind.normal)
    unverified = Cpt(FrameValue, kind=Kind.normal)
    undervoltage = Cpt(FrameValue, kind=Kind.normal)
    lateness = Cpt(FrameValue, kind=Kind.normal)
    exposure_start = Cpt(FrameValue, kind=Kind.normal)
    exposure_mid = Cpt(FrameValue, kind=Kind.normal)
    exposure_end = Cpt(FrameValue, kind=Kind.normal)
    time_uncertainty = Cpt(FrameValue, kind=Kind.normal)
    time_source = Cpt(FrameValue, kind=Kind.normal)
    line_time = Cpt(FrameValue, kind=Kind.normal)
    row_order = Cpt(FrameValue, kind=Kind.normal)
    trigger_monotonic = Cpt(FrameValue, kind=Kind.normal)
    arrival_monotonic = Cpt(FrameValue, kind=Kind.normal)

    model = Cpt(Identity, kind=Kind.config)
    serial = Cpt(Identity, kind=Kind.config)
    firmware = Cpt(Identity, kind=Kind.config)
    fpga = Cpt(Identity, kind=Kind.config)
    sdk = Cpt(Identity, kind=Kind.config)
    sensor = Cpt(Identity, kind=Kind.config)
    usb = Cpt(Identity, kind=Kind.config)
    humidity = Cpt(ChamberReading, kind=Kind.config)
    pressure = Cpt(ChamberReading, kind=Kind.config)
