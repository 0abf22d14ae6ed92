"""The doctor says whether compressed frames go the fast way, and what to do where they do not."""

from __future__ import annotations

import pytest

from qhy600_ophyd.diagnosis import Status, compressing, diagnose
from qhy600_ophyd.diagnosis.usb_device import UsbView


def test_where_the_library_is_all_is_well():
    check = compressing.compression("0.5.2", has_wheel=True)
    assert (check.status, check.advice) == (Status.OK, "")
    assert "bitshuffle 0.5.2" in check.found


@pytest.mark.parametrize(
    ("has_wheel", "advice"),
    [(True, "\n  pip install bitshuffle"), (False, 'compression = "none"')],
    ids=["has a wheel", "has none"],
)
def test_where_it_is_not_frames_are_compressed_slower_and_the_advice_is_one_that_works(has_wheel, advice):
    check = compressing.compression(None, has_wheel=has_wheel)
    assert check.status is Status.WARNING
    assert "HDF5's filter" in check.found
    assert advice in check.advice
    assert ("pip install" in check.advice) == has_wheel


def test_a_diagnosis_has_it_and_is_not_bad_for_it(monkeypatch):
    def nowhere(name):
        raise compressing.PackageNotFoundError(name)

    monkeypatch.setattr(compressing, "version", nowhere)
    found = diagnose(ask_library=False, listing=lambda places: UsbView())
    (check,) = found.named("compression")
    assert check.status is Status.WARNING
    assert "compression" not in {check.name for check in found.checks if check.status is Status.FAILED}
