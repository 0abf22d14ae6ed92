"""What a run says of itself: its plan, its arguments, what it is for, and with which software."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qhy600_ophyd.plans._versions import code, software


def purpose(
    plan: str,
    *,
    why: str,
    camera: Any,
    movables: Sequence[Any] = (),
    points: int,
    axes: Sequence[str] = (),
    arguments: Mapping[str, Any],
    md: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Metadata for the start document of a run.

    Parameters
    ----------
    plan
        Its name.
    why
        What the run is for, in one line.
    camera, movables
        The devices that take part.
    points
        How many events there will be.
    axes
        Data keys of the axes, slowest first.
    arguments
        Of the plan; devices are recorded by their names, arrays as lists.
    md
        What the user adds; it wins.

    Returns
    -------
    dict
        Ready for ``run_decorator(md=...)``.
    """
    own: dict[str, Any] = {
        "plan_name": plan,
        "plan_args": {name: plain(value) for name, value in arguments.items()},
        "purpose": why,
        "detectors": [camera.name],
        "motors": [m.name for m in movables],
        "num_points": points,
        "software": software(),
    }
    if axes:
        own["hints"] = {"dimensions": [([axis], "primary") for axis in axes]}
    if (checkout := code()) is not None:
        own["code"] = checkout
    return own | dict(md or {})


def plain(value: Any) -> Any:
    """The value as JSON can hold it: a device by its name, a number, text, list or mapping as itself."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return getattr(value, "name", None) or repr(value)
