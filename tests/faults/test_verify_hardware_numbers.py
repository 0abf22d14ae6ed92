"""Frames that the camera numbers itself: every drop of a stream is found, in simulator and stand-in."""

from __future__ import annotations

import numpy as np
import pytest
from driver_rig import buffer, opened
from sdk_rig import GEOMETRY, SINGLE
from standin_library import Standin, fresh, why_not

from qhy600_ophyd.backends.sdk import SdkCamera
from qhy600_ophyd.contract import Fault, Frame, Layout, Settings
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify
from qhy600_ophyd.device.row import compose_row
from qhy600_ophyd.sensor import Region
from qhy600_ophyd.sensor.gps_header import LENGTH, decode
from qhy600_ophyd.testing import SteppedClock

FEW = 12
without_library = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


def stored(camera, path, *counts):
    """Frames of a camera in a file: for each number one acquisition of so many."""
    shape = camera.settings.frame_shape
    sink = HDF5FrameSink(path)
    layout = Layout(
        shape=shape,
        dtype=camera.settings.frame_dtype,
        x=np.arange(float(shape[1])),
        y=np.arange(float(shape[0])),
        x_region=np.zeros(shape[1], np.int8),
        y_region=np.zeros(shape[0], np.int8),
        start={"uid": "0f7a1c52", "time": 0.0},
    )
    sink.open("primary", layout)
    for frames in counts:
        out = buffer(camera)
        camera.arm(frames)
        for _ in range(frames):
            info = camera.grab(out, 8.0)
            offer = camera.capabilities
            row = compose_row(info, requested=camera.settings, capabilities=offer, light=None)
            sink.append(Frame(out, row))
    sink.close()
    return path


def missing(verification):
    return sum(int(finding.what.split()[4]) for finding in verification.findings)


