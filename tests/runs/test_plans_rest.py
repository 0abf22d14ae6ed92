"""The rest of a plan: what was taken is left out, and all else is done as always."""

from __future__ import annotations

import pytest
from bluesky.protocols import Triggerable

from qhy600_ophyd.device import Light
from qhy600_ophyd.plans import FrameLabel, burst, exposure_series, frames_of, gain_sweep, linearity, rest_of

TIMES = (0.1, 0.2)


@pytest.fixture
def light(camera):
    return Light(camera.backend.light, name="light", pixel_size=3.76)


@pytest.fixture
def plans_of(camera, light):
    """Each step plan, made as often as it is asked for."""
    return {
        "exposure_series": lambda: exposure_series(camera, TIMES, repeats=3, light=light),
        "gain_sweep": lambda: gain_sweep(camera, [0, 30], exposure=0.1, light=light),
        "linearity": lambda: linearity(camera, light, TIMES),
    }


def told(documents):
    names = ("camera_frame_kind", "camera_step", "camera_repeat")
    return [
        FrameLabel(kind=kind, step=step, repeat=repeat)
        for kind, step, repeat in zip(*(documents.data(name) for name in names), strict=True)
    ]


@pytest.mark.parametrize("plan", ["exposure_series", "gain_sweep", "linearity"])
def test_the_frames_of_a_plan_are_known_before_it_runs(RE, camera, documents, plans_of, plan):
    expected = frames_of(plans_of[plan](), camera)
    assert not camera.is_open or not camera.backend.log, "nothing was exposed"
    RE(plans_of[plan]())
    assert told(documents) == expected
    assert len(set(expected)) == len(expected)


@pytest.mark.parametrize(
    ("plan", "there"),
    [("exposure_series", 4), ("gain_sweep", 3), ("linearity", 0), ("linearity", 1), ("linearity", "all")],
)
def test_the_rest_is_what_was_not_taken_in_the_order_of_the_plan(
    RE, camera, documents, agree, plans_of, plan, there
):
    frames = frames_of(plans_of[plan](), camera)
    taken = frames if there == "all" else frames[:there]
    RE(rest_of(plans_of[plan](), camera, taken=taken))
    if there != "all":
        assert agree() == len(frames) - len(taken)
        assert told(documents) == frames[len(taken) :]
    assert documents["stop"][-1]["exit_status"] == "success"


def test_a_frame_in_the_middle_may_be_missing(RE, camera, documents, plans_of):
    frames = frames_of(plans_of["linearity"](), camera)
    missing = frames[3:5]
    RE(rest_of(plans_of["linearity"](), camera, taken=set(frames) - set(missing)))
    assert told(documents) == missing


def test_lights_and_settings_are_those_that_the_remaining_frames_need(RE, camera, light, plans_of, documents):
    frames = frames_of(plans_of["linearity"](), camera)
    RE(rest_of(plans_of["linearity"](), camera, taken=frames[:6]))
    assert documents.data("camera_exposure_requested") == [0.2, 0.2]
    assert documents.data("camera_irradiance") == [light.on, light.on]
    assert light.get() == 0.0, "and it is left dark"


def test_another_device_that_is_triggered_with_a_skipped_frame_is_left_out_too(RE, camera, documents):
    class Shutter(Light, Triggerable):
        triggered = 0

        def trigger(self):
            self.triggered += 1
            return self.set(0.0)

    shutter = Shutter(camera.backend.light, name="shutter")

    def plan():
        return exposure_series(camera, TIMES, repeats=2, light=shutter)

    taken = frames_of(plan(), camera)[:3]
    RE(rest_of(plan(), camera, taken=taken))
    assert shutter.triggered == 1


def test_a_burst_counts_on_from_where_it_is_told(RE, camera, documents, opened):
    RE.subscribe(camera.on_document)
    RE(rest_of(burst(camera, 4, exposure=0.05), camera, first_repeat=6))
    assert list(opened("burst").repeat) == [6, 7, 8, 9]
