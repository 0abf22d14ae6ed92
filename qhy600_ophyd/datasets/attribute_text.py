"""Texts in the attributes of a file: of fixed length, since a file that grows can hold no others."""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np


def write_text(attributes: h5py.AttributeManager, name: str, text: str, *, room: int = 0) -> None:
    """Make a text attribute of fixed length, UTF-8, with place for at least `room` bytes."""
    data = text.encode()
    kind = h5py.string_dtype("utf-8", max(len(data), room, 1))
    attributes.create(name, np.array(data, dtype=f"S{kind.itemsize}"), dtype=kind)


def rewrite_text(attributes: h5py.AttributeManager, name: str, text: str) -> bool:
    """Change a text attribute where it lies, as SWMR mode allows; False if `text` is too long for it."""
    data = text.encode()
    room = attributes.get_id(name).dtype.itemsize
    if len(data) > room:
        return False
    attributes.modify(name, np.array(data, dtype=h5py.string_dtype("utf-8", room)))
    return True


def text_of(value: Any) -> str:
    """Text from a file's attribute, which h5py gives as bytes where its length is fixed."""
    return value.decode() if isinstance(value, bytes) else str(value)


def document_in(value: Any, *, closed: bool) -> dict[str, Any]:
    """The JSON object that is written in a text attribute; empty if none was written yet.

    Parameters
    ----------
    value
        Of the attribute.
    closed
        Whether the file is finished. In one that is not, a text that is no JSON was being written when the
        program was killed, and is as if it were not there.

    Raises
    ------
    ValueError
        It is no JSON, in a file that is finished.
    """
    try:
        return json.loads(text_of(value) or "{}")
    except ValueError:
        if closed:
            raise
        return {}
