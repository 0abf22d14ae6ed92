"""What a camera in another process may be made from."""

from __future__ import annotations

import pickle
import re
import threading

import pytest
from shaky_camera import SHAKY, ShakyCamera

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.backends.simulated import FreeClock, SimulatedCamera
from qhy600_ophyd.contract import Fault, ProfileError, SettingRefused
from qhy600_ophyd.testing import SteppedClock

SIMULATED = "qhy600_ophyd.backends.simulated:SimulatedCamera"


def test_it_makes_a_closed_camera_on_its_clock() -> None:
    clock = SteppedClock()
    camera = Recipe(factory=SHAKY, arguments={"width": 10}, clock=clock).make()
    assert isinstance(camera, ShakyCamera)
    assert camera.status().state == "closed"
    assert camera.clock is clock


def test_without_a_clock_the_factory_has_its_own() -> None:
    assert isinstance(Recipe(factory=SIMULATED).make().clock, FreeClock)


def test_a_class_may_have_another_way_to_make_one() -> None:
    camera = Recipe(factory=f"{SIMULATED}.drawn", arguments={"seed": 3, "width": 16, "height": 16}).make()
    assert isinstance(camera, SimulatedCamera)
    assert camera.physics == SimulatedCamera.drawn(3, width=16, height=16).physics


def test_a_copy_makes_the_same_camera() -> None:
    recipe = Recipe(
        factory=SIMULATED,
        arguments={"width": 16, "height": 16, "seed": 7, "faults": (Fault(name="frame_lost"),)},
        clock=SteppedClock(start=5.0),
    )
    again = pickle.loads(pickle.dumps(recipe))
    assert (again.factory, again.arguments) == (recipe.factory, recipe.arguments)
    assert again.make().clock.monotonic() == recipe.make().clock.monotonic()


def test_what_is_changed_afterwards_does_not_change_it() -> None:
    arguments = {"width": 10}
    recipe = Recipe(factory=SHAKY, arguments=arguments)
    arguments["width"] = 20
    assert recipe.make().geometry == ShakyCamera(width=10).geometry


@pytest.mark.parametrize(
    ("factory", "arguments", "why"),
    [
        ("shaky_camera", {}, "allowed is 'package.module:Name'"),
        (":ShakyCamera", {}, "allowed is 'package.module:Name'"),
        ("__main__:Camera", {}, "put it into a module"),
        ("no_such_module:Camera", {}, "No module named 'no_such_module'"),
        ("shaky_camera:NoSuchCamera", {}, "has no attribute 'NoSuchCamera'"),
        ("shaky_camera:MISHAPS", {}, "cannot be called"),
        (SHAKY, {"breadth": 3}, "breadth"),
        (f"{SIMULATED}.drawn", {}, "seed"),
        (SHAKY, {"diary": threading.Lock()}, "diary, a lock, cannot go to another process"),
        (SHAKY, {"goes_wrong": {"grab": lambda: None}}, "goes_wrong, a dict, cannot go to another process"),
    ],
    ids=["no-name", "no-module", "main", "missing-module", "missing-name", "not-callable",
         "unknown-argument", "missing-argument", "lock", "lambda"],
)  # fmt: skip
def test_what_cannot_be_made_elsewhere_is_refused_when_it_is_written_down(
    factory: str, arguments: dict, why: str
) -> None:
    with pytest.raises(ProfileError, match=re.escape(why)) as refused:
        Recipe(factory=factory, arguments=arguments)
    assert "\n" not in str(refused.value)
    assert repr(factory) in str(refused.value)


def test_a_camera_that_refuses_its_arguments_does_so_before_there_is_a_process() -> None:
    before = threading.active_count()
    with pytest.raises(SettingRefused, match="width"):
        IsolatedCamera(Recipe(factory=SIMULATED, arguments={"width": 0}))
    with pytest.raises(ProfileError, match="no_such_fault"):
        IsolatedCamera(Recipe(factory=SIMULATED, arguments={"faults": (Fault(name="no_such_fault"),)}))
    assert threading.active_count() == before


@pytest.mark.parametrize("answer", [0.0, -1.0, float("nan")])
def test_no_time_to_answer_is_refused(answer: float) -> None:
    with pytest.raises(SettingRefused, match="answer"):
        IsolatedCamera(Recipe(factory=SHAKY), answer=answer)


@pytest.mark.parametrize(
    "clock",
    [FreeClock(start=10**18), SteppedClock(start=2.0, auto=True, sleepers=3, longest=7.0)],
    ids=["free", "stepped"],
)
def test_a_copy_of_a_clock_stands_where_it_stood_and_goes_its_own_way(clock) -> None:
    clock.wait(3.0) if isinstance(clock, FreeClock) else clock.advance(3.0)
    copy = pickle.loads(pickle.dumps(clock))
    now = (clock.monotonic(), clock.utc_ns())
    assert (copy.monotonic(), copy.utc_ns()) == now
    copy.wait(1.0) if isinstance(copy, FreeClock) else copy.advance(1.0)
    assert copy.monotonic() == now[0] + 1.0
    assert clock.monotonic() == now[0]
    for name in ("auto", "sleepers", "longest"):
        assert getattr(copy, name, None) == getattr(clock, name, None)
