"""What the simulated camera says of itself."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.cooler import temperature_limits
from qhy600_ophyd.contract import Capabilities, Delay, Identity, Limits, ReadoutMode, SettingRefused, Settings
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.readout_modes import SensorMode, readout_modes
from qhy600_ophyd.sensor.timing import timing

MICROSECONDS = 1_000_000


def geometry(width: int, height: int) -> Geometry:
    """The regions around an image area of that size. Raises `SettingRefused` beyond the real chip."""
    for name, value, most in (("width", width, 9576), ("height", height, 6388)):
        if not 1 <= value <= most:
            raise SettingRefused(name, value, allowed=f"1–{most} pixels of the image")
    return Geometry.imx455(width, height)


def capabilities(*, model: str, serial: str, geometry: Geometry) -> Capabilities:
    """What a QHY600 on USB offers, on a chip of that geometry."""
    shortest, longest = timing().exposure
    return Capabilities(
        identity=Identity(model=model, serial=serial, firmware="simulated", sensor="IMX455"),
        geometry=geometry,
        exposure=Limits(low=shortest, high=longest, unit="s", step=1 / MICROSECONDS),
        modes=tuple(
            ReadoutMode(index=n, name=mode.name, refused=_refusal(mode))
            for n, mode in enumerate(readout_modes())
        ),
        gain=Limits(low=0, high=200, unit="1", step=1),
        offset=Limits(low=0, high=255, unit="1", step=1),
        usb_traffic=Limits(low=0, high=60, unit="1", step=1),
        temperature=temperature_limits(),
        binnings=(1, 2, 3, 4),
        bit_depths=(8, 16),
        pixel_size=3.76,
        counter="host",
        line_time=timing().line_time,
        start_delay=Delay(value=timing().best_start_delay, uncertainty=timing().start_delay_uncertainty),
    )


def defaults(offer: Capabilities) -> Settings:
    """What holds after the camera was initialised, as with the vendor's library."""
    whole = Settings(
        exposure=5.0,
        gain=30.0,
        offset=30.0,
        readout_mode=readout_modes()[0].name,
        binning=1,
        bit_depth=16,
        usb_traffic=50.0,
        overscan=True,
    )
    return offer.resolve(whole, now=whole)


def taken(settings: Settings) -> Settings:
    """What the camera makes of checked settings: whole microseconds and whole registers."""
    return settings.updated(
        Settings(
            exposure=None
            if settings.exposure is None
            else round(settings.exposure * MICROSECONDS) / MICROSECONDS,
            gain=_whole(settings.gain),
            offset=_whole(settings.offset),
            usb_traffic=_whole(settings.usb_traffic),
        )
    )


def _whole(register: float | None) -> float | None:
    return None if register is None else float(round(register))


def _refusal(mode: SensorMode) -> str:
    if mode.fibre:
        return "It needs the fibre interface, and this camera is on USB"
    if not mode.has_response:
        return "Nothing is published of its noise and gain, so that it is not simulated"
    return ""