@pytest.fixture
def camera():
    """Makes cameras with a GPS header, a GPS receiver unless told otherwise, and closes them."""
    made = []

    def make(*faults, **parameters):
        made.append(opened(*faults, **{"gps_header": True, "gps_locked": True, **parameters}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    "acquisitions", [(FEW,), (1,) * FEW, (4, 1, 4, 1, 2)], ids=["live", "single", "both"]
)
def test_a_clean_acquisition_is_proved_by_the_numbers_of_the_camera(camera, tmp_path, acquisitions):
    path = stored(camera(), tmp_path / "primary.h5", *acquisitions)
    verification = verify(path)
    assert verification.ok, verification
    assert verification.frames == FEW
    assert verification.proved_by_hardware


def test_without_the_header_the_same_drops_are_not_seen(camera, tmp_path):
    fault = Fault(name="live_frames_dropped", at=("call", 4))
    it = camera(fault, gps_header=False)
    verification = verify(stored(it, tmp_path / "primary.h5", FEW))
    assert it.struck == {"live_frames_dropped": 1}
    assert verification.verdict == "no loss seen; not proved by hardware"


@pytest.mark.parametrize("seed", range(4))
def test_every_drop_of_a_stream_is_found_and_counted(camera, tmp_path, seed):
    fault = Fault(name="live_frames_dropped", probability=0.1, times=None)
    it = camera(fault, seed=seed, width=64)
    verification = verify(stored(it, tmp_path / "primary.h5", 60))
    taken = [record.sequence for record in it.presented]
    gaps = np.diff(taken) - 1
    assert it.struck["live_frames_dropped"] > 0
    assert gaps.any()
    assert [finding.frame for finding in verification.findings] == (np.flatnonzero(gaps) + 1).tolist()
    assert missing(verification) == gaps.sum()


@pytest.fixture
def vendors(tmp_path):
    """A camera on the stand-in for the vendor's library, with a GPS header, and the library's switches."""
    library = fresh(tmp_path)
    standin = Standin(library).set(width=GEOMETRY.total.width, height=GEOMETRY.total.height)
    clock = SteppedClock(auto=True)
    camera = SdkCamera(library=library, clock=clock, geometry=GEOMETRY, gps_header=True)
    camera.open()
    camera.configure(SINGLE)
    yield camera, standin
    camera.close()


@without_library
def test_a_clean_acquisition_through_the_vendors_library_is_proved(vendors, tmp_path):
    camera, _ = vendors
    verification = verify(stored(camera, tmp_path / "primary.h5", 5, 1, 1, 5))
    assert verification.proved_by_hardware, verification


@without_library
def test_a_drop_of_a_stream_through_the_vendors_library_is_found(vendors, tmp_path):
    camera, standin = vendors
    grab, fetched = camera.grab, []

    def losing(out, timeout):
        fetched.append(1)
        standin["drop_live"] = {4: 1, 8: 2}.get(len(fetched), 0)
        return grab(out, timeout)

    camera.grab = losing
    verification = verify(stored(camera, tmp_path / "primary.h5", FEW))
    assert {finding.kind for finding in verification.findings} == {"missing"}
    assert missing(verification) == 3
    assert not verification.proved_by_hardware


@pytest.mark.parametrize("name", ["frame_lost", "zero_frame", "fetch_fails", "shifted_frame"])
def test_a_frame_that_was_taken_again_is_no_loss(camera, tmp_path, name):
    it = camera(Fault(name=name, at=("frame", 4), times=1))
    path = stored(it, tmp_path / "primary.h5", *(1,) * 6)
    assert it.struck == {name: 1}
    assert 1 in open_run(path).retries.values
    verification = verify(path)
    assert verification.proved_by_hardware, verification


def test_an_exposure_that_was_ended_is_no_loss(camera, tmp_path):
    it = camera()
    path = tmp_path / "primary.h5"
    original = it.arm

    def hesitant(frames):
        original(frames)
        it.cancel()
        original(frames)

    it.arm = hesitant
    stored(it, path, 1, 1, 1)
    assert np.diff(open_run(path).sequence.values).max() > 1
    assert verify(path).proved_by_hardware


@pytest.mark.parametrize("depth", [8, 16, 32])
@pytest.mark.parametrize("locked", [True, False], ids=["receiver locked", "no receiver"])
def test_number_and_times_are_those_of_the_camera(camera, depth, locked):
    it = camera(gps_locked=locked)
    it.configure(Settings(bit_depth=depth, binning=2 if depth == 32 else 1))
    for frames in (1, 3):
        out = buffer(it)
        it.arm(frames)
        for _ in range(frames):
            info = it.grab(out, 8.0)
            true = it.presented[-1]
            header = decode(out.reshape(-1).view(np.uint8)[:LENGTH].tobytes())
            assert info.sequence == header.sequence == true.sequence
            assert info.sequence_source == it.capabilities.counter == "gps_header"
            assert info.header == out.tobytes()[:LENGTH]
            assert "sequence" not in info.unverified
            if locked:
                assert info.time_source == "gps"
                assert abs(info.exposure_start - true.inputs.utc) <= 100  # a tick
                assert info.time_uncertainty < 1e-4
            else:
                assert info.time_source != "gps"


def test_only_the_rows_with_the_header_are_masked(camera):
    it = camera()
    for settings, rows in ((Settings(bit_depth=16), 1), (Settings(roi=(24, 0, 10, 8), overscan=True), 3)):
        actual = it.configure(settings)
        covered = actual.rows_of(it.capabilities.header_bytes)
        regions = it.capabilities.geometry.y_region(actual.roi, header_rows=covered)
        assert (regions[:rows] == Region.HEADER).all()
        assert not (regions[rows:] == Region.HEADER).any()


def test_a_camera_that_writes_no_header_is_numbered_by_the_host(camera, tmp_path, monkeypatch):
    from qhy600_ophyd.backends.simulated.head.delivery import Delivery

    monkeypatch.setattr(Delivery, "_header", lambda self, shot: b"")
    path = stored(camera(), tmp_path / "primary.h5", 3)
    verification = verify(path)
    assert verification.verdict == "no loss seen; not proved by hardware"
    assert set(open_run(path).sequence_source.values) == {"host"}


def test_a_header_that_somebody_left_on_is_switched_off(camera):
    from qhy600_ophyd.driver.head import Control

    it = camera(gps_header=False)
    it._head.write(Control.GPS_HEADER, 1.0)
    it.configure(Settings(exposure=0.02))
    assert it._head.read(Control.GPS_HEADER) == 0.0


def test_the_frames_of_the_camera_keep_their_header_in_the_run(tmp_path):
    from bluesky import plans as bp

    from qhy600_ophyd import Bench

    small = {"width": 64, "height": 48, "gps_header": True, "gps_locked": True}
    with Bench.simulated(output=tmp_path, seed=2, **small) as bench:
        run = bench.run(bp.count([bench.camera], 3), progress=False)
    assert verify(run).proved_by_hardware
    assert (run.y_region.values[0], run.y_region.values[1]) == (Region.HEADER, Region.IMAGE)
    assert [
        decode(bytes.fromhex(text)).sequence for text in run.header.values
    ] == run.sequence.values.tolist()
    assert set(run.time_source.values) == {"gps"}
    dark = float(run.black_level[0])
    assert abs(dark - float(run.counts[0, 1:48, :22].mean())) < 1
