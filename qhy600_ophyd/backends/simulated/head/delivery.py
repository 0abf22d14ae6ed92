"""The way of a frame into the caller's memory, and what can happen to it there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.head.damage import damaged
from qhy600_ophyd.backends.simulated.head.darkroom import Darkroom, digest, frame_bytes
from qhy600_ophyd.backends.simulated.head.gps import header
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.record import Fate
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.driver.head import Control, Fetched, HeadError

DAMAGING = frozenset({"shifted_frame", "blocky_frame", "wrong_size"})


class Delivery:
    """Hands frames over, and writes down that it did.

    Parameters
    ----------
    machine, darkroom
        The camera, and what makes its frames.
    seed
        Where damage is drawn from.
    digests
        Whether to write digests into the account.
    gps_locked
        Whether there is a GPS receiver that knows the time.
    """

    def __init__(self, machine: Machine, darkroom: Darkroom, *, seed: int, digests: bool, gps_locked: bool):
        self._machine, self._darkroom = machine, darkroom
        self._seed, self._digests, self._gps_locked = seed, digests, gps_locked
        self._prepared: tuple[Shot, NDArray[Any]] | tuple[None, None] = (None, None)

    def prepare(self, out: NDArray[np.uint8], shot: Shot) -> None:
        """Make the frame of `shot` while it is still on its way, so that it is there when it is due."""
        size = frame_bytes(shot.inputs)
        if shot.possible and size <= out.nbytes:
            head = self._header(shot)
            counts = self._darkroom.develop(out[:size], shot.inputs, header=head, previous=shot.previous)
            self._prepared = shot, counts

    def frame(self, out: NDArray[np.uint8], shot: Shot, fate: Fate) -> Fetched:
        """Put the frame of `shot` into `out`, with its damage, in the size that is set now.

        Raises
        ------
        HeadError
            The frame cannot be made, or does not fit; the vendor's library would crash.
        """
        target, stated = self._target(out)
        self._ensure_possible(shot)
        raw, counts, head = self._counts(target, shot)
        taken = digest(counts) if self._digests else None
        if damage := shot.damage | (shot.faults & DAMAGING):
            fate = "damaged"
            counts = damaged(counts, damage, seed=self._seed, frame=shot.number)
            if counts.shape != shot.shape:
                rows, columns = counts.shape
                stated = Fetched(width=columns, height=rows, bit_depth=stated.bit_depth)
            raw = counts.reshape(-1).view(np.uint8)
        if raw is not target:
            some = min(raw.nbytes, target.nbytes)
            target[:some] = raw[:some]
            target[some:] = 0
        self._write_down(shot, fate, header=head, digest=taken)
        return stated

    def zeros(self, out: NDArray[np.uint8], shot: Shot | None, fate: Fate) -> Fetched:
        """Zeros, of the size that is set now, in the place of the frame of `shot`. Raises `HeadError`."""
        target, stated = self._target(out)
        target[:] = 0
        self._write_down(shot, fate)
        return stated

    def _counts(self, target: NDArray[np.uint8], shot: Shot) -> tuple[NDArray[np.uint8], NDArray[Any], bytes]:
        """The frame of `shot`, in `target` if it has its size: as bytes and with its shape; its header."""
        (ready, counts), self._prepared = self._prepared, (None, None)
        size, head = frame_bytes(shot.inputs), self._header(shot)
        raw = target if size == target.nbytes else np.empty(size, np.uint8)
        if ready is shot and counts is not None:
            made = counts.reshape(-1).view(np.uint8)
            if raw is not target:
                raw[:] = made
            elif not np.shares_memory(made, target):
                target[:] = made
            return raw, raw.view(counts.dtype).reshape(counts.shape), head
        return raw, self._darkroom.develop(raw, shot.inputs, header=head, previous=shot.previous), head

    def _header(self, shot: Shot) -> bytes:
        if not (shot.gps and frame_bytes(shot.inputs)):
            return b""
        return header(shot.inputs, shot.sequence, locked=self._gps_locked)

    def _target(self, out: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Fetched]:
        """The bytes of `out` that a frame of the present size takes, and that size."""
        _, _, width, height = self._machine.area
        bit_depth = round(self._machine.registers.true(Control.BIT_DEPTH))
        needed = width * height * bit_depth // 8
        if out.nbytes < needed:
            raise HeadError(
                f"the frame has {needed} bytes and the memory given for it {out.nbytes}: the vendor's "
                "library would have written beyond its end; give more"
            )
        return out[:needed], Fetched(width=width, height=height, bit_depth=bit_depth)

    def _ensure_possible(self, shot: Shot) -> None:
        machine = self._machine
        if not shot.possible:
            raise HeadError(
                f"area {machine.area} in pixels of binning {machine.binning} leaves the chip: the vendor's "
                "library would have crashed at this readout; set the binning, then an area in binned pixels"
            )

    def _write_down(
        self, shot: Shot | None, fate: Fate, *, header: bytes = b"", digest: bytes | None = None
    ) -> None:
        machine = self._machine
        if shot is not None:
            geometry = machine.chip.geometry_of(shot.inputs.mode)
            machine.account.settle(shot, fate, geometry, header=header, digest=digest, handed_over=True)
        machine.account.handed_over += 1
