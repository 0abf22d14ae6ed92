"""The experiments: what they take, in which order, with which labels, and how they leave the light."""

from __future__ import annotations

import numpy as np
import pytest
from bluesky import Msg
from bluesky.simulators import check_limits
from bluesky.utils import FailedStatus
from ophyd.sim import SynAxis, SynSignal

from qhy600_ophyd.contract import Fault, SettingRefused
from qhy600_ophyd.device import Light
from qhy600_ophyd.plans import exposure_series, gain_sweep, linearity, take

TIMES = (0.1, 0.2, 0.3)

HALF_A_LINE = 2.1e-5
"""The camera exposes for whole lines: seconds by which a short exposure may differ from what was asked."""


@pytest.fixture
def light(camera):
    return Light(camera.backend.light, name="light", pixel_size=3.76)


def labels(documents):
    return list(
        zip(
            documents.data("camera_frame_kind"),
            documents.data("camera_step"),
            documents.data("camera_repeat"),
            strict=True,
        )
    )


def blocks(*kinds_and_steps, repeats=2):
    return [(kind, step, n) for kind, step in kinds_and_steps for n in range(repeats)]


ORDERS = {
    "dark_first": [("dark", 0), ("light", 0), ("dark", 1), ("light", 1)],
    "light_first": [("light", 0), ("dark", 0), ("light", 1), ("dark", 1)],
    "all_darks_first": [("dark", 0), ("dark", 1), ("light", 0), ("light", 1)],
    "all_lights_first": [("light", 0), ("light", 1), ("dark", 0), ("dark", 1)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_linearity_takes_labelled_darks_and_lights_in_the_order_asked_for(
    RE, camera, light, documents, agree, order
):
    RE(linearity(camera, light, [0.2, 0.1], order=order))
    assert agree() == 8
    assert labels(documents) == blocks(*ORDERS[order])
    for (kind, step, _), record in zip(labels(documents), camera.backend.presented, strict=True):
        assert record.settings.exposure == pytest.approx([0.1, 0.2][step], abs=HALF_A_LINE)
        assert record.irradiance == (light.on if kind == "light" else 0.0)
    assert light.get() == 0.0


def test_linearity_in_levels_of_the_light_at_one_exposure(RE, camera, light, documents, agree):
    RE(linearity(camera, light, levels=np.array([500.0, 100.0]), exposure=0.5))
    assert agree() == 8
    assert labels(documents) == blocks(*ORDERS["dark_first"])
    assert [r.irradiance for r in camera.backend.presented] == [0, 0, 100, 100, 0, 0, 500, 500]
    (exposure,) = {r.settings.exposure for r in camera.backend.presented}
    assert exposure == pytest.approx(0.5, abs=HALF_A_LINE)
    assert documents.data("camera_photons") == [exposure * r.irradiance for r in camera.backend.presented]
    assert documents["start"][0]["hints"]["dimensions"] == [(["light"], "primary")]


def test_the_start_document_says_what_was_run_with_what_and_why(RE, camera, light, documents):
    RE(linearity(camera, light, np.array(TIMES), md={"operator": "somebody"}))
    (start,) = documents["start"]
    assert start["plan_name"] == "linearity"
    assert start["plan_args"]["exposures"] == list(TIMES)
    assert start["plan_args"]["camera"] == "camera"
    assert start["plan_args"]["light"] == "light"
    assert start["plan_args"]["order"] == "dark_first"
    assert start["purpose"]
    assert start["operator"] == "somebody"
    assert start["num_points"] == len(documents.events()) == 12
    assert {"qhy600-ophyd", "bluesky", "ophyd", "numpy", "h5py"} <= set(start["software"])
    assert start["detectors"] == ["camera"]
    assert start["motors"] == ["camera_exposure", "light"]


def test_exposure_series_takes_each_time_shortest_first(RE, camera, light, documents, agree):
    RE(exposure_series(camera, [0.3, 0.1, 0.2], repeats=2, kind="flat", light=light))
    assert agree() == 6
    assert labels(documents) == blocks(("flat", 0), ("flat", 1), ("flat", 2))
    times = [0.1, 0.1, 0.2, 0.2, 0.3, 0.3]
    assert documents.data("camera_exposure") == pytest.approx(times, abs=HALF_A_LINE)
    assert documents.data("light") == [light.on] * 6
    assert documents["start"][0]["hints"]["dimensions"] == [(["camera_exposure"], "primary")]


def test_gain_sweep_takes_darks_and_lights_at_each_gain_and_leaves_the_light_dark(
    RE, camera, light, documents, agree
):
    RE(gain_sweep(camera, [56, 0], exposure=0.2, light=light))
    assert agree() == 8
    assert labels(documents) == blocks(*ORDERS["dark_first"])
    assert (
        documents.data("camera_gain")
        == [r.settings.gain for r in camera.backend.presented]
        == [0] * 4 + [56] * 4
    )
    assert light.get() == 0.0


def test_gain_sweep_without_a_light_takes_frames_as_they_are(RE, camera, documents, agree):
    RE(gain_sweep(camera, [0, 26], repeats=1))
    assert agree() == 2
    assert labels(documents) == blocks(("light", 0), ("light", 1), repeats=1)


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(lambda c, li: linearity(c, li, TIMES), id="linearity"),
        pytest.param(lambda c, li: gain_sweep(c, [0, 26, 56], light=li), id="gain_sweep"),
    ],
)
def test_the_light_is_left_dark_when_the_experiment_fails(RE, make_camera, documents, plan):
    camera = make_camera(faults=[Fault(name="frame_lost", at=("frame", 3), times=5)])
    light = Light(camera.backend.light, name="light")
    with pytest.raises(FailedStatus):
        RE(plan(camera, light))
    assert camera.backend.log[-1].irradiance == light.on
    assert light.get() == 0.0
    assert documents["stop"][0]["exit_status"] == "fail"


