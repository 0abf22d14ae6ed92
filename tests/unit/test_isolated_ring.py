"""The memory that frames cross in: lent, taken back, and allotted before it is used."""

from __future__ import annotations

import errno
import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import SHAKY

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.backends.isolated.ring import Ring
from qhy600_ophyd.contract import CameraError

PATIENCE = 5.0
FRAME = 88 * 82 * 2
"""Bytes of a frame of the shaky camera."""


def plenty(folder: Path) -> int:
    return 10**12


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Ring]:
    ring = Ring(folders=[tmp_path], room=plenty)
    yield ring
    ring.close()


class TestRing:
    def test_what_is_lent_has_the_size_that_was_asked_for(self, ring: Ring) -> None:
        assert (ring.lend(1000).nbytes, ring.lend(0).nbytes) == (1000, 0)

    def test_what_nobody_has_any_more_is_lent_again(self, ring: Ring) -> None:
        first = ring.lend(1000)
        address = first.__array_interface__["data"][0]
        del first
        assert ring.lend(1000).__array_interface__["data"][0] == address

    @pytest.mark.parametrize(
        "view",
        [
            pytest.param(lambda lent: lent[5:10], id="slice"),
            pytest.param(lambda lent: lent[:200].view(np.uint16).reshape(10, 10)[1:3], id="view-of-a-view"),
            pytest.param(lambda lent: memoryview(lent)[3:], id="memoryview"),
        ],
    )
    def test_what_somebody_has_a_view_of_is_lent_to_nobody_else(self, ring: Ring, view) -> None:
        lent = ring.lend(1000)
        lent[:] = 7
        kept = view(lent)
        del lent
        gc.collect()
        others = [ring.lend(1000) for _ in range(5)]
        for other in others:
            other[:] = 1
        assert (np.asarray(kept).view(np.uint8) == 7).all()

    def test_any_number_can_be_out_at_once(self, ring: Ring) -> None:
        lent = [ring.lend(1000) for _ in range(20)]
        for number, memory in enumerate(lent):
            memory[:] = number
        assert all((memory == number).all() for number, memory in enumerate(lent))

    def test_of_those_that_came_back_only_a_few_are_kept(self, tmp_path: Path) -> None:
        ring = Ring(spare=2, folders=[tmp_path], room=plenty)
        lent = [ring.lend(1000) for _ in range(20)]
        assert ring.nbytes == 20_000
        del lent
        assert ring.nbytes == 2000
        ring.close()
        assert ring.nbytes == 0

    def test_a_larger_frame_takes_the_room_of_the_smaller_ones(self, ring: Ring) -> None:
        ring.lend(1000)
        assert ring.nbytes == 1000
        large = ring.lend(5000)
        assert ring.nbytes == large.nbytes == 5000
        assert len(ring.numbers()) == 1

    def test_a_frame_in_a_cycle_of_garbage_does_not_cost_another_ones_memory(self, ring: Ring) -> None:
        size = 2**20
        for _ in range(5):
            cycle: list[object] = [ring.lend(size)]
            cycle.append(cycle)
            del cycle
        assert ring.nbytes <= 2 * size

    def test_after_closing_what_is_lent_stays_valid_and_then_goes(self, ring: Ring) -> None:
        lent = ring.lend(1000)
        lent[:] = 3
        ring.close()
        assert (lent == 3).all()
        assert ring.nbytes == 1000
        del lent
        assert ring.nbytes == 0

    def test_it_finds_what_it_has_lent_and_nothing_else(self, ring: Ring) -> None:
        first, second = ring.lend(1000), ring.lend(1000)
        slot, start = ring.find(second[100:].view(np.uint16)) or (None, None)
        assert slot is not None
        assert (slot.number, start) == (max(ring.numbers()), 100)
        assert ring.find(np.zeros(10, np.uint8)) is None
        assert first is not None

    def test_many_threads_never_share_memory(self, ring: Ring) -> None:
        mixed: list[int] = []

        def use(number: int) -> None:
            for _ in range(200):
                lent = ring.lend(500)
                lent[:] = number
                if not (lent == number).all():
                    mixed.append(number)

        threads = [threading.Thread(target=use, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert mixed == []


class TestRoom:
    @pytest.fixture
    def places(self, tmp_path: Path) -> tuple[Path, Path]:
        places = (tmp_path / "memory", tmp_path / "disk")
        for place in places:
            place.mkdir()
        return places

    def standing_in(self, ring: Ring, nbytes: int, tmp_path: Path) -> str:
        lent = ring.lend(nbytes)
        slot, _ = ring.find(lent) or (None, None)
        assert slot is not None
        where = Path(f"/proc/self/fd/{slot.descriptor}").readlink()
        return where.relative_to(tmp_path).parts[0]

    @pytest.mark.skipif(sys.platform != "linux", reason="/proc tells where a file without a name stands")
    @pytest.mark.parametrize(
        ("free", "stands_in"),
        [pytest.param(10**6, "memory", id="fits"), pytest.param(999, "disk", id="too-small")],
    )
    def test_memory_is_used_where_the_frame_fits_and_the_disk_where_not(
        self, tmp_path: Path, places: tuple[Path, Path], free: int, stands_in: str
    ) -> None:
        ring = Ring(folders=places, room=lambda folder: free if folder.name == "memory" else 10**9)
        assert self.standing_in(ring, 1000, tmp_path) == stands_in
        ring.close()

    @pytest.mark.skipif(sys.platform != "linux", reason="posix_fallocate is used on Linux only")
    def test_room_that_is_only_promised_is_not_used(
        self, tmp_path: Path, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        allot = os.posix_fallocate
        refused: list[int] = []

        def refuse_the_first(descriptor: int, start: int, size: int) -> None:
            if not refused:
                refused.append(size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            allot(descriptor, start, size)

        monkeypatch.setattr(os, "posix_fallocate", refuse_the_first)
        ring = Ring(folders=places, room=plenty)
        assert self.standing_in(ring, 1000, tmp_path) == "disk"
        assert refused == [1000]
        ring.close()

    def test_nowhere_to_put_a_frame_is_said_with_what_there_is(self, places: tuple[Path, Path]) -> None:
        ring = Ring(folders=[*places, places[0] / "missing"], room=lambda folder: 64_000_000)
        with pytest.raises(CameraError, match="123 MB") as refused:
            ring.lend(123_302_400)
        assert str(refused.value).count("64 MB free") == 3
        assert "\n" not in str(refused.value)

    def test_a_folder_that_cannot_be_written_is_passed_over(
        self, tmp_path: Path, places: tuple[Path, Path]
    ) -> None:
        missing = tmp_path / "missing"
        ring = Ring(folders=[missing, places[0]], room=plenty)
        assert ring.lend(10).nbytes == 10
        with pytest.raises(CameraError, match="missing: No such file"):
            Ring(folders=[missing], room=plenty).lend(10)
        ring.close()

    def test_no_file_has_a_name(self, places: tuple[Path, Path]) -> None:
        ring = Ring(folders=places, room=plenty)
        lent = ring.lend(1000)
        assert [list(place.iterdir()) for place in places] == [[], []]
        del lent
        ring.close()

    def test_frames_cross_through_a_file_on_the_disk_as_well(self, tmp_path: Path) -> None:
        with closing(IsolatedCamera(Recipe(factory=SHAKY), folder=tmp_path)) as camera:
            camera._crossing.ring = Ring(folders=[tmp_path / "too small", tmp_path], room=lambda _: 10**9)
            camera.open()
            camera.arm(1)
            lent = camera.lend(FRAME)
            camera.grab(lent, PATIENCE)
            assert (lent.view(np.uint16) == 1).all()
