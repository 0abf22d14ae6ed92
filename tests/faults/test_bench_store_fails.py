"""A disk that fills up and a folder that goes away within a run: one clear error, and nothing else lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections import namedtuple

import bluesky.plans as bp
import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.contract import StoreError, SystemClock
from qhy600_ophyd.datasets import open_run, verify

Usage = namedtuple("Usage", "total used free")
MANY = 400

KINDS = {
    "step": lambda camera: bp.count([camera], 8),
    "burst": lambda camera: plans.burst(camera, MANY, exposure=0.1),
}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small file system here")
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=False)
    if made.returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


class Spoiled:
    """A bench on which something happens once three frames are stored; what was announced is counted."""

    def __init__(self, bench, kind, spoil):
        self.bench, self.kind, self._spoil = bench, kind, spoil
        self.announced = 0
        self._done = threading.Event()
        bench.camera.exposure.set(0.1)
        bench.RE.subscribe(self._count, "stream_datum")

    def run(self):
        """The error that the plan ends with."""
        thread = threading.Thread(target=self._watch)
        if self.kind == "step":
            self.bench.RE.msg_hook = lambda message: message.command == "trigger" and self._look()
        else:
            thread.start()
        try:
            with pytest.raises(StoreError) as refused:
                self.bench.run(KINDS[self.kind](self.bench.camera))
        finally:
            self.bench.RE.msg_hook = None
            self._done.set()
            if self.kind == "burst":
                thread.join()
        return refused.value

    def assert_safe(self):
        """The camera is free, and stopped soon."""
        camera = self.bench.camera
        assert camera.backend.status().state == "idle"
        assert not camera.exposing
        assert len(camera.backend.log) < MANY

    def _look(self):
        if self.bench.camera.get_index() >= 3 and not self._done.is_set():
            self._done.set()
            self._spoil()

    def _watch(self):
        while not self._done.is_set():
            self._look()
            SystemClock().wait(0.001)

    def _count(self, _, document):
        self.announced = document["indices"]["stop"]


def folder_in(place):
    (folder,) = (path for path in place.iterdir() if path.is_dir())
    return folder


def assert_kept(folder, frames):
    assert verify(folder).ok
    assert open_run(folder).sizes["frame"] == frames >= 3


@pytest.mark.parametrize("left", [3_000_000, 0], ids=["too little left", "nothing left"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_others_fill_ends_the_run_with_all_frames_before_announced_and_valid(
    small_disk, kind, left
):
    filler = small_disk / "somebody's"

    def fill():
        with filler.open("wb", buffering=0) as file:
            # The run itself goes on meanwhile: what does not fit any more is not written.
            while (room := shutil.disk_usage(small_disk).free - left) > 0:
                try:
                    file.write(bytes(min(room, 1 << 20)))
                except OSError:
                    return

    with Bench.simulated(seed=1, width=64, height=48, output=small_disk / "runs") as bench:
        spoiled = Spoiled(bench, kind, fill)
        error = spoiled.run()
        assert "disk full" in str(error) or "No space left" in str(error)
        assert "\n" not in str(error)
        spoiled.assert_safe()
        folder = folder_in(small_disk / "runs")
        assert error.__notes__ == [f"what was taken before is kept in {folder}"]
        assert_kept(folder, spoiled.announced)
        filler.unlink()
        assert bench.run(bp.count([bench.camera], 2)).sizes["frame"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_room_that_shrinks_below_a_frame_ends_the_run_before_anything_is_written(tmp_path, monkeypatch, kind):
    free = [10**9]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, free[0]))
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path) as bench:
        spoiled = Spoiled(bench, kind, lambda: free.__setitem__(0, 1000))
        error = spoiled.run()
        assert "disk full" in str(error)
        spoiled.assert_safe()
        assert_kept(folder_in(tmp_path), spoiled.announced)
        free[0] = 10**9
        assert bench.run(bp.count([bench.camera], 2)).sizes["frame"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder whose files are open")
@pytest.mark.parametrize("how", ["removed", "renamed"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_folder_that_goes_away_ends_the_run_with_an_error_that_names_it(tmp_path, kind, how):
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    gone = []

    def take_away():
        gone.append(folder_in(runs))
        if how == "removed":
            shutil.rmtree(gone[0])
        else:
            gone[0].rename(elsewhere)

    with Bench.simulated(seed=1, width=64, height=48, output=runs) as bench:
        spoiled = Spoiled(bench, kind, take_away)
        error = spoiled.run()
        assert str(gone[0]) in str(error)
        spoiled.assert_safe()
        if how == "renamed":
            assert_kept(elsewhere, spoiled.announced)
        assert bench.run(bp.count([bench.camera], 2)).sizes["frame"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is open")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_removed_within_its_run_ends_it_instead_of_being_written_for_nothing(tmp_path, kind):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path) as bench:
        spoiled = Spoiled(bench, kind, lambda: (folder_in(tmp_path) / "primary.h5").unlink())
        error = spoiled.run()
        assert "primary.h5 was removed or renamed while it was written, with" in str(error)
        spoiled.assert_safe()
        assert bench.run(bp.count([bench.camera], 2)).sizes["frame"] == 2


def test_a_read_only_place_is_refused_before_anything_is_exposed(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Bench.simulated(width=64, height=48, output=small_disk / "runs") as bench:
        with pytest.raises(StoreError, match="read-only"):
            bench.run(bp.count([bench.camera], 1))
        assert bench.camera.backend.log == []
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        assert bench.run(bp.count([bench.camera], 1)).sizes["frame"] == 1
