"""What a run says of itself, held against the one schema of it, ``metadata_schema.json`` in this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from qhy600_ophyd.datasets.json_text import plain


def check_metadata(start: Mapping[str, Any], after: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """What is missing or wrong in a run's metadata, a line each, with the place; empty if nothing is.

    Parameters
    ----------
    start
        The start document, as ``run.json``, a file's attribute ``start`` or bluesky has it.
    after
        What was set when the run had ended, if that is to be checked too.
    """
    from jsonschema import Draft202012Validator

    schema = metadata_schema()
    parts: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [("start", start, schema)]
    if after is not None:
        parts.append(("after", after, {"$defs": schema["$defs"], "$ref": "#/$defs/after"}))
    return tuple(
        f"{'.'.join([name, *map(str, error.absolute_path)])}: {error.message}"
        for name, document, part in parts
        for error in sorted(Draft202012Validator(part).iter_errors(plain(document)), key=_place)
    )


def _place(error: Any) -> str:
    return error.json_path


@cache
def metadata_schema() -> dict[str, Any]:
    """The schema, in JSON Schema 2020-12."""
    return json.loads(
        files("qhy600_ophyd.datasets").joinpath("metadata_schema.json").read_text(encoding="utf-8")
    )
