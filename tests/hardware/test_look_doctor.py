"""The way between the computer and the camera, before anybody opens it. Disturbs nothing."""

from __future__ import annotations

import pytest

from qhy600_ophyd.diagnosis import diagnose


def test_the_doctor_finds_nothing_wrong(chosen, measured):
    """Disturbs: nothing; looks at USB, and asks the library in a process of its own."""
    if chosen.kind != "sdk":
        pytest.skip("a camera to rehearse with is not on USB")
    diagnosis = diagnose(library=chosen.recipe.arguments["library"])
    for check in diagnosis.checks:
        measured(f"doctor: {check.name}", f"{check.status}: {check.found}", device=check.device)
    assert diagnosis.ok, f"\n{diagnosis}"
