"""What arrives at the camera of the 12 V, by arithmetic, and what the camera says of it."""

from __future__ import annotations

import numpy as np

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.supply import camera_volts, supply, undervoltage_code

_DRIVES = (0.0, 50.0, 100.0)
"""Of the cooler, that are told [%]."""


def supply_voltage(voltage: float | None = None, cable_resistance: float | None = None) -> Check:
    """Whether enough arrives at every drive of the cooler.

    Parameters
    ----------
    voltage
        Measured at the adapter, with no load [V]; with only the other one given, 12 V.
    cable_resistance
        Of both leads together [ohm]; with only the other one given, the most that is advised.

    Raises
    ------
    SettingRefused
        A number that no supply has.
    """
    needs, name = supply(), "supply voltage"
    if voltage is None and cable_resistance is None:
        return Check(
            name=name,
            status=Status.NOT_CHECKED,
            found=f"needed are an adapter of {needs.nominal:g} V and {needs.adapter_current:g} A or more, a "
            f"cable of at most {needs.cable_resistance:g} ohm (both leads), and {needs.warning:g} V at the "
            "camera; --voltage and --cable-resistance work it out",
        )
    volts = needs.nominal if voltage is None else _within("voltage", voltage, 1.0, 60.0, "V")
    ohms = (
        needs.cable_resistance
        if cable_resistance is None
        else _within("cable_resistance", cable_resistance, 0.0, 100.0, "ohm")
    )
    at = {drive: camera_volts(volts, ohms, needs.power_at(drive)) for drive in _DRIVES}
    told = ", ".join(f"{v:.2f} V at {drive:g} %" for drive, v in at.items())
    found = f"{volts:g} V over {ohms:g} ohm give at the camera, by drive of the cooler: {told}"
    remedy = (
        f"Use a shorter or thicker cable (at most {needs.cable_resistance:g} ohm, both leads) and an adapter "
        f"of at least {needs.adapter_current:g} A; measure at the camera's plug with the cooler on."
    )
    least = min(at.values())
    if volts > needs.highest:
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{found}. More than {needs.highest:g} V",
            advice=f"Use an adapter of {needs.nominal:g} V before anything is damaged.",
        )
    if least < needs.undervoltage:
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{found}. Below {needs.undervoltage:g} V {_from_drive(volts, ohms, needs.undervoltage)}",
            advice=f"There the camera stops its cooler, and limits it to {100 * needs.latched_duty:g} % "
            f"until it is reset. {remedy}",
        )
    if least < needs.warning:
        return Check(
            name=name,
            status=Status.WARNING,
            found=f"{found}. Below {needs.warning:g} V {_from_drive(volts, ohms, needs.warning)}",
            advice=remedy,
        )
    if ohms > needs.cable_resistance:
        return Check(name=name, status=Status.WARNING, found=found, advice=remedy)
    return Check(name=name, status=Status.OK, found=found)


def undervoltage(code: float, device: str = "") -> Check:
    """What the camera's own code says.

    Parameters
    ----------
    code
        As the library reads it.
    device
        Name of the camera.
    """
    name = "undervoltage"
    try:
        known = undervoltage_code(code)
    except NotPublished as unknown:
        return Check(
            name=name,
            status=Status.WARNING,
            found=str(unknown),
            advice="Measure the voltage at the camera, and ask its maker what the code means.",
            device=device,
        )
    told = f"code {known.code}: {known.meaning[0].lower()}{known.meaning[1:]}"
    if known.failed:
        return Check(
            name=name,
            status=Status.FAILED,
            found=told,
            advice=f"{known.cause}. {known.advice}. To reset it, with the camera open:\n"
            "  camera.reset_undervoltage()",
            device=device,
        )
    if known.advice:
        return Check(name=name, status=Status.NOT_CHECKED, found=f"{told}. {known.advice}", device=device)
    return Check(name=name, status=Status.OK, found=told, device=device)


def _from_drive(voltage: float, cable_resistance: float, limit: float) -> str:
    """From which drive on less than `limit` [V] arrives, in words."""
    needs = supply()
    if camera_volts(voltage, cable_resistance, needs.power[0]) < limit:
        return "whatever the cooler does"
    # What remains is a cable with a resistance: without one nothing falls.
    power = limit * (voltage - limit) / cable_resistance
    return f"from {float(np.interp(power, needs.power, needs.drive)):.0f} % of drive on"


def _within(name: str, value: float, lowest: float, highest: float, unit: str) -> float:
    if not lowest <= value <= highest:
        raise SettingRefused(name, value, allowed=f"{lowest:g} to {highest:g} {unit}")
    return value
