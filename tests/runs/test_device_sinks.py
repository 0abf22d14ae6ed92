"""Where frames go, and when the camera is opened and given back."""

from __future__ import annotations

import bluesky.plans as bp
import pytest

from qhy600_ophyd.contract import StoreError
from qhy600_ophyd.datasets import RunFolders


def test_a_factory_makes_the_sinks(RE, make_camera, documents, tmp_path):
    asked = []
    store = RunFolders(tmp_path / "elsewhere")

    def factory(stream, layout):
        asked.append((stream, layout.shape))
        return store(stream, layout)

    camera = make_camera(sink=factory)
    RE(bp.count([camera], 2))
    assert asked == [("primary", (82, 88))]
    assert len(list((tmp_path / "elsewhere").rglob("primary.h5"))) == 1


def test_a_path_provider_of_ophyd_async_says_where(RE, make_camera, documents, tmp_path):
    core = pytest.importorskip("ophyd_async.core")
    provider = core.StaticPathProvider(core.UUIDFilenameProvider(), tmp_path / "provided")
    camera = make_camera(sink=provider)
    RE(bp.count([camera], 2))
    (path,) = (tmp_path / "provided").rglob("primary.h5")
    assert documents["stream_resource"][0]["uri"] == path.as_uri().replace("file://", "file://localhost")


@pytest.mark.parametrize("sink", [None, 42], ids=["none", "number"])
def test_a_sink_that_is_none_is_refused_when_it_is_needed(make_camera, sink):
    camera = make_camera(sink=sink)
    with pytest.raises(StoreError, match="give a directory, a factory"):
        camera.stage()
    camera.unstage()


def test_a_folder_that_cannot_be_made_is_refused_and_the_camera_untouched(
    RE, make_camera, documents, tmp_path
):
    (tmp_path / "taken").write_text("a file is in the way")
    camera = make_camera(sink=tmp_path / "taken" / "data")
    with pytest.raises(StoreError, match="cannot be made") as refused:
        RE(bp.count([camera]))
    assert "\n" not in str(refused.value)
    assert camera.backend.log == []
    assert documents["stop"][0]["exit_status"] == "fail"


# -- life --


def test_making_a_device_touches_nothing(make_camera, tmp_path):
    camera = make_camera()
    assert not camera.is_open
    assert camera.backend.status().state == "closed"
    assert camera.model.get() == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(lambda c: c.stage(), id="stage"),
        pytest.param(lambda c: c.describe(), id="describe"),
        pytest.param(lambda c: c.gain.set(10), id="set"),
        pytest.param(lambda c: c.gain.describe(), id="describe-a-signal"),
        pytest.param(lambda c: c.temperature.describe(), id="describe-the-cooler"),
    ],
)
def test_a_verb_that_needs_the_camera_opens_it(camera, verb):
    verb(camera)
    assert camera.is_open
    assert camera.backend.status().state == "idle"
    camera.unstage()
    assert camera.is_open


def test_with_gives_the_camera_back_even_when_the_cell_fails(camera):
    def cell():
        with camera:
            assert camera.backend.status().state == "idle"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cell()
    assert camera.backend.status().state == "closed"
    camera.close()


def test_a_camera_opened_again_takes_up_what_was_requested(RE, camera, documents):
    camera.gain.set(42)
    RE(bp.count([camera]))
    camera.close()
    assert not camera.is_open
    RE(bp.count([camera]))
    assert documents.data("camera_gain") == [42.0, 42.0]


def test_without_a_run_engine_frames_are_kept_all_the_same(camera, files):
    camera.stage()
    for _ in range(3):
        camera.trigger().wait(10)
    assert camera.get_index() == 3
    camera.unstage()
    assert files() == {"primary.h5": 3}
