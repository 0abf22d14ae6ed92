"""How fast a camera takes frames: what the times of its sensor and link allow."""

from __future__ import annotations

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import QHY600_GEOMETRY
from qhy600_ophyd.sensor.timing import link_bytes_per_row, timing


def stream_period(settings: Settings) -> float:
    """Seconds from one frame of a live stream to the next: the exposure, or the readout where it is longer.

    Parameters
    ----------
    settings
        Complete.
    """
    assert settings.roi is not None
    return timing().stream_period(
        settings.roi.height,
        _row_bytes(settings),
        exposure=settings.exposure or 0.0,
        usb_traffic=settings.usb_traffic or 0.0,
    )


def single_frame_time(settings: Settings) -> float:
    """Seconds that a single frame takes at most, from the order to its arrival.

    Delay, exposure, readout. The delay is the longest that was published. The readout is that of a whole
    frame in 16 bit, in proportion to the bytes (assumed), and never less than the sensor takes for its rows.
    Writing the settings and storing the frame come on top.

    Parameters
    ----------
    settings
        Complete.
    """
    assert settings.roi is not None
    whole = QHY600_GEOMETRY.total
    part = settings.roi.height * _row_bytes(settings) / (whole.height * whole.width * 2)
    sensor = (settings.roi.height + timing().overhead_lines) * timing().line_time
    readout = max(timing().single_frame_readout * part, sensor)
    return max(timing().start_delay) + (settings.exposure or 0.0) + readout


def _row_bytes(settings: Settings) -> int:
    assert settings.roi is not None
    return link_bytes_per_row(settings.roi.width, settings.bit_depth or 16)
