"""Hypothesis strategies for what a camera accepts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qhy600_ophyd.contract import Capabilities, Limits, Settings
from qhy600_ophyd.sensor import Rectangle


def rectangles_within(area: Rectangle, *, smallest: int = 1) -> st.SearchStrategy[Rectangle]:
    """Areas inside `area`, `smallest` pixels wide and high or more, where it is that large."""

    @st.composite
    def rectangles(draw: st.DrawFn) -> Rectangle:
        width = draw(st.integers(min(smallest, area.width), area.width))
        height = draw(st.integers(min(smallest, area.height), area.height))
        x = draw(st.integers(area.x, area.x + area.width - width))
        y = draw(st.integers(area.y, area.y + area.height - height))
        return Rectangle(x, y, width, height)

    return rectangles()


def settings_within(capabilities: Capabilities) -> st.SearchStrategy[Settings]:
    """Settings that this camera accepts in any state: each is given or not.

    An area comes with the `overscan` and the `binning` that it fits.
    """

    @st.composite
    def settings(draw: st.DrawFn) -> Settings:
        binning = draw(st.sampled_from(capabilities.binnings))
        overscan = draw(st.sampled_from(capabilities.overscan))
        # 2b - 1 pixels in a row hold a whole binned one, wherever they begin.
        area = draw(st.none() | rectangles_within(capabilities.readable(overscan), smallest=2 * binning - 1))
        usable = [m.name for m in capabilities.modes if not m.refused]
        return Settings(
            exposure=draw(st.none() | _numbers(capabilities.exposure)),
            gain=draw(st.none() | _numbers(capabilities.gain)),
            offset=draw(st.none() | _numbers(capabilities.offset)),
            usb_traffic=draw(st.none() | _numbers(capabilities.usb_traffic)),
            readout_mode=draw(st.sampled_from([None, *usable])),
            roi=area,
            binning=binning,
            bit_depth=draw(st.sampled_from([None, *capabilities.bit_depths])),
            overscan=overscan,
        )

    return settings()


def _numbers(limits: Limits | None) -> st.SearchStrategy[Any]:
    if limits is None:
        return st.none()
    if limits.values is not None:
        return st.sampled_from(limits.values)
    return st.floats(limits.low, limits.high)
