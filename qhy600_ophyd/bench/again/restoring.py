"""Setting a bench to what a run's start document says was set before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qhy600_ophyd.contract import SETTING_NAMES

if TYPE_CHECKING:
    from qhy600_ophyd.bench.bench import Bench


def restore(bench: Bench, before: Mapping[str, Any]) -> None:
    """Settings, set point, light and filter as they were; what is not recorded stays as it is.

    What was actual is applied, and what had been asked for since then is asked for again.

    Parameters
    ----------
    bench
        Open.
    before
        The entry ``settings_before`` of a start document; empty where there is none.

    Raises
    ------
    SettingRefused
        This camera does not take what that one had.
    NotSettled
        The sensor does not reach the set point in time.
    """
    actual, requested = (_given(before.get(part) or {}) for part in ("actual", "requested"))
    if actual:
        bench.camera.configure(actual)
        bench.camera.apply()
    if requested:
        bench.camera.configure({"roi": None, **requested})
    setpoint = before.get("temperature_setpoint")
    if setpoint is not None and setpoint != bench.camera.temperature.setpoint:
        bench.camera.temperature.set(setpoint).wait()
    if (level := before.get("light")) is not None and bench.light is not None:
        bench.light.set(level).wait()
    if (name := before.get("filter")) and bench.filter_wheel is not None:
        bench.filter_wheel.set(name).wait()


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in SETTING_NAMES and value is not None}
