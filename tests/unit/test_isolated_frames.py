"""Frames of a camera in another process: whose memory they fill, and what stays as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import is_running, until

from qhy600_ophyd.backends.isolated import IsolatedCamera
from qhy600_ophyd.contract import BufferTooSmall, LendsMemory

PATIENCE = 5.0
FRAME = 88 * 82 * 2
"""Bytes of a frame of the shaky camera."""


@pytest.fixture
def camera(shaky: IsolatedCamera) -> IsolatedCamera:
    return shaky


class TestFrames:
    def test_a_camera_lends_memory(self, camera: IsolatedCamera) -> None:
        assert isinstance(camera, LendsMemory)

    def test_what_was_lent_is_filled_by_the_camera_itself(
        self, camera: IsolatedCamera, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lent = camera.lend(FRAME + 100)
        monkeypatch.setattr(camera._crossing.ring, "lend", lambda _: pytest.fail("it came another way"))
        lent[:] = 255
        camera.arm(1)
        camera.grab(lent, PATIENCE)
        assert (lent[:FRAME].view(np.uint16) == 1).all()
        assert (lent[FRAME:] == 255).all()

    def test_a_place_inside_of_what_was_lent_is_filled_and_nothing_around_it(
        self, camera: IsolatedCamera
    ) -> None:
        lent = camera.lend(3 * FRAME)
        lent[:] = 255
        stack = lent.view(np.uint16).reshape(3, 82, 88)
        camera.arm(1)
        camera.grab(stack[1], PATIENCE)
        assert (stack[1] == 1).all()
        assert (stack[0] == 0xFFFF).all()
        assert (stack[2] == 0xFFFF).all()

    def test_any_other_buffer_is_filled_too_and_gets_no_more_than_the_frame(
        self, camera: IsolatedCamera
    ) -> None:
        out = np.full(10 * FRAME, 255, np.uint8)
        camera.arm(1)
        camera.grab(out, PATIENCE)
        assert (out[:FRAME].view(np.uint16) == 1).all()
        assert (out[FRAME:] == 255).all()
        assert camera.ring_bytes <= 2 * FRAME, "a stack of frames needs no shared memory of its size"

    @pytest.mark.parametrize("flaw", ["read only", "not in one piece"])
    @pytest.mark.parametrize("lent", [True, False], ids=["lent", "own"])
    def test_a_buffer_with_a_flaw_is_refused_by_the_camera_and_stays(
        self, camera: IsolatedCamera, flaw: str, lent: bool
    ) -> None:
        memory = camera.lend(2 * FRAME) if lent else np.empty(2 * FRAME, np.uint8)
        memory[:] = 255
        out = memory[::2] if flaw == "not in one piece" else memory[:]
        if flaw == "read only":
            out.flags.writeable = False
        camera.arm(1)
        with pytest.raises(BufferTooSmall):
            camera.grab(out, PATIENCE)
        assert (memory == 255).all()
        camera.grab(camera.lend(FRAME), PATIENCE)

    def test_frames_grow_and_shrink(self, camera: IsolatedCamera) -> None:
        kept = []
        for number, factor in enumerate((1, 40, 1, 80, 3), 1):
            lent = camera.lend(factor * FRAME)
            camera.arm(1)
            camera.grab(lent, PATIENCE)
            kept.append((number, lent[:FRAME].view(np.uint16)))
        assert all((counts == number).all() for number, counts in kept)

    @pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a process has mapped")
    def test_the_other_process_lets_go_of_memory_that_is_gone(self, camera: IsolatedCamera) -> None:
        def mapped() -> int:
            lines = Path(f"/proc/{camera.process_id}/maps").read_text().splitlines()
            return sum("(deleted)" in line for line in lines)

        for _ in range(5):
            lent = [camera.lend(FRAME * n) for n in range(1, 6)]
            for each in lent:
                camera.arm(1)
                camera.grab(each, PATIENCE)
            del lent, each
        camera.arm(1)
        camera.grab(np.empty(FRAME, np.uint8), PATIENCE)
        assert mapped() <= 3

    def test_an_interrupted_grab_keeps_its_memory_until_the_camera_has_let_go_of_it(
        self, camera: IsolatedCamera, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera.go_wrong(grab="dawdle")
        process = camera._link.there()
        lent = camera.lend(FRAME)
        (number,) = camera._crossing.ring.numbers()

        def interrupted(asked, seconds):
            raise KeyboardInterrupt

        camera.arm(1)
        with monkeypatch.context() as patch:
            patch.setattr("qhy600_ophyd.backends.isolated.process.Asked.wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                camera.grab(lent, PATIENCE)
        del lent
        assert number in camera._crossing.ring._lent, "the camera may still write into it"
        until(lambda: not process._asked, within=PATIENCE)
        until(lambda: number not in camera._crossing.ring._lent, within=PATIENCE)
        assert is_running(process.pid)