REFUSED = [
    pytest.param(lambda c, li: linearity(c, li), "exposures= or levels=", id="no-steps"),
    pytest.param(lambda c, li: linearity(c, li, TIMES, levels=TIMES), "one of the two", id="both"),
    pytest.param(
        lambda c, li: linearity(li, c, TIMES), "camera light .*not something that exposes", id="swapped"
    ),
    pytest.param(
        lambda c, li: exposure_series(TIMES, c),
        "camera \\(0.1, 0.2, 0.3\\) refused.*exposes",
        id="swapped-series",
    ),
    pytest.param(lambda c, li: gain_sweep(li, [0]), "camera light refused.*exposes", id="swapped-gain"),
    pytest.param(lambda c, li: linearity(c, li, []), "at least one number", id="empty"),
    pytest.param(lambda c, li: linearity(c, li, levels=[]), "at least one number", id="empty-levels"),
    pytest.param(lambda c, li: linearity(c, li, [0.1, 0.1]), "0.1 twice", id="twice"),
    pytest.param(lambda c, li: linearity(c, li, ["long"]), "a list of numbers", id="text"),
    pytest.param(lambda c, li: linearity(c, li, 0.1), "a list of numbers", id="scalar"),
    pytest.param(lambda c, li: linearity(c, li, [float("nan")]), "all finite", id="nan"),
    pytest.param(lambda c, li: linearity(c, li, [0.1, 1e9]), "exposure 1e.09 refused", id="too-long"),
    pytest.param(lambda c, li: linearity(c, li, levels=[1.0, 1e12]), "light 1.*refused", id="too-bright"),
    pytest.param(lambda c, li: linearity(c, li, TIMES, exposure=1), "belongs to levels=", id="exposure"),
    pytest.param(lambda c, li: linearity(c, li, TIMES, repeats=0), "repeats 0 refused", id="repeats"),
    pytest.param(lambda c, li: linearity(c, li, TIMES, order="random"), "order 'random'", id="order"),
    pytest.param(lambda c, li: linearity(c, SynAxis(name="lamp"), TIMES), "lamp does not say", id="light"),
    pytest.param(lambda c, li: exposure_series(c, TIMES, kind="sky"), "kind 'sky' refused", id="kind"),
    pytest.param(lambda c, li: exposure_series(c, [1e-6]), "exposure 1e-06 refused", id="too-short"),
    pytest.param(lambda c, li: gain_sweep(c, [0, 201]), "gain 201 refused", id="gain"),
    pytest.param(lambda c, li: gain_sweep(c, [0], exposure=-1), "exposure -1 refused", id="negative"),
    pytest.param(lambda c, li: gain_sweep(Plain(), [0]), "a camera with a gain", id="no-gain"),
]


@pytest.mark.parametrize(("plan", "words"), REFUSED)
def test_a_wrong_argument_is_refused_in_one_line_before_a_run_is_opened(
    RE, camera, light, documents, tmp_path, plan, words
):
    with pytest.raises(SettingRefused, match=words) as refused:
        RE(plan(camera, light))
    assert "\n" not in str(refused.value)
    assert documents.documents == []
    assert camera.backend.presented == []
    assert light.get() == light.on
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"], ids=str)
def test_take_refuses_a_number_of_frames_that_is_none(camera, n):
    with pytest.raises(SettingRefused, match=r"frames .* refused"):
        list(take(camera, n))


def test_take_refuses_what_does_not_expose(light):
    with pytest.raises(SettingRefused, match=r"camera light refused.*light is not something that exposes$"):
        list(take(light))


def test_the_plans_can_be_checked_for_limits_without_running(camera, light):
    check_limits(linearity(camera, light, TIMES))


class Plain(SynSignal):
    """A detector with an exposure time and nothing else of ours."""

    def __init__(self):
        super().__init__(name="plain", func=lambda: 1.0)
        self.exposure = SynAxis(name="plain_exposure")


def test_linearity_works_with_a_detector_and_a_lamp_of_other_people(RE, documents):
    lamp = SynAxis(name="lamp")
    RE(linearity(Plain(), lamp, TIMES, on=5, off=0))
    assert documents.data("lamp") == [0, 0, 5, 5] * 3
    assert lamp.position == 0


def test_a_motor_for_a_light_gives_frames_whose_photons_are_those_of_the_camera(RE, camera, documents, agree):
    shutter = SynAxis(name="shutter")
    RE(linearity(camera, shutter, [0.1], on=1, off=0, repeats=1))
    assert agree() == 2
    assert documents.data("shutter") == [0, 1]


def test_a_label_is_set_before_its_frame_is_triggered(camera):
    commands = [(m.command, getattr(m.obj, "name", "")) for m in take(camera, 1, kind="dark", step=2)]
    assert commands.index(("set", "camera_step")) < commands.index(("trigger", "camera"))
    assert all(isinstance(m, Msg) for m in take(camera, 1))
