"""`open_run`: a run's folder as a lazy xarray dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from qhy600_ophyd.contract import Field
from qhy600_ophyd.contract.vocabulary import TIME_COLUMNS
from qhy600_ophyd.datasets.event_log import event_log_path, read_events
from qhy600_ophyd.datasets.json_text import flat_start, json_text, scalars
from qhy600_ophyd.datasets.reading.gaps import Gap, gaps_in
from qhy600_ophyd.datasets.reading.run_files import RunFiles
from qhy600_ophyd.datasets.reading.stream_file import LazyCounts, StreamFile
from qhy600_ophyd.datasets.stream_format import RECTANGLE
from qhy600_ophyd.sensor import Region


def open_run(path: str | PathLike[str], *, stream: str | None = None) -> xr.Dataset:
    """One stream of a run, finished, still growing or left by a kill.

    No file stays open: the dataset outlives the writer, can be pickled, and the run can be moved or
    deleted; a frame is read from the disk when it is computed. What is committed at the moment of
    the call is what the dataset holds; call again to see more of a growing run.

    Parameters
    ----------
    path
        The run's folder, or any file in it.
    stream
        Which stream; without it the one of the file given, or ``"primary"``, or else the first by name.

    Returns
    -------
    xarray.Dataset
        ``counts (frame, y, x)`` [count], dask, a chunk a frame; as coordinates every column of the
        vocabulary and the readings of other devices by ``frame``, ``x``, ``y`` [pixel], ``x_region``,
        ``y_region``. Missing are NaN, NaT, -1 and the empty text. In the attributes the stream's own, the
        scalars of the start and stop documents, and both documents whole as JSON text. A run that was resumed
        is one dataset, with the coordinate ``segment``, the file that each frame is in, and the attribute
        ``gaps``, a JSON list of the places where it was interrupted (`Gap`).

    Raises
    ------
    RunDamaged
        Nothing is there, it is not a run, it is damaged, or there is no such stream.
    """
    files = RunFiles.find(Path(path))
    name = files.choose(stream)
    segments = files.segments(name)
    return _dataset(files, name, segments)


def _dataset(files: RunFiles, name: str, segments: Sequence[StreamFile]) -> xr.Dataset:
    first = segments[0]
    coordinates = {
        **_axes(first),
        **_columns(first.columns, np.concatenate([segment.rows for segment in segments])),
    }
    for key, variable in _other_devices(files, name, segments).items():
        coordinates.setdefault(key, variable)
    gaps = gaps_in(files, name)
    if gaps:
        coordinates["segment"] = _segment(segments)
    if any(field.shape for field in first.columns):
        coordinates["rectangle"] = xr.Variable(
            "rectangle", np.array(RECTANGLE), {"long_name": "part of a ROI"}
        )
    counts = xr.Variable(
        ("frame", "y", "x"), _lazy(segments), {"units": "count", "long_name": "counts of the converter"}
    )
    dataset = xr.Dataset({"counts": counts}, coords=coordinates, attrs=_attributes(files, name, first, gaps))
    dataset.encoding["source"] = str(first.path)
    return dataset


def _lazy(segments: Sequence[StreamFile]) -> da.Array:
    parts = [
        da.from_array(
            LazyCounts(s.path, (s.frames, *s.shape), s.dtype),
            inline_array=True,  # one task a frame instead of two
            chunks=(1, *s.shape),  # pyright: ignore[reportArgumentType]  (its default is a text)
            # The name tells dask when two arrays are the same: path, length and what was written last.
            name=f"counts-{s.path}-{s.frames}-{hash(s.rows.tobytes())}",
            meta=np.empty((0, 0, 0), s.dtype),
        )
        for s in segments
    ]
    return parts[0] if len(parts) == 1 else da.concatenate(parts)


def _axes(file: StreamFile) -> dict[str, xr.Variable]:
    flags = {
        "flag_values": np.array([region.value for region in Region], np.int8),
        "flag_meanings": " ".join(region.name.lower() for region in Region),
    }
    variables: dict[str, xr.Variable] = {}
    for axis in ("x", "y"):
        about = f"{axis} of the pixel's centre in unbinned sensor pixels"
        variables[axis] = xr.Variable(axis, file.axes[axis], {"units": "pixel", "long_name": about})
        about = f"what the pixels at this {axis} are for"
        variables[f"{axis}_region"] = xr.Variable(
            axis, file.axes[f"{axis}_region"], {**flags, "units": "1", "long_name": about}
        )
    return variables


def _columns(columns: Iterable[Field], rows: NDArray[np.void]) -> dict[str, xr.Variable]:
    variables: dict[str, xr.Variable] = {}
    for field in columns:
        values, kind = rows[field.name], np.dtype(field.dtype).kind
        attributes = {"units": field.unit, "long_name": field.meaning}
        if field.name in TIME_COLUMNS:
            known = np.where(values == field.missing, np.iinfo(np.int64).min, values)  # what NaT is made of
            values = known.astype("datetime64[ns]")
            del attributes["units"]  # the type has it; xarray keeps the word for its own encoding
        elif kind == "S":
            values = np.char.decode(values, "utf-8").astype(object)
        elif kind == "b":
            values = values.astype(bool)
        else:
            values = np.ascontiguousarray(values)
        dims = ("frame", "rectangle") if field.shape else ("frame",)
        variables[field.name] = xr.Variable(dims, values, attributes)
    return variables


def _other_devices(files: RunFiles, name: str, segments: Sequence[StreamFile]) -> dict[str, xr.Variable]:
    """Readings of other devices, each at the frame that its event told of."""
    frames = sum(segment.frames for segment in segments)
    found: dict[str, dict[int, Any]] = {}
    first = 0
    for segment in segments:
        for event in read_events(event_log_path(segment.path)):
            if 0 <= event["frame"] < segment.frames:
                for key, value in event["data"].items():
                    found.setdefault(key, {})[first + event["frame"]] = value
        first += segment.frames
    keys = files.data_keys(name)
    return {
        key: xr.Variable("frame", _filled(values, frames), _about(keys.get(key, {})))
        for key, values in found.items()
    }


def _filled(values: Mapping[int, Any], frames: int) -> NDArray[Any]:
    if any(isinstance(value, str) for value in values.values()):
        texts = [values.get(index, "") for index in range(frames)]
        return np.array([text if isinstance(text, str) else str(text) for text in texts], dtype=object)
    if len(values) == frames and all(isinstance(value, bool) for value in values.values()):
        return np.array([values[index] for index in range(frames)], dtype=bool)
    return np.array([values.get(index, np.nan) for index in range(frames)], dtype=np.float64)


def _about(data_key: Mapping[str, Any]) -> dict[str, str]:
    texts = {"units": data_key.get("units"), "long_name": data_key.get("source")}
    return {name: str(text) for name, text in texts.items() if text}


def _segment(segments: Sequence[StreamFile]) -> xr.Variable:
    values = np.repeat([s.segment for s in segments], [s.frames for s in segments])
    about = "which of the stream's files the frame is in, from 1"
    return xr.Variable("frame", values.astype(np.int64), {"units": "1", "long_name": about})


def _attributes(files: RunFiles, name: str, first: StreamFile, gaps: Sequence[Gap]) -> dict[str, Any]:
    start, stop = files.start, files.stop
    others = [other for other in files.streams if other != name]
    own = {"stream": name, "other_streams": " ".join(others), "path": str(files.folder)}
    attributes: dict[str, Any] = {**flat_start(start), **first.attributes, **own}
    for key, value in scalars(stop).items():
        attributes.setdefault(key if key not in ("uid", "time") else f"stop_{key}", value)
    attributes["start"] = json_text(start)
    attributes["stop"] = json_text(stop)
    if gaps:
        attributes["gaps"] = json_text([gap.as_json() for gap in gaps])
    return attributes
