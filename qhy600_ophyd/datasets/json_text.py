"""Documents of a run as JSON text, whatever numbers and containers they hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np


def json_text(document: Any, *, indent: int | None = None) -> str:
    """`document` as strict JSON.

    Numpy values become plain ones, NaN and infinities ``null``, bytes text, sets and iterables lists,
    dataclasses objects, and anything else its ``str``.
    """
    return json.dumps(plain(document), indent=indent, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """`value` in the types of JSON."""
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def scalars(document: Mapping[str, Any]) -> dict[str, str | int | float]:
    """The entries of `document` that fit into a file's attributes as they are; truth values as 0 or 1."""
    return {
        key: int(value) if isinstance(value, bool) else value
        for key, value in plain(document).items()
        if isinstance(value, str | int | float)
    }


def flat_start(start: Mapping[str, Any]) -> dict[str, str | int | float]:
    """The scalar entries of a start document under the names that they have in a dataset's attributes."""
    named = scalars(start)
    if "uid" in named:
        named["run_uid"] = named.pop("uid")
    return named
