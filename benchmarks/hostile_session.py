"""A device with a hostile camera, and the comparison of its datasets with the simulator's own log."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import FailedStatus, Msg

from qhy600_ophyd import QHY600, SimulatedCamera
from qhy600_ophyd.backends.simulated import KNOWN_FAULTS, ExposureRecord
from qhy600_ophyd.bench.expectation import settings_of
from qhy600_ophyd.contract import SETTING_NAMES, CameraError, Fault, FrameInfo, QHY600Error, Settings
from qhy600_ophyd.datasets import RunFolders, open_run
from qhy600_ophyd.device import Light

WIDTH, HEIGHT = 260, 20


def hostile(probability: float) -> list[Fault]:
    """All known faults: a frame suffers each with about that probability."""
    return [
        Fault(name=name, probability=probability * _share(calls), times=None)
        for name, (calls, _) in KNOWN_FAULTS.items()
        if probability
    ]


def _share(calls: tuple[str, ...]) -> float:
    """What can strike in many calls of each frame does so the more rarely in each."""
    if "read" in calls:
        return 0.02
    return {"write": 0.1, "connect": 3.0, "initialise": 3.0, "begin_live": 3.0}.get(calls[0], 1.0)


@dataclass
class Score:
    """What has been counted so far."""

    steps: int = 0
    frames: int = 0
    retries: int = 0
    discarded: int = 0
    unverified: int = 0
    failed_runs: int = 0
    mismatches: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)


class Session:
    """A device with a hostile camera, a RunEngine, and a folder.

    Parameters
    ----------
    folder
        For the runs.
    seed
        Of the camera and its faults.
    probability
        Of each fault at each call during which it can happen.
    """

    def __init__(self, folder: Path, *, seed: int, probability: float, score: Score):
        self.score = score
        self.backend = SimulatedCamera(
            width=WIDTH,
            height=HEIGHT,
            seed=seed,
            digests=True,
            faults=hostile(probability),
        )
        self.store = RunFolders(folder)
        self.camera = QHY600(self.backend, sink=self.store, name="camera", frame_timeout=8.0)
        self.light = Light(self.backend.light, name="light", pixel_size=3.76)
        self.RE = RunEngine({}, context_managers=[])
        self.RE.subscribe(self.camera.on_document)
        self._compared = 0

    def reopen(self) -> None:
        """Close the camera and open it, as often as it takes."""
        for _ in range(20):
            self.score.steps += 1
            try:
                self.camera.close()
                self.camera.open()
            except CameraError:
                continue
            return
        raise AssertionError("the camera did not open twenty times in a row")

    def shape(self, wanted: dict[str, Any]) -> None:
        """Ask for settings that shape a frame."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, value in wanted.items():
                self.score.steps += 1
                getattr(self.camera, name).set(value)

    def run(self, points: list[dict[str, Any]]) -> None:
        """Take a run of points, each with settings of its own; compare what was stored."""
        self.score.steps += 1
        uids: list[str] = []
        token = self.RE.subscribe(lambda _, doc: uids.append(doc["uid"]), "start")
        try:
            self.RE(self._plan(points))
        except (FailedStatus, QHY600Error):
            self.score.failed_runs += 1
            if self.backend.status().state in ("lost", "closed"):
                self.reopen()
        finally:
            self.RE.unsubscribe(token)
        for uid in uids:
            if (folder := self.store.folder_of(uid)) is not None:
                self._compare(open_run(folder))

    def stream(self, frames: int) -> None:
        """Take a live stream from the camera itself, with the settings that it has; compare its frames."""
        self.score.steps += 1
        backend = self.backend
        taken: list[tuple[FrameInfo, np.ndarray]] = []
        try:
            backend.arm(frames)
            for _ in range(frames):
                self.score.steps += 1
                out = np.zeros(backend.settings.frame_shape, backend.settings.frame_dtype)
                taken.append((backend.grab(out, 5.0), out))
        except QHY600Error:
            self.score.failed_runs += 1
            if backend.status().state == "lost":
                self.reopen()
        by_digest = group_by_digest(backend.log)
        for info, counts in taken:
            self.score.frames += 1
            self.score.discarded += info.discarded
            self.score.unverified += bool(info.unverified)
            records = by_digest.get(blake2b(counts.tobytes(), digest_size=16).digest(), [])
            if not records and {"alignment", "repetition"} & set(info.unverified):
                continue
            if not any(_is_of(info, record) for record in records):
                self.score.mismatches.append(f"live frame {info.sequence}: {info} is none of {records}")

    def finish(self) -> None:
        """Close everything and add up the faults."""
        self.camera.close()
        self.score.struck.update(self.backend.struck)

    def _plan(self, points: list[dict[str, Any]]) -> Iterator[Msg]:
        @bpp.stage_decorator([self.camera])
        @bpp.run_decorator(md={})
        def inner() -> Iterator[Msg]:
            for point in points:
                for name, value in point.items():
                    self.score.steps += 1
                    if name == "wait":
                        self.backend.clock.wait(value)
                    elif name == "light":
                        yield from bps.mv(self.light, value)
                    elif name == "cooler":
                        self._cool(value)
                    else:
                        yield from bps.mv(getattr(self.camera, name), value)
                self.score.steps += 1
                yield from bps.trigger_and_read([self.camera])

        return inner()

    def _cool(self, setpoint: float | None) -> None:
        cooler = self.backend.cooler
        if setpoint is None:
            cooler.off()
        else:
            cooler.regulate(setpoint)

    def _compare(self, run: xr.Dataset) -> None:
        if "counts" not in run:
            return
        by_digest = group_by_digest(self.backend.log)
        for number in range(run.sizes["frame"]):
            row = run.isel(frame=number)
            self.score.frames += 1
            self.score.retries += int(row["retries"])
            self.score.discarded += int(row["discarded"])
            self.score.unverified += bool(str(row["unverified"].values))
            wrong = differences(run, number, by_digest)
            self.score.mismatches += [f"{run.attrs.get('uid', '')[:8]} frame {number}: {w}" for w in wrong]


