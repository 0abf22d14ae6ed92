"""The small values of the contract: limits, settings, faults."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.contract import FRAME_SHAPING, SETTING_NAMES, Fault, Limits, ProfileError, Settings
from qhy600_ophyd.sensor import Rectangle

RANGE = Limits(low=0.0, high=200.0, unit="1")
RECORDED = Limits(low=0.1, high=0.3, unit="s", values=(0.1, 0.3))
MANY = Limits(low=1.0, high=7.0, unit="s", values=tuple(float(v) for v in range(1, 8)))


@pytest.mark.parametrize(
    ("limits", "value", "accepted"),
    [
        pytest.param(RANGE, 0.0, True, id="low end"),
        pytest.param(RANGE, 200.0, True, id="high end"),
        pytest.param(RANGE, math.nextafter(200.0, math.inf), False, id="just above"),
        pytest.param(RANGE, math.nextafter(0.0, -math.inf), False, id="just below"),
        pytest.param(RANGE, math.nan, False, id="nan"),
        pytest.param(Limits(low=0.0, high=math.inf, unit="s"), math.inf, False, id="infinite"),
        pytest.param(RECORDED, 0.1, True, id="recorded"),
        pytest.param(RECORDED, 0.1 + 1e-12, True, id="recorded but for rounding"),
        pytest.param(RECORDED, 0.2, False, id="between two recorded values"),
        pytest.param(RECORDED, 0.1001, False, id="near a recorded value"),
        pytest.param(Limits(low=0.0, high=0.0, unit="s", values=(0.0,)), 0.0, True, id="recorded zero"),
    ],
)
def test_limits_accept_what_lies_inside(limits: Limits, value: float, accepted: bool) -> None:
    assert limits.accepts(value) is accepted


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        pytest.param(RANGE, "0–200", id="register"),
        pytest.param(Limits(low=4e-5, high=3600, unit="s"), "4e-05–3600 s", id="seconds"),
        pytest.param(RECORDED, "one of the recorded 0.1, 0.3 s", id="few recorded"),
        pytest.param(MANY, "one of 7 recorded values from 1 to 7 s", id="many recorded"),
    ],
)
def test_limits_read_as_a_phrase(limits: Limits, text: str) -> None:
    assert str(limits) == text


def test_given_settings_replace_and_the_others_stay() -> None:
    before = Settings(exposure=1.0, gain=56.0, overscan=True)
    after = before.updated(Settings(exposure=2.0, overscan=False))
    assert after == Settings(exposure=2.0, gain=56.0, overscan=False)
    assert before.exposure == 1.0


def test_zero_is_a_given_value() -> None:
    assert Settings(gain=56.0, offset=5.0).updated(Settings(gain=0.0, offset=0.0)).gain == 0.0


def test_a_setting_can_be_withdrawn() -> None:
    assert Settings(roi=Rectangle(0, 0, 1, 1)).with_value("roi", None) == Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().gain = 3.0  # type: ignore[misc]


def test_every_setting_has_a_name_and_those_that_shape_a_frame_are_among_them() -> None:
    assert len(set(SETTING_NAMES)) == len(SETTING_NAMES)
    assert set(FRAME_SHAPING) < set(SETTING_NAMES)
    assert all(hasattr(Settings(), name) for name in SETTING_NAMES)


some_settings = st.builds(
    Settings,
    exposure=st.none() | st.floats(0, 10),
    gain=st.none() | st.floats(0, 10),
    binning=st.none() | st.integers(1, 4),
    overscan=st.none() | st.booleans(),
)


@given(some_settings, some_settings, some_settings)
def test_updating_is_associative_and_nothing_is_neutral(a: Settings, b: Settings, c: Settings) -> None:
    assert a.updated(b).updated(c) == a.updated(b.updated(c))
    assert a.updated(Settings()) == a == Settings().updated(a)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        pytest.param({"name": "lost"}, Fault(name="lost"), id="name alone"),
        pytest.param(
            {"name": "lost", "at": {"frame": 3}}, Fault(name="lost", at=("frame", 3.0)), id="at a frame"
        ),
        pytest.param(
            {"name": "lost", "at": {"time": 2.5}, "times": 2, "probability": 0.5},
            Fault(name="lost", at=("time", 2.5), times=2, probability=0.5),
            id="everything",
        ),
    ],
)
def test_a_fault_is_read_from_a_profile(entry: dict[str, Any], fault: Fault) -> None:
    assert Fault.from_mapping(entry) == fault


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(("night", 1), id="kind"),
        pytest.param(("frame", "3"), id="text"),
        pytest.param(("frame", 2.5), id="half a frame"),
        pytest.param(("call", -1), id="before the first"),
        pytest.param(("time", float("nan")), id="no number"),
        pytest.param(("frame", True), id="truth value"),
        pytest.param(("frame",), id="kind alone"),
        pytest.param(3, id="number alone"),
        pytest.param({"frame": 3}, id="table"),
    ],
)
def test_a_fault_at_no_moment_is_refused_when_it_is_made(at: Any) -> None:
    with pytest.raises(ProfileError) as refused:
        Fault(name="lost", at=at)
    assert str(refused.value) == (
        f"fault 'lost': at {at!r} refused: allowed is ('time', seconds), ('frame', number) or "
        "('call', number), from 0 on, frames and calls whole, or none"
    )


@pytest.mark.parametrize("at", [("time", 0), ("time", 2.5), ("frame", 0), ("frame", 3.0), ("call", 7), None])
def test_a_fault_at_a_moment_comes_back_from_its_table(at: Any) -> None:
    fault = Fault(name="lost", at=at)
    assert Fault.from_mapping(fault.as_mapping()) == fault


@pytest.mark.parametrize("times", [1, 3, None])
def test_a_fault_may_strike_as_often_after_a_round_trip_through_json_as_before(times: int | None) -> None:
    fault = Fault(name="lost", times=times, probability=0.5)
    assert Fault.from_mapping(json.loads(json.dumps(fault.as_mapping()))) == fault


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param(
            {"at": {"frame": 3}},
            "fault {'at': {'frame': 3}} refused: allowed are name (needed), at, probability, times",
            id="no name",
        ),
        pytest.param(
            {"name": "lost", "when": 3},
            "fault {'name': 'lost', 'when': 3} refused: allowed are name (needed), at, probability, times",
            id="unknown key",
        ),
        pytest.param(
            {"name": "lost", "at": {"night": 1}},
            "fault 'lost': at {'night': 1} refused: allowed is one of time, frame, call",
            id="unknown moment",
        ),
        pytest.param(
            {"name": "lost", "at": {"time": 1, "frame": 1}},
            "fault 'lost': at {'time': 1, 'frame': 1} refused: allowed is one of time, frame, call",
            id="two moments",
        ),
        pytest.param(
            {"name": "lost", "at": 3},
            "fault 'lost': at 3 refused: allowed is one of time, frame, call",
            id="bare",
        ),
        pytest.param(
            {"name": "lost", "probability": 1.5},
            "fault 'lost': probability 1.5 refused: allowed is 0–1",
            id="improbable",
        ),
        pytest.param(
            {"name": "lost", "times": 0},
            "fault 'lost': times 0 refused: allowed is 1 or more, or 'unbounded'",
            id="never",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError) as refused:
        Fault.from_mapping(entry)
    assert str(refused.value) == message
