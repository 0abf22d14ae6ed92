"""The truth of simulated frames, in files that lie beside the runs and that no analysis reads.

``<run>.truth.json`` holds the sensor's parameters and the inputs of every exposure of one run: with them each
frame can be made again. ``<serial>-<key>.truth.npz`` holds the fixed patterns of that sensor as arrays in
physical units, once for all its runs; for large chips it is left out, and `SimulatedCamera.maps` makes them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip import ChipParameters
from qhy600_ophyd.backends.simulated.head import ExposureRecord, Script, Strike
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightState
from qhy600_ophyd.contract import RunDamaged, Settings
from qhy600_ophyd.sensor import Rectangle

if TYPE_CHECKING:
    from qhy600_ophyd.backends.simulated.camera import SimulatedCamera

FORMAT = 2
READABLE = (1, 2)
"""Formats that can be read; the first has no faults of calls, and does not say how the camera was before."""

LARGEST_MAPS = 4_000_000
"""Pixels up to which the maps are written."""


@dataclass(frozen=True, kw_only=True)
class TruthMark:
    """Where a camera's own account stands, when a run begins.

    Parameters
    ----------
    exposures, strikes
        How many it holds.
    frame
        Number of the next exposure.
    calls
        How often each call was made at that frame.
    fresh, live, started
        As in `Script`.
    """

    exposures: int = 0
    strikes: int = 0
    frame: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    fresh: bool | None = None
    live: bool | None = None
    started: int | None = None

    def since(self, strikes: Sequence[Strike]) -> list[Strike]:
        """Those of an account that came after it, their calls counted from it."""
        later = strikes[self.strikes :]
        return [
            replace(s, nth=s.nth - self.calls.get(s.call, 0)) if s.frame == self.frame else s for s in later
        ]


def write_truth(
    camera: SimulatedCamera, run: Path, records: Sequence[ExposureRecord], *, mark: TruthMark | None = None
) -> Path:
    """Write the truth of a run beside its folder.

    Parameters
    ----------
    camera
        That took it.
    run
        The run's folder.
    records
        Of the exposures during the run, thrown away ones too.
    mark
        Where the camera's account stood before them.

    Returns
    -------
    pathlib.Path
        The JSON file.
    """
    image = camera.capabilities.geometry.image
    sensor = {
        "width": image.width,
        "height": image.height,
        "seed": camera.seed,
        "model": str(camera.model),
        "serial": camera.capabilities.identity.serial,
        "physics": asdict(camera.physics),
    }
    maps = _maps_file(camera, run.parent, sensor)
    mark = mark or TruthMark()
    content = {
        "format": FORMAT,
        "camera": sensor,
        "maps": None if maps is None else maps.name,
        "fresh": mark.fresh,
        "live": mark.live,
        "started": mark.started,
        "strikes": [asdict(strike) for strike in mark.since(camera.strikes)],
        "exposures": [_as_table(record) for record in records],
    }
    path = truth_path(run)
    _replace(path, json.dumps(content).encode())
    return path


def truth_path(run: Path) -> Path:
    """Where the truth of the run in that folder lies."""
    return run.with_name(f"{run.name}.truth.json")


class TruthFile:
    """The truth of one run, read back.

    Parameters
    ----------
    path
        ``<run>.truth.json``.

    Raises
    ------
    RunDamaged
        It cannot be read, or is of another format.

    Attributes
    ----------
    exposures : list of ExposureRecord
    script : Script
        All that a camera needs to do the same once more.
    """

    def __init__(self, path: Path):
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] not in READABLE:
                raise RunDamaged(
                    f"{path} has truth of format {content['format']}; this package reads up to {FORMAT}"
                )
            self.exposures: list[ExposureRecord] = [_from_table(table) for table in content["exposures"]]
            strikes = [Strike(**{**s, "faults": tuple(s["faults"])}) for s in content.get("strikes", ())]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunDamaged(f"{path} cannot be read as the truth of a run: {error}") from error
        self._sensor: dict[str, Any] = content["camera"]
        self.script = Script(
            records=tuple(self.exposures),
            strikes=tuple(strikes),
            fresh=content.get("fresh"),
            live=content.get("live"),
            started=content.get("started"),
        )

    def camera(self) -> SimulatedCamera:
        """The sensor once more, closed."""
        from qhy600_ophyd.backends.simulated.camera import SimulatedCamera

        sensor = dict(self._sensor)
        return SimulatedCamera(**{**sensor, "physics": ChipParameters(**sensor["physics"])})

    def counts(self, exposure: int) -> NDArray[np.unsignedinteger[Any]]:
        """The counts of one of `exposures`, made again: shape ``(rows, columns)``."""
        return self.camera().reproduce(self.exposures[exposure])


def _maps_file(camera: SimulatedCamera, folder: Path, sensor: dict[str, Any]) -> Path | None:
    total = camera.capabilities.geometry.total
    if total.width * total.height > LARGEST_MAPS:
        return None
    key = blake2b(json.dumps(sensor, sort_keys=True).encode(), digest_size=4).hexdigest()
    path = folder / f"{sensor['serial']}-{key}.truth.npz"
    if not path.exists():
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **camera.maps())
        _replace(path, content.getbuffer())
    return path


def _replace(path: Path, content: bytes | memoryview) -> None:
    """Put a file there whole, or leave what was there as it was. Raises `OSError`."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _as_table(record: ExposureRecord) -> dict[str, Any]:
    return {
        "inputs": asdict(record.inputs),
        "previous": record.previous and asdict(record.previous),
        "settings": asdict(record.settings),
        "sequence": record.sequence,
        "fate": record.fate,
        "faults": list(record.faults),
        "handed_over": record.handed_over,
        "header": record.header.hex(),
    }


def _from_table(table: dict[str, Any]) -> ExposureRecord:
    settings = {**table["settings"], "roi": Rectangle(**table["settings"]["roi"])}
    return ExposureRecord(
        inputs=_inputs_from_table(table["inputs"]),
        previous=table["previous"] and _inputs_from_table(table["previous"]),
        settings=Settings(**settings),
        sequence=table["sequence"],
        fate=table["fate"],
        faults=tuple(table["faults"]),
        handed_over=table["handed_over"],
        header=bytes.fromhex(table["header"]),
    )


def _inputs_from_table(table: dict[str, Any]) -> ExposureInputs:
    nested = {"area": Rectangle(**table["area"]), "light": LightState(**table["light"])}
    return ExposureInputs(**{**table, **nested})
