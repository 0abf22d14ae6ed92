"""The row of the record that belongs to one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import SETTING_NAMES, Capabilities, FrameInfo, Light, Settings
from qhy600_ophyd.device.levels import Areas

if TYPE_CHECKING:
    from qhy600_ophyd.device.session import Session


class RowMaker:
    """Makes the rows of the frames that one trigger, or one kickoff, gives.

    What was asked for, and what the plan calls the frames, is that of the moment when it is made.

    Parameters
    ----------
    device
        Whose camera, light and labels are meant.
    settings
        What the frames are taken with, complete.
    areas
        Where in a frame each region lies.
    labels
        Names of the device's labels that hold for all the frames.
    """

    def __init__(self, device: Session, settings: Settings, *, areas: Areas, labels: tuple[str, ...]):
        self._device, self._areas = device, areas
        self._asked = device.requested
        self._requested = settings.updated(self._asked)
        self._labels = {name: getattr(device, name).get() for name in labels}

    def applied(self) -> None:
        """Note that the camera has taken what was asked for."""
        self._device.applied(self._asked)

    def row(self, info: FrameInfo, counts: NDArray[Any], **more: Any) -> dict[str, Any]:
        """The row of a frame that has just come, but for what is known only where it is stored.

        Parameters
        ----------
        info
            What the camera says of it.
        counts
            Shape ``(rows, columns)``.
        more
            Values of further columns.
        """
        return compose_row(
            info,
            requested=self._requested,
            capabilities=self._device.backend.capabilities,
            light=self._device.illumination,
            **self._labels,
            **self._areas.read(counts),
            **more,
        )


def compose_row(
    info: FrameInfo,
    *,
    requested: Settings,
    capabilities: Capabilities,
    light: Light | None,
    **more: Any,
) -> dict[str, Any]:
    """Everything that is recorded with a frame, by the names of the vocabulary; ``None`` is missing.

    Parameters
    ----------
    info
        What the camera says of the frame.
    requested
        What had been asked for.
    capabilities
        Of the camera.
    light
        What the sensor stood under; its photons are those of the actual exposure.
    more
        Labels, levels and whatever else is known by name.

    Returns
    -------
    dict
        One entry for every column that is known.
    """
    start, end = info.temperature_start, info.temperature_end
    arrived = info.arrival_monotonic * 1e-9
    row: dict[str, Any] = {
        "readout_mode_index": _mode_index(info.settings.readout_mode, capabilities),
        "sequence": info.sequence,
        "sequence_source": info.sequence_source,
        "started": info.started,
        "header": info.header.hex(),
        "retries": info.retries,
        "discarded": info.discarded,
        "unverified": " ".join(info.unverified),
        "undervoltage": info.undervoltage,
        "saturation_code": info.saturation_code,
        "exposure_start": info.exposure_start,
        "exposure_mid": _mid_of_central_row(info),
        "exposure_end": info.exposure_end,
        "time_uncertainty": info.time_uncertainty,
        "time_source": info.time_source,
        "line_time": info.line_time,
        "row_order": info.row_order,
        "trigger_monotonic": info.trigger_monotonic,
        "arrival_monotonic": info.arrival_monotonic,
        "temperature": end.value,
        "temperature_start": start.value,
        "temperature_setpoint": end.setpoint,
        "temperature_age": None if end.time is None else max(arrived - end.time, 0.0),
        "cooler_power": end.power,
        "irradiance": light.irradiance if light else None,
        "wavelength": light.wavelength if light else None,
        "photons": _photons(light, info.settings, capabilities),
    }
    for name in SETTING_NAMES:
        row[name] = getattr(info.settings, name)
        row[f"{name}_requested"] = getattr(requested, name)
        row[f"{name}_reported"] = getattr(info.reported, name)
    return row | more


def _photons(light: Light | None, settings: Settings, capabilities: Capabilities) -> float | None:
    """Photons on one pixel of the frame: a binned one collects those of all its sensor pixels."""
    if light is None or settings.exposure is None:
        return None
    photons = light.photons(settings.exposure)
    # What a recording states of its frames is of their pixels already.
    if photons is None or capabilities.recorded is not None:
        return photons
    return photons * (settings.binning or 1) ** 2


def _mode_index(name: str | None, capabilities: Capabilities) -> int | None:
    return None if name is None else capabilities.mode(name).index


def _mid_of_central_row(info: FrameInfo) -> int:
    if info.exposure_start < 0 or info.exposure_end < 0:
        return -1
    mid = (info.exposure_start + info.exposure_end) // 2
    if info.line_time is None or info.row_order is None or info.settings.roi is None:
        return mid
    half_way = round(info.line_time * (info.settings.roi.height - 1) / 2 * 1e9)
    return mid + half_way if info.row_order == 1 else mid - half_way
