"""The same settings, step by step or in a live stream: the same counts, settings and coordinates."""

from __future__ import annotations

import bluesky.plans as bp
import bluesky.preprocessors as bpp
import h5py
import numpy as np
import pytest

from qhy600_ophyd.contract import SETTING_NAMES
from qhy600_ophyd.plans import burst, fly, take

SETTINGS = {"gain": 56.0, "offset": 40.0, "exposure": 0.2, "readout_mode": 1, "usb_traffic": 10}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="whole"),
        pytest.param({"roi": (30, 4, 40, 30)}, id="roi"),
        pytest.param({"binning": 2}, id="binned"),
        pytest.param({"bit_depth": 8, "overscan": False}, id="8-bit"),
    ],
)
def test_step_and_fly_agree_in_counts_settings_and_coordinates(RE, camera, opened, more):
    RE.subscribe(camera.on_document)
    for name, value in {**SETTINGS, **more}.items():
        getattr(camera, name).set(value)
    backend = camera.backend
    runs, true = {}, {}
    for plan in (lambda: bp.count([camera], 4), lambda: burst(camera, 4, kind="light")):
        first = len(backend.presented)
        RE(plan())
        name = "count" if not runs else "burst"
        runs[name] = opened(name)
        true[name] = [backend.reproduce(record) for record in backend.presented[first : first + 4]]
    step, flown = runs["count"], runs["burst"]
    assert step.sizes == flown.sizes
    assert set(step.variables) == set(flown.variables)
    for name in runs:
        # The noise is another in each exposure: the counts of each are those of its own, exactly.
        assert (runs[name].counts.values == np.array(true[name])).all()
    sigma = float(np.hypot(step.counts.std(), flown.counts.std())) / np.sqrt(step.counts.size)
    assert abs(float(step.counts.mean() - flown.counts.mean())) < 5 * sigma
    for setting in SETTING_NAMES:
        for suffix in ("", "_requested", "_reported"):
            column = setting + suffix
            assert (step[column].values == flown[column].values).all(), column
    for axis in ("x", "y", "x_region", "y_region"):
        assert (step[axis].values == flown[axis].values).all(), axis
    for column in ("photons", "irradiance", "wavelength", "saturation_code", "readout_mode_index"):
        assert (step[column].values == flown[column].values).all(), column
    # The level of a region is that of its counts, in both.
    image = {"y": flown.y_region == 0, "x": flown.x_region == 0}
    for one in runs.values():
        assert np.allclose(one["mean"], one.counts.isel(image).mean(("y", "x")), rtol=1e-12)


def test_a_camera_that_has_flown_steps_at_once_and_the_other_way_round(RE, camera, documents, files, opened):
    RE.subscribe(camera.on_document)
    camera.gain.set(42)

    def both():
        yield from take(camera, 2, kind="dark", step=0)
        request = camera.fly_request(frames=3, on_loss="fail", stream="flown", rewinds=False)
        yield from fly(camera, request, stream="flown", kind="light", step=1)
        yield from take(camera, 2, kind="dark", step=2)

    RE(bpp.stage_wrapper(bpp.run_wrapper(both()), [camera]))
    assert files() == {"flown.h5": 3, "primary.h5": 4}
    assert documents.data("camera_gain") == [42.0] * 4
    assert documents.data("camera_frame_kind") == ["dark"] * 4
    assert documents["stop"][0]["num_events"] == {"flown": 3, "primary": 4}
    assert {r.settings.gain for r in camera.backend.presented} == {42.0}


def test_a_mode_is_initialised_anew_and_every_setting_written_again(RE, camera, documents, tmp_path):
    RE.subscribe(camera.on_document)
    for name, value in SETTINGS.items():
        getattr(camera, name).set(value)
    RE(bp.count([camera]))
    RE(burst(camera, 2))
    RE(bp.count([camera]))
    settings = [r.settings for r in camera.backend.presented]
    assert len(settings) == 4
    assert {(s.gain, s.offset, s.readout_mode, s.usb_traffic) for s in settings} == {
        (56.0, 40.0, camera.capabilities.modes[1].name, 10.0)
    }
    assert documents.data("camera_discarded") == [1, 1]
    (path,) = (tmp_path / "data").glob("*_burst_*/primary.h5")
    with h5py.File(path, "r") as file:
        # The first frame of a live stream never comes.
        assert list(file["discarded"]) == [1, 0]


def test_labels_count_within_a_burst(RE, camera, opened):
    RE.subscribe(camera.on_document)
    RE(burst(camera, 3, exposure=0.2, kind="flat"))
    run = opened("burst")
    assert list(run.frame_kind.values) == ["flat"] * 3
    assert list(run.step.values) == [0] * 3
    assert list(run.repeat.values) == [0, 1, 2]
