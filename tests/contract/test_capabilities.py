"""What a camera offers decides what is accepted, and how a refusal reads."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.contract import (
    Capabilities,
    Identity,
    Limits,
    ReadoutMode,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.sensor import Geometry, Rectangle
from qhy600_ophyd.testing import settings_within

OFFERED = Capabilities(
    identity=Identity(model="Test Camera"),
    geometry=Geometry.imx455(60, 40),
    exposure=Limits(low=40e-6, high=3600.0, unit="s"),
    gain=Limits(low=0, high=200, unit="1"),
    modes=(
        ReadoutMode(index=0, name="Photographic"),
        ReadoutMode(index=1, name="High Gain"),
        ReadoutMode(index=2, name="Fibre", refused="It needs the fibre link"),
    ),
    binnings=(1, 2, 3),
    bit_depths=(16,),
)
NOW = Settings(
    exposure=1.0,
    gain=56.0,
    readout_mode="High Gain",
    roi=Rectangle(0, 0, 84, 74),
    binning=1,
    bit_depth=16,
    overscan=True,
)
MODES = "0 'Photographic', 1 'High Gain'"
AREA = "x, y, width, height inside (0, 0, 84, 74), in unbinned pixels"


@pytest.mark.parametrize(
    ("name", "asked", "given_back"),
    [
        pytest.param("exposure", 2, 2.0, id="whole number becomes real"),
        pytest.param("exposure", "2.5", 2.5, id="number as text"),
        pytest.param("exposure", 40e-6, 40e-6, id="low end"),
        pytest.param("exposure", 3600, 3600.0, id="high end"),
        pytest.param("readout_mode", "Photographic", "Photographic", id="mode by name"),
        pytest.param("readout_mode", 1, "High Gain", id="mode by place"),
        pytest.param("roi", (1, 2.0, 3, 4), Rectangle(1, 2, 3, 4), id="area as four numbers"),
        pytest.param("roi", Rectangle(0, 0, 84, 74), Rectangle(0, 0, 84, 74), id="whole sensor"),
        pytest.param("binning", 2.0, 2, id="binning as real number"),
        pytest.param("overscan", False, False, id="overscan"),
    ],
)
def test_one_allowed_setting_comes_back_in_its_own_type(name: str, asked: Any, given_back: Any) -> None:
    checked = OFFERED.check(name, asked)
    assert checked == given_back
    assert type(checked) is type(given_back)


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        pytest.param("gain", 230, "gain 230 refused: allowed is 0–200 (still at 56.0)", id="gain"),
        pytest.param(
            "exposure",
            1e-6,
            "exposure 1e-06 refused: allowed is 4e-05–3600 s (still at 1.0)",
            id="too short",
        ),
        pytest.param(
            "exposure", math.nan, "exposure nan refused: allowed is 4e-05–3600 s (still at 1.0)", id="nan"
        ),
        pytest.param(
            "exposure",
            "long",
            "exposure 'long' refused: allowed is a number, 4e-05–3600 s (still at 1.0)",
            id="text",
        ),
        pytest.param(
            "offset",
            10,
            "offset 10 refused: allowed is nothing. Test Camera has no such setting, or none was recorded",
            id="setting that does not exist",
        ),
        pytest.param(
            "readout_mode",
            "Fast",
            f"readout_mode 'Fast' refused: allowed is {MODES} (still at High Gain)",
            id="unknown mode",
        ),
        pytest.param(
            "readout_mode",
            7,
            f"readout_mode 7 refused: allowed is {MODES} (still at High Gain)",
            id="mode beyond the list",
        ),
        pytest.param(
            "readout_mode",
            True,
            f"readout_mode True refused: allowed is {MODES} (still at High Gain)",
            id="a truth value is no mode",
        ),
        pytest.param(
            "readout_mode",
            "Fibre",
            f"readout_mode 'Fibre' refused: allowed is {MODES} (still at High Gain). "
            "It needs the fibre link.",
            id="mode that cannot be used",
        ),
        pytest.param(
            "binning", 4, "binning 4 refused: allowed is one of 1, 2, 3 (still at 1)", id="unknown binning"
        ),
        pytest.param(
            "bit_depth", 12, "bit_depth 12 refused: allowed is one of 16 (still at 16)", id="unknown depth"
        ),
        pytest.param(
            "roi",
            (0, 0, 85, 74),
            f"roi (0, 0, 85, 74) refused: allowed is {AREA} (still at (0, 0, 84, 74))",
            id="area off the sensor",
        ),
        pytest.param(
            "roi",
            (0, 0, 0, 74),
            f"roi (0, 0, 0, 74) refused: allowed is {AREA} (still at (0, 0, 84, 74))",
            id="empty area",
        ),
        pytest.param(
            "roi",
            (0, 0.5, 4, 4),
            f"roi (0, 0.5, 4, 4) refused: allowed is {AREA} (still at (0, 0, 84, 74))",
            id="half a pixel",
        ),
        pytest.param(
            "roi",
            (0, 0, 4),
            f"roi (0, 0, 4) refused: allowed is {AREA} (still at (0, 0, 84, 74))",
            id="three numbers",
        ),
    ],
)
def test_a_refusal_is_one_line_that_says_what_is_allowed(name: str, asked: Any, message: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        OFFERED.check(name, asked, now=getattr(NOW, name))
    assert str(refused.value) == message


def test_a_camera_without_modes_says_so() -> None:
    bare = replace(OFFERED, modes=())
    with pytest.raises(SettingRefused) as refused:
        bare.check("readout_mode", "Fast")
    assert str(refused.value) == (
        "readout_mode 'Fast' refused: allowed is none: this camera has no readout modes"
    )


def test_a_refusal_survives_the_way_to_another_process() -> None:
    refused = SettingRefused("gain", 230, allowed="0–200", now=56, advice="Choose less")
    for copied in (pickle.loads(pickle.dumps(refused)), copy.copy(refused)):
        assert str(copied) == str(refused)
        assert (copied.setting, copied.asked, copied.now) == ("gain", 230, 56)


@pytest.mark.parametrize(
    ("asked", "roi"),
    [
        pytest.param(Settings(), Rectangle(0, 0, 84, 74), id="all with overscan"),
        pytest.param(Settings(overscan=False), Rectangle(24, 0, 60, 40), id="image without"),
        pytest.param(Settings(binning=3), Rectangle(0, 0, 84, 72), id="whole binned pixels"),
        pytest.param(
            Settings(binning=3, roi=Rectangle(1, 1, 8, 8)), Rectangle(3, 3, 6, 6), id="rounded inwards"
        ),
    ],
)
def test_the_area_lies_inside_what_is_read(asked: Settings, roi: Rectangle) -> None:
    resolved = OFFERED.resolve(asked, now=NOW)
    assert resolved == replace(NOW, roi=roi, binning=asked.binning or 1, overscan=asked.overscan is None)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param(
            Settings(overscan=False, roi=Rectangle(0, 0, 60, 40)),
            "roi (0, 0, 60, 40) refused: allowed is any area of at least one binned pixel inside "
            "(24, 0, 60, 40) (still at (0, 0, 84, 74)). With overscan=True the whole sensor can be read",
            id="dark columns without overscan",
        ),
        pytest.param(
            Settings(binning=3, roi=Rectangle(1, 1, 4, 4)),
            "roi (1, 1, 4, 4) refused: allowed is any area of at least one binned pixel inside "
            "(0, 0, 84, 74) (still at (0, 0, 84, 74))",
            id="less than a binned pixel",
        ),
    ],
)
def test_an_area_that_cannot_be_read_is_refused(asked: Settings, message: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        OFFERED.resolve(asked, now=NOW)
    assert str(refused.value) == message


def test_mode_and_gain_are_resolved_together() -> None:
    resolved = OFFERED.resolve(Settings(readout_mode="Photographic", gain=3, exposure=2), now=NOW)
    assert (resolved.readout_mode, resolved.gain, resolved.exposure) == ("Photographic", 3.0, 2.0)


@given(asked=settings_within(OFFERED))
def test_resolved_settings_are_complete_whole_and_stay_so(asked: Settings) -> None:
    resolved = OFFERED.resolve(asked, now=NOW)
    assert resolved.roi is not None
    assert resolved.binning is not None
    assert OFFERED.readable(bool(resolved.overscan)).contains(resolved.roi)
    assert all(v % resolved.binning == 0 for v in resolved.roi)
    for name in ("exposure", "gain", "readout_mode", "binning", "bit_depth", "overscan"):
        asked_for = getattr(asked, name)
        assert getattr(resolved, name) == (getattr(NOW, name) if asked_for is None else asked_for)
    assert OFFERED.resolve(resolved, now=NOW) == resolved


@given(data=st.data())
def test_settings_for_a_recording_come_from_what_was_recorded(data: st.DataObject) -> None:
    recorded = Capabilities(
        identity=Identity(model="recorded"),
        geometry=Geometry.plain(6, 4),
        exposure=Limits(low=0.1, high=0.4, unit="s", values=(0.1, 0.4)),
        overscan=(False,),
    )
    asked = data.draw(settings_within(recorded))
    assert asked.exposure in (None, 0.1, 0.4)
    assert (asked.gain, asked.readout_mode, asked.usb_traffic) == (None, None, None)
