"""Reading the sensor's own tables; each is read once, when first asked for."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


class NotPublished(LookupError):
    """No figure is known for what was asked; the message says for what there is one."""


@cache
def table(name: str) -> dict[str, Any]:
    """The table ``data/<name>.toml``; its header holds source, date, conditions and how it was marked."""
    return tomllib.loads(files("qhy600_ophyd.sensor").joinpath("data", f"{name}.toml").read_text("utf-8"))
