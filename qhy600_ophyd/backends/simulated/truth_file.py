"""The truth of simulated frames, in files that lie beside the runs and that no analysis reads.

``<run>.truth.json`` holds the sensor's parameters and the inputs of every exposure of one run: with them each
frame can be made again. ``<serial>-<key>.truth.npz`` holds the fixed patterns of that sensor as arrays in
physical units, once for all its runs; for large chips it is left out, and `SimulatedCamera.maps` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip import ChipParameters
from qhy600_ophyd.backends.simulated.head import ExposureRecord
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightState
from qhy600_ophyd.contract import RunDamaged, Settings
from qhy600_ophyd.sensor import Rectangle

if TYPE_CHECKING:
    from qhy600_ophyd.backends.simulated.camera import SimulatedCamera

FORMAT = 1
LARGEST_MAPS = 4_000_000
"""Pixels up to which the maps are written."""


def write_truth(camera: SimulatedCamera, run: Path, records: Sequence[ExposureRecord]) -> Path:
    """Write the truth of a run beside its folder.

    Parameters
    ----------
    camera
        That took it.
    run
        The run's folder.
    records
        Of the exposures during the run, thrown away ones too.

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
    content = {
        "format": FORMAT,
        "camera": sensor,
        "maps": None if maps is None else maps.name,
        "exposures": [_as_table(record) for record in records],
    }
    path = run.with_name(f"{run.name}.truth.json")
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


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
    """

    def __init__(self, path: Path):
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise RunDamaged(
                    f"{path} has truth of format {content['format']}; this package reads {FORMAT}"
                )
            self.exposures: list[ExposureRecord] = [_from_table(table) for table in content["exposures"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunDamaged(f"{path} cannot be read as the truth of a run: {error}") from error
        self._sensor: dict[str, Any] = content["camera"]

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
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **camera.maps())
    return path


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
