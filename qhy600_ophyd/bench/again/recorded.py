"""From a run's start document back to the bench and the plan that it was taken with."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from bluesky.utils import MsgGenerator

from qhy600_ophyd import plans
from qhy600_ophyd.bench.bench import Bench
from qhy600_ophyd.bench.profile import Profile
from qhy600_ophyd.contract import PlanNotRebuilt

REBUILT = ("burst", "exposure_series", "gain_sweep", "linearity", "timelapse")
"""Plans of `qhy600_ophyd.plans` that open a run, and whose arguments it records."""

_DEVICES: dict[str, Callable[[Bench], Any]] = {
    "camera": lambda bench: bench.camera,
    "light": lambda bench: bench.light,
}
"""Parameters of plans that are devices, and which of a bench's they are."""


def bench_of(start: Mapping[str, Any], *, output: str | os.PathLike[str] | None = None) -> Bench:
    """The set-up that a run was taken with, new and not opened yet.

    Parameters
    ----------
    start
        The run's start document.
    output
        Folder for new runs; wins over the one that the profile names.

    Raises
    ------
    PlanNotRebuilt
        It was not taken with a bench, and so has no profile.
    ProfileError
        Its profile is not understood, or no longer makes a camera.
    """
    return Bench(profile_of(start), output=output)


def profile_of(start: Mapping[str, Any]) -> Profile:
    """The profile that a run was taken with; raises as `bench_of`."""
    tables = start.get("profile")
    if not isinstance(tables, Mapping):
        raise PlanNotRebuilt(
            f"{named(start)} has no profile in its start document: it was taken in a RunEngine without a "
            "Bench. Make the camera as you made it then, and run the plan by hand"
        )
    return Profile.checked(dict(tables), source=f"the profile of {named(start)}")


def plan_of(start: Mapping[str, Any], bench: Bench, **changes: Any) -> MsgGenerator[Any]:
    """The plan of a run once more, with the devices of `bench`.

    Parameters
    ----------
    start
        The run's start document.
    bench
        Whose camera and light take the places of those that are named there.
    changes
        Arguments of the plan that replace the recorded ones; ``md`` too.

    Raises
    ------
    PlanNotRebuilt
        The plan is none of this package's, its arguments are not recorded or do not fit it, or the bench
        lacks a device that it takes.
    SettingRefused
        The plan itself refuses its arguments.
    """
    name = start.get("plan_name")
    if name not in REBUILT:
        raise PlanNotRebuilt(
            f"{named(start)} was taken by the plan {name!r}, which cannot be made again from here: allowed "
            f"are those of qhy600_ophyd.plans ({', '.join(REBUILT)}). In Python, bench_of(start) makes the "
            "bench, and bench.run(your_plan(bench.camera, ...)) runs the plan; its arguments, where it "
            "recorded them, stand in start['plan_args']"
        )
    recorded = start.get("plan_args")
    if not isinstance(recorded, Mapping):
        raise PlanNotRebuilt(f"{named(start)} does not record the arguments of its plan {name}")
    plan = getattr(plans, name)
    kept = {key: value for key, value in recorded.items() if key not in changes}
    arguments = {key: _argument(start, bench, key, value) for key, value in kept.items()} | changes
    try:
        inspect.signature(plan).bind(**arguments)
    except TypeError as no:
        raise PlanNotRebuilt(
            f"{named(start)} records arguments that {name} does not take: {no}. It was taken with another "
            "version; run the plan by hand"
        ) from None
    return plan(**arguments)


def named(start: Mapping[str, Any]) -> str:
    """What a message calls the run."""
    uid = str(start.get("uid", ""))
    return f"run {uid[:8]}" if uid else "this run"


def _argument(start: Mapping[str, Any], bench: Bench, parameter: str, value: Any) -> Any:
    """The value of a parameter; for one that is a device, the bench's."""
    find = _DEVICES.get(parameter)
    if find is None or value is None:
        return value
    device = find(bench)
    if device is None or device.name != value:
        has = "none" if device is None else repr(device.name)
        raise PlanNotRebuilt(
            f"{named(start)} was taken with the {parameter} {value!r}, and its bench has {has}: pass yours, "
            f"as plan_of(start, bench, {parameter}=your_{parameter}), and run that plan by hand"
        )
    return device
