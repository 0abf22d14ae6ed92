"""HTML cards: a camera or a run at a glance, each number with error and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from qhy600_ophyd.analysis import Estimate
from qhy600_ophyd.contract import FIELDS, FRAME_KINDS, SETTING_NAMES, AnalysisRefused
from qhy600_ophyd.views.given import refuse_what_is_not

if TYPE_CHECKING:
    import xarray as xr

ALSO_SHOWN = ("temperature", "temperature_setpoint", "photons", "wavelength", "mean", "black_level")
"""Beside the settings, in this order."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A titled table that a notebook shows and a terminal prints.

    Parameters
    ----------
    title
        What it is about.
    rows
        Name, value and unit, each as text.
    """

    title: str
    rows: tuple[tuple[str, str, str], ...]

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:right'>{escape(value)}</td>"
            f"<td style='text-align:left'>{escape(unit)}</td></tr>"
            for name, value, unit in self.rows
        )
        return f"<div><strong>{escape(self.title)}</strong><table>{rows}</table></div>"

    @property
    def html(self) -> str:
        """The card as HTML, its text escaped."""
        return self._repr_html_()

    def __repr__(self) -> str:
        width = max((len(name) for name, _, _ in self.rows), default=0)
        lines = (f"  {name:<{width}}  {value} {unit}".rstrip() for name, value, unit in self.rows)
        return "\n".join([self.title, *lines])


class Describes(Protocol):
    """What tells its values and their units, as an ophyd device does."""

    def read(self) -> Mapping[str, Mapping[str, Any]]:
        """Data key to ``value`` and ``timestamp``."""
        ...

    def describe(self) -> Mapping[str, Mapping[str, Any]]:
        """Data key to ``units`` and, for what is kept in a file, ``external``."""
        ...


def camera_card(camera: Mapping[str, Any] | Describes, *, title: str | None = None) -> Card:
    """A camera as a card.

    Parameters
    ----------
    camera
        Name to ``(value, unit)``, to an `Estimate`, or to a bare value; or a device, whose values are shown
        without its name before them. Frames, which are external data, and what is missing are not.
    title
        Such as the model and serial number; the name of the device, or ``"Camera"``, unless given.

    Raises
    ------
    AnalysisRefused
        `camera` is neither.
    """
    if isinstance(camera, Mapping):
        return Card(title=title or "Camera", rows=tuple(_row(name, value) for name, value in camera.items()))
    if isinstance(camera, type) or not all(
        callable(getattr(camera, do, None)) for do in ("read", "describe")
    ):
        kind = camera.__name__ if isinstance(camera, type) else type(camera).__name__
        raise AnalysisRefused(
            f"camera_card refused an object of type {kind}: it takes a device with read() and describe(), or "
            "a mapping of names to values"
        )
    name = str(getattr(camera, "name", ""))
    return Card(title=title or name or "Camera", rows=tuple(_readings(camera, f"{name}_")))


def _readings(device: Describes, prefix: str) -> Iterable[tuple[str, str, str]]:
    values = device.read()
    for key, described in device.describe().items():
        if "external" in described or key not in values:
            continue
        value = values[key].get("value")
        if isinstance(value, np.generic):
            value = value.item()
        row = _row(key.removeprefix(prefix), (value, described.get("units") or ""))
        if row[1] not in ("—", "-1"):
            yield row


def run_card(run: xr.Dataset) -> Card:
    """A run as a card: plan, frames, times, settings and what was measured with them.

    A quantity that varied over the run is shown as its range. A number that repeats itself in frames that
    should be alike (temperature, black level) is shown as mean with standard error of the mean.

    Parameters
    ----------
    run
        As ``datasets.open_run`` gives it; whatever it lacks is left out. Pixels are not read.

    Raises
    ------
    AnalysisRefused
        `run` is no dataset.
    """
    import xarray as xr  # a second of import, which other cards do not need

    refuse_what_is_not(xr.Dataset, run, "run_card", "a run as a dataset, such as open_run(path) gives")
    rows = [*_about(run), *_frames(run), *_times(run)]
    rows += [_summary(run, name) for name in (*SETTING_NAMES, *ALSO_SHOWN) if _recorded(run, name)]
    return Card(title=f"Run {str(run.attrs.get('uid', ''))[:8]}".strip(), rows=tuple(rows))


def _row(name: str, value: Any) -> tuple[str, str, str]:
    label = name.replace("_", " ")
    if isinstance(value, Estimate):
        return label, value.number(), "" if value.unit == "1" else value.unit
    value, unit = value if isinstance(value, tuple) and len(value) == 2 else (value, "")
    if value is None or value == "" or (isinstance(value, float) and np.isnan(value)):
        return label, "—", ""
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return label, shown, "" if unit in (None, "1") else str(unit)


def _about(run: xr.Dataset) -> Iterable[tuple[str, str, str]]:
    for name in ("plan_name", "purpose", "operator", "model", "serial"):
        value = run.attrs.get(name)
        if isinstance(value, str | int | float) and value != "":
            yield _row(name, value)


def _frames(run: xr.Dataset) -> Iterable[tuple[str, str, str]]:
    if "counts" in run.variables:
        sizes = run["counts"].sizes
        shape = f"{sizes.get('y', 1)} × {sizes.get('x', 1)}"
        yield "frame", f"{shape} {run['counts'].dtype}", "pixel (rows × columns)"
    kinds = np.asarray(run["frame_kind"]).astype(str) if "frame_kind" in run.variables else np.array([])
    count = {kind: int((kinds == kind).sum()) for kind in FRAME_KINDS}
    detail = ", ".join(f"{n} {kind}" for kind, n in count.items() if n)
    total = str(run.sizes.get("frame", 0))
    yield "frames", f"{total} ({detail})" if detail else total, ""


def _times(run: xr.Dataset) -> Iterable[tuple[str, str, str]]:
    starts, ends = (
        np.asarray(run[name]) if name in run.variables else np.array([])
        for name in ("exposure_start", "exposure_end")
    )
    starts, ends = (t[t.astype("int64") > 0].astype("datetime64[ns]") for t in (starts, ends))
    if starts.size:
        yield "first exposure", str(np.datetime_as_string(starts.min(), unit="ms")), "UTC"
    if ends.size:
        yield "last exposure ends", str(np.datetime_as_string(ends.max(), unit="ms")), "UTC"


def _recorded(run: xr.Dataset, name: str) -> bool:
    if name not in run.variables:
        return False
    values = np.asarray(run[name])
    if values.dtype.kind == "f":
        return bool(np.isfinite(values).any())
    return values.size > 0 and not (values.dtype.kind in "SU" and (values.astype(str) == "").all())


def _summary(run: xr.Dataset, name: str) -> tuple[str, str, str]:
    values = np.asarray(run[name])
    unit = str(run[name].attrs.get("units", FIELDS[name].unit if name in FIELDS else ""))
    if values.ndim > 1:
        different = np.unique(values.reshape(-1, values.shape[-1]), axis=0)
        shown = [f"({', '.join(f'{v:g}' for v in row)})" for row in different[:3]]
        return _row(name, (" … ".join(shown), unit))
    if values.dtype.kind not in "fiu":
        return _row(name, (", ".join(sorted(set(values.astype(str).ravel().tolist()) - {""})), unit))
    values = values[np.isfinite(values)].astype(float)
    if np.ptp(values) == 0:
        return _row(name, (float(values.flat[0]), unit))
    if name in ("temperature", "black_level"):
        error = float(values.std(ddof=1) / np.sqrt(values.size))
        return _row(name, Estimate(value=float(values.mean()), standard_error=error, unit=unit))
    return _row(name, (f"{values.min():.6g} … {values.max():.6g}", unit))
