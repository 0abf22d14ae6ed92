"""From the words of the vocabulary to bluesky's: a column's data key, and its value in an event."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from qhy600_ophyd.contract import Field, Limits


def event_value(column: Field, value: Any) -> Any:
    """The value as an event carries it: numbers float, names str, areas a list; ``None`` as missing.

    Nanoseconds become float64 too (exact to 0.3 µs in this century), since catalogues that keep JSON
    numbers cut integers at 2⁵³; counters and labels stay integers.
    """
    if value is None:
        value = np.full(column.shape, column.missing) if column.shape else column.missing
    if column.shape:
        return [int(v) for v in value]
    kind = _kind(column.dtype)
    if kind == "S":
        return value.decode() if isinstance(value, bytes) else str(value)
    if kind == "b":
        return bool(value)
    if kind == "i" and column.unit != "ns":
        return int(value)
    return float(value)


def source(device: str, column: str) -> str:
    """Where a reading comes from, as its data key says it: the device by its name, and what of it."""
    return f"qhy600:{device}.{column}"


def data_key(
    column: Field,
    source: str,
    *,
    limits: Limits | None = None,
    choices: tuple[str, ...] = (),
    precision: int | None = None,
) -> dict[str, Any]:
    """The data key of a column: type, unit, limits, precision, choices."""
    kind = _kind(column.dtype)
    if column.shape:
        form = {"dtype": "array", "shape": list(column.shape), "dtype_numpy": "<i8"}
    elif kind == "S":
        longest = max(np.dtype(column.dtype).itemsize, 64)
        form = {"dtype": "string", "shape": [], "dtype_numpy": f"|S{longest}"}
    elif kind == "b":
        form = {"dtype": "boolean", "shape": [], "dtype_numpy": "|b1"}
    elif kind == "i" and column.unit != "ns":
        form = {"dtype": "integer", "shape": [], "dtype_numpy": "<i8"}
    else:
        form = {"dtype": "number", "shape": [], "dtype_numpy": "<f8"}
    key: dict[str, Any] = {"source": source, **form}
    if column.unit:
        key["units"] = column.unit
    if limits is not None:
        key["limits"] = {"control": {"low": float(limits.low), "high": float(limits.high)}}
    if choices:
        key["choices"] = list(choices)
    if precision is not None:
        key["precision"] = precision
    return key


@cache
def _kind(dtype: str) -> str:
    return np.dtype(dtype).kind
