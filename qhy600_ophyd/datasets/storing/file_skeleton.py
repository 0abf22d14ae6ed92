"""The empty file of one stream, complete before its first frame: nothing can be added to it in SWMR mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from qhy600_ophyd.contract import Field, Layout, StoreError
from qhy600_ophyd.contract.vocabulary import TIME_COLUMNS
from qhy600_ophyd.datasets.attribute_text import write_text
from qhy600_ophyd.datasets.compression import NOTE, Compression, dataset_options
from qhy600_ophyd.datasets.json_text import flat_start, json_text, scalars
from qhy600_ophyd.datasets.ledger import Ledger, stored_type
from qhy600_ophyd.datasets.stream_format import COUNTS, LEDGER, PAGE_BYTES, RECTANGLE, ROW_TYPE, SCHEMA, SEAL
from qhy600_ophyd.sensor import Region

SEAL_BYTES = 128
UID_BYTES = 64
STOP_BYTES = 4096
AFTER_BYTES = 4096
START_BYTES = 32768
"""Room for documents that arrive when the file is already growing."""

ROWS_PER_CHUNK = 256
"""Columns for readers of plain xarray are stored for so many frames at a time."""


def make_skeleton(
    path: Path,
    *,
    stream: str,
    segment: int,
    layout: Layout,
    ledger: Ledger,
    compression: Compression = "none",
) -> None:
    """Make the file of a stream: all datasets, dimension scales and attributes, no frame.

    What HDF5 writes again with every frame is small, and lies within one page of the system's memory: a
    program that is killed within a write leaves whole pages, so each such piece is as before or as after.

    Parameters
    ----------
    path
        Nothing may be there.
    stream, segment
        Name of the stream, and which of its files this is, from 1.
    layout
        Shape, type, coordinates, columns, attributes and start document.
    ledger
        Of the layout's columns.
    compression
        Of the counts.
    """
    with h5py.File(path, "x", libver="latest", fs_strategy="page", fs_page_size=PAGE_BYTES) as file:
        _root_attributes(file, stream, segment, layout)
        if compression != "none":
            write_text(file.attrs, "compression", f"{compression}: {NOTE}")
        _axes(file, layout)
        for field in layout.columns:
            _column(file, field)
        _counts(file, layout, compression)
        _ledger(file, ledger)
        refuse_variable_length(file)


def refuse_variable_length(file: h5py.File) -> None:
    """Raise `StoreError` if anything in `file` is of variable length.

    Only DIMENSION_LIST is: the way in which HDF5 itself ties an axis to its scale, written before SWMR.
    """

    def check(name: str, item: Any) -> None:
        kinds = {f"{name}@{key}": item.attrs.get_id(key).dtype for key in item.attrs}
        kinds.pop(f"{name}@DIMENSION_LIST", None)
        if isinstance(item, h5py.Dataset):
            kinds[name] = item.dtype
        for place, dtype in kinds.items():
            parts = [dtype] if dtype.names is None else [dtype[part] for part in dtype.names]
            if any(part.base.hasobject and h5py.check_ref_dtype(part) is None for part in parts):
                raise StoreError(
                    f"{place} is of variable length, which a growing HDF5 file cannot keep safely"
                )

    check("/", file)
    file.visititems(check)


def _root_attributes(file: h5py.File, stream: str, segment: int, layout: Layout) -> None:
    start = layout.start or {}
    flat = flat_start(start)
    plan = flat.get("plan_name", "a run")
    texts = {"Conventions": "CF-1.11", "schema": SCHEMA, "title": f"{stream} of {plan}", "stream": stream}
    for name, text in texts.items():
        write_text(file.attrs, name, text)
    file.attrs["segment"] = segment
    write_text(file.attrs, "start", json_text(start) if start else "", room=0 if start else START_BYTES)
    write_text(file.attrs, "stop", "", room=STOP_BYTES)
    write_text(file.attrs, "after", "", room=AFTER_BYTES)
    write_text(file.attrs, SEAL, "", room=SEAL_BYTES)
    write_text(file.attrs, "run_uid", str(flat.get("run_uid", "")), room=UID_BYTES)
    handy = {key: flat[key] for key in ("plan_name", "scan_id", "operator", "purpose") if key in flat}
    for name, value in {**handy, **scalars(layout.attributes)}.items():
        if name in file.attrs:
            continue
        if isinstance(value, str):
            write_text(file.attrs, name, value)
        else:
            file.attrs[name] = value


def _axes(file: h5py.File, layout: Layout) -> None:
    frame = file.create_dataset("frame", shape=(0,), maxshape=(None,), chunks=(1024,), dtype="<i4")
    # The name by which netCDF-4 knows an axis without coordinates.
    frame.make_scale("This is a netCDF dimension but not a netCDF variable.         0")
    for number, (name, centres, regions) in enumerate(
        (("y", layout.y, layout.y_region), ("x", layout.x, layout.x_region)), start=1
    ):
        axis = file.create_dataset(name, data=np.asarray(centres, "<f8"))
        axis.make_scale(name)
        axis.attrs["_Netcdf4Dimid"] = np.int32(number)
        write_text(axis.attrs, "units", "pixel")
        write_text(axis.attrs, "long_name", f"{name} of the pixel's centre in unbinned sensor pixels")
        flags = file.create_dataset(f"{name}_region", data=np.asarray(regions, "i1"))
        flags.dims[0].attach_scale(axis)
        flags.attrs["flag_values"] = np.array([region.value for region in Region], "i1")
        write_text(flags.attrs, "flag_meanings", " ".join(region.name.lower() for region in Region))
        write_text(flags.attrs, "long_name", f"what the pixels at this {name} are for")
    if any(field.shape for field in layout.columns):
        labels = file.create_dataset("rectangle", data=np.array(RECTANGLE, "S6"))
        labels.make_scale("rectangle")
        write_text(labels.attrs, "_Encoding", "utf-8")
        labels.attrs["_Netcdf4Dimid"] = np.int32(3)
    frame.attrs["_Netcdf4Dimid"] = np.int32(0)


def _column(file: h5py.File, field: Field) -> None:
    dtype = stored_type(field)
    kind = np.dtype(field.dtype).kind
    # Text is empty where nothing was written; said once more, the netCDF-C library would overrun its buffer.
    fill = None if kind == "S" else np.array(field.missing, dtype)
    column = file.create_dataset(
        field.name,
        shape=(0, *field.shape),
        maxshape=(None, *field.shape),
        chunks=(ROWS_PER_CHUNK, *field.shape),
        dtype=dtype,
        fillvalue=fill,
    )
    column.dims[0].attach_scale(file["frame"])
    if field.shape:
        column.dims[1].attach_scale(file["rectangle"])
    write_text(column.attrs, "long_name", field.meaning)
    if field.name in TIME_COLUMNS:
        # Integers from the disk to datetime64[ns]: a float64 would lose a quarter of a microsecond.
        write_text(column.attrs, "units", "nanoseconds since 1970-01-01")
        write_text(column.attrs, "calendar", "proleptic_gregorian")
        column.attrs["_FillValue"] = np.array([-1], dtype)
    elif kind == "S":
        write_text(column.attrs, "_Encoding", "utf-8")
    elif kind == "b":
        write_text(column.attrs, "dtype", "bool")
    else:
        write_text(column.attrs, "units", field.unit)
        if kind == "i":
            # No _FillValue: readers would turn the integers into floats, which cannot hold them all.
            write_text(column.attrs, "comment", "-1: missing")


def _counts(file: h5py.File, layout: Layout, compression: Compression) -> None:
    counts = file.create_dataset(
        COUNTS,
        shape=(0, *layout.shape),
        maxshape=(None, *layout.shape),
        chunks=(1, *layout.shape),
        dtype=np.dtype(layout.dtype).newbyteorder("<"),
        **dataset_options(compression),
    )
    # h5netcdf takes the longest of all that the scale says it scales, anew for each of them: with sixty
    # columns a file opens in three seconds. So the scale names the counts alone, never shorter than the rest.
    del file["frame"].attrs["REFERENCE_LIST"]
    for number, name in enumerate(("frame", "y", "x")):
        counts.dims[number].attach_scale(file[name])
    write_text(counts.attrs, "units", "count")
    write_text(counts.attrs, "long_name", "counts of the converter")
    coordinates = [*(field.name for field in layout.columns), "x_region", "y_region"]
    write_text(counts.attrs, "coordinates", " ".join(coordinates))


def _ledger(file: h5py.File, ledger: Ledger) -> None:
    file[ROW_TYPE] = ledger.dtype
    rows = file.create_dataset(LEDGER, shape=(0,), maxshape=(None,), chunks=(1,), dtype=file[ROW_TYPE])
    write_text(rows.parent.attrs, "columns", ledger.specification())
    write_text(rows.parent.attrs, "long_name", "all columns of a frame; a frame is there when its row is")