def _is_of(info: FrameInfo, record: ExposureRecord) -> bool:
    """Whether a live frame is recorded as the exposure that it was.

    One that is too even to be told from the frame before may be that one, and is flagged.
    """
    near = "repetition" in info.unverified or (
        abs(info.exposure_start - record.exposure_start) * 1e-9 <= 4 * info.time_uncertainty + 0.05
    )
    alike = all(
        _same(getattr(info.settings, name), getattr(record.settings, name))
        for name in SETTING_NAMES
        if name != "overscan"
    )
    return near and alike


def group_by_digest(log: Iterable[ExposureRecord]) -> dict[bytes | None, list[ExposureRecord]]:
    """Exposures that gave the same counts; many saturated ones can."""
    found: dict[bytes | None, list[ExposureRecord]] = {}
    for record in log:
        found.setdefault(record.digest, []).append(record)
    return found


def differences(
    run: xr.Dataset, number: int, by_digest: Mapping[bytes | None, list[ExposureRecord]]
) -> list[str]:
    """What the row of a frame says that its exposure was not.

    Parameters
    ----------
    run
        A dataset.
    number
        Of the frame in it.
    by_digest
        The simulator's log, by the digests of its counts.
    """
    frame = run.isel(frame=number).load()
    counts = np.ascontiguousarray(frame["counts"].values)
    records = by_digest.get(blake2b(counts.tobytes(), digest_size=16).digest(), [])
    if not records:
        # An image that nothing shows to be shifted, or to have rows twice, is flagged and not called good.
        flags = set(str(frame["unverified"].values).split())
        return [] if flags & {"alignment", "repetition"} else ["no exposure gave these counts"]
    recorded = settings_of(run, number)
    return min((_lies(frame, recorded, record) for record in records), key=len)


def _lies(frame: xr.Dataset, recorded: Settings, record: ExposureRecord) -> list[str]:
    true = record.settings
    wrong = [
        f"{name} {getattr(recorded, name)} recorded, {getattr(true, name)} true"
        for name in SETTING_NAMES
        if name != "overscan" and not _same(getattr(recorded, name), getattr(true, name))
    ]
    offset = (int(frame["exposure_start"].astype("int64")) - record.exposure_start) * 1e-9
    if abs(offset) > 4 * float(frame["time_uncertainty"]) + 1e-3:
        wrong.append(f"exposure began {offset:+.3f} s from what is recorded")
    if not _same(float(frame["irradiance"]), record.irradiance):
        wrong.append(f"irradiance {float(frame['irradiance'])} recorded, {record.irradiance} true")
    ends = sorted((float(frame["temperature_start"]), float(frame["temperature"])))
    # The mean over the exposure lies between its ends, as a thermometer of 0.1 K reads them.
    if not ends[0] - 0.4 <= record.temperature <= ends[1] + 0.4:
        wrong.append(f"temperature {ends} recorded, {record.temperature:.2f} true")
    return wrong


def _same(recorded: Any, true: Any) -> bool:
    if isinstance(recorded, float) and true is not None:
        return abs(recorded - true) <= 1e-9 * max(abs(true), 1.0)
    return recorded == true
