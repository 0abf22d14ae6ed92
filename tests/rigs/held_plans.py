"""What tests of held plans share: a disk of their own making, and threads that wait for something and do."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from contextlib import contextmanager

from qhy600_ophyd import plans
from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.datasets import verify

Usage = namedtuple("Usage", "total used free")
PERIOD = 0.05
FRAMES = 8


class Disk:
    """What the tests say is free [GB]."""

    def __init__(self, monkeypatch):
        self.free = 100.0
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, int(self.free * 1e9)))


def until(condition, timeout=20.0):
    clock = SystemClock()
    end = clock.monotonic() + timeout
    while not condition():
        assert clock.monotonic() < end, "it never happened"
        clock.wait(0.01)


@contextmanager
def once(condition, *do):
    """Do things in a thread of its own, one after the other, each as soon as its condition holds."""
    failed = []

    def wait_and_do():
        try:
            until(condition)
            for each in do:
                each()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    thread = threading.Thread(target=wait_and_do)
    thread.start()
    yield
    thread.join()
    assert failed == []


def held(watch, *names):
    """Whether the plan stands, for those reasons."""
    suspenders = dict(zip(watch.signals, watch.suspenders, strict=True))
    return lambda: all(suspenders[name]._held for name in names)


def spoil_after(bench, frames, spoil, watch):
    """Spoil something and have it looked at, before the first exposure after so many frames."""
    done = []

    def hook(message):
        if message.command == "trigger" and bench.camera.get_index() >= frames and not done:
            done.append(spoil())
            watch.look()

    bench.RE.msg_hook = hook


def assert_whole(run, frames=FRAMES):
    assert run.sizes["frame"] == frames
    assert run.attrs["exit_status"] == "success"
    assert verify(run).ok


def steps(camera):
    return plans.exposure_series(camera, [0.1], repeats=FRAMES)


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name == "watch"]
