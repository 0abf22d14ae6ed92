"""A sweep by every route that a user has records what the camera did, requested and actual."""

from __future__ import annotations

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky.simulators import check_limits
from bluesky.utils import FailedStatus
from ophyd.utils import LimitError

from qhy600_ophyd.contract import SettingRefused

GAINS = (10.0, 26.0, 26.5, 0.0)


def run_of(camera, *steps):
    """A run of one event after each of the plans `steps`."""

    @bpp.stage_decorator([camera])
    @bpp.run_decorator()
    def plan():
        for step in steps:
            yield from step
            yield from bps.trigger_and_read([camera])

    return plan()


def by_mv(camera):
    return run_of(camera, *(bps.mv(camera.gain, g) for g in GAINS))


def by_abs_set(camera):
    return run_of(camera, *(bps.abs_set(camera.gain, g, wait=True) for g in GAINS))


def by_abs_set_without_waiting(camera):
    return run_of(camera, *(bps.abs_set(camera.gain, g) for g in GAINS))


def by_configure(camera):
    return run_of(camera, *(bps.configure(camera, {"gain": g}) for g in GAINS))


def by_plain_set(camera):
    def set_it(gain):
        camera.gain.set(gain).wait(1)
        yield from bps.null()

    return run_of(camera, *(set_it(g) for g in GAINS))


def by_put(camera):
    def put_it(gain):
        camera.gain.put(gain)
        yield from bps.null()

    return run_of(camera, *(put_it(g) for g in GAINS))


def by_list_scan(camera):
    return bp.list_scan([camera], camera.gain, list(GAINS))


def by_list_grid_scan(camera):
    return bp.list_grid_scan([camera], camera.exposure, [0.1], camera.gain, list(GAINS))


def by_scan(camera):
    return bp.scan([camera], camera.gain, 10, 40, 4)


@pytest.mark.parametrize(
    "route",
    [
        by_mv,
        by_abs_set,
        by_abs_set_without_waiting,
        by_configure,
        by_plain_set,
        by_put,
        by_list_scan,
        by_list_grid_scan,
        by_scan,
    ],
)
def test_a_gain_sweep_by_any_route_records_what_the_camera_did(RE, camera, documents, route):
    RE(route(camera))
    asked = [10.0, 20.0, 30.0, 40.0] if route is by_scan else list(GAINS)
    truth = [record.settings.gain for record in camera.backend.presented]
    assert len(truth) == 4
    assert documents.data("camera_gain") == truth
    assert documents.data("camera_gain_requested") == asked
    assert [abs(actual - wish) <= 0.5 for actual, wish in zip(truth, asked, strict=True)] == [True] * 4


@pytest.mark.parametrize("first", ["readout_mode", "gain"])
def test_mode_and_gain_may_be_set_in_either_order(RE, camera, documents, first):
    mode = camera.capabilities.modes[1].name
    pairs = {"readout_mode": mode, "gain": 100}
    order = [first, *(name for name in pairs if name != first)]
    RE(run_of(camera, bps.mv(*(item for name in order for item in (getattr(camera, name), pairs[name])))))
    used = camera.backend.presented[0].settings
    assert (used.readout_mode, used.gain) == (mode, 100.0)
    assert (documents.data("camera_readout_mode"), documents.data("camera_gain")) == ([mode], [100.0])


def test_an_equal_value_is_written_again(RE, camera, monkeypatch):
    written = []
    configure = camera.backend.configure
    monkeypatch.setattr(camera.backend, "configure", lambda s: written.append(s.gain) or configure(s))
    RE(by_list_scan_of_equals(camera))
    assert written == [26.0, 26.0, 26.0]


def by_list_scan_of_equals(camera):
    return bp.list_scan([camera], camera.gain, [26, 26, 26])


def test_every_recorded_setting_is_that_of_the_frame(RE, camera, documents):
    RE(bp.list_grid_scan([camera], camera.offset, [10, 20], camera.usb_traffic, [0, 30]))
    for name in ("exposure", "gain", "offset", "usb_traffic", "readout_mode"):
        assert documents.data(f"camera_{name}") == [
            getattr(r.settings, name) for r in camera.backend.presented
        ]
    assert documents.data("camera_sequence") == list(range(len(camera.backend.presented)))


def test_limits_are_checked_by_bluesky_before_a_plan_runs(camera):
    with pytest.raises(LimitError, match="gain 230 refused"):
        check_limits(bp.list_scan([camera], camera.gain, [10, 230]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("gain", 230, id="gain-above"),
        pytest.param("gain", float("nan"), id="gain-nan"),
        pytest.param("exposure", 39e-6, id="exposure-below"),
        pytest.param("exposure", "long", id="exposure-text"),
        pytest.param("readout_mode", "No Such Mode", id="mode"),
        pytest.param("roi", (0, 0, 10_000, 10), id="roi-outside"),
        pytest.param("binning", 7, id="binning"),
        pytest.param("bit_depth", 12, id="bit_depth"),
    ],
)
def test_a_refused_value_in_a_plan_leaves_camera_and_folder_untouched(
    RE, camera, documents, tmp_path, name, value
):
    before = camera.resolved()
    with pytest.raises(SettingRefused, match=f"^{name} .*refused: allowed is ") as refused:
        RE(run_of(camera, bps.mv(getattr(camera, name), value)))
    assert "\n" not in str(refused.value)
    assert not isinstance(refused.value, FailedStatus)
    assert documents["stop"][0]["exit_status"] == "fail"
    assert camera.backend.presented == []
    assert camera.resolved() == before
    assert not (tmp_path / "data").exists()
