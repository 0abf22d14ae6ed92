"""A diagnosis as text."""

from __future__ import annotations

import json

from qhy600_ophyd.diagnosis import Check, Diagnosis, Status

LONG = "  printf '%s\\n' " + "x" * 120
DIAGNOSIS = Diagnosis(
    checks=(
        Check(name="usb device", status=Status.OK, found="two of them"),
        Check(name="speed", status=Status.OK, found="fast", device="2-1"),
        Check(
            name="speed",
            status=Status.FAILED,
            found="slow " * 20,
            advice=f"Do this:\n{LONG}\nAgain.",
            device="2-3",
        ),
        Check(name="holder", status=Status.NOT_CHECKED, found="nobody asked", device="2-1"),
        Check(name="permission", status=Status.NOT_CHECKED, found="nobody asked", device="2-1"),
    )
)


def test_a_diagnosis_is_a_line_for_each_check_with_advice_below_those_that_failed():
    lines = str(DIAGNOSIS).splitlines()
    assert lines[0] == "ok          usb device        two of them"
    assert lines[1] == "ok          speed             2-1: fast"
    assert lines[2].startswith("failed      speed             2-3: slow slow")
    assert lines[-1] == "not checked                   holder, permission: nobody asked"


def test_lines_fit_the_terminal_but_commands_are_not_broken():
    lines = [line for _, line in DIAGNOSIS.lines(60)]
    assert f"    {LONG.strip()}" in lines
    assert max(len(line) for line in lines if "xxx" not in line) <= 60


def test_only_what_failed_makes_a_diagnosis_bad():
    assert not DIAGNOSIS.ok
    warned = Check(name="speed", status=Status.WARNING, found="slow", advice="Faster.")
    assert Diagnosis(checks=(warned,)).ok
    assert [check.status for check in DIAGNOSIS.findings] == [Status.FAILED]
    assert repr(DIAGNOSIS) == "<Diagnosis: speed failed>"
    assert repr(Diagnosis(checks=())) == "<Diagnosis: nothing wrong found>"


def test_json_says_the_same():
    told = json.loads(json.dumps(DIAGNOSIS.as_json()))
    assert told["ok"] is False
    assert [check["status"] for check in told["checks"]] == [
        "ok",
        "ok",
        "failed",
        "not checked",
        "not checked",
    ]
    assert told["checks"][2]["advice"].splitlines()[1] == LONG


def test_a_notebook_shows_it_as_text():
    class Printer:
        shown = ""

        def text(self, text):
            self.shown += text

    printer = Printer()
    DIAGNOSIS._repr_pretty_(printer, cycle=False)
    assert printer.shown == str(DIAGNOSIS)
