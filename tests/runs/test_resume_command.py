"""``qhy600 resume`` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from killed_run import FRAMES, killed, linearity


def qhy600(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("qhy600")
    return subprocess.run(
        [str(program), *map(str, arguments)], capture_output=True, text=True, timeout=150, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return killed(tmp_path_factory.mktemp("cli"), linearity, "when a document was kept", 6)


def test_a_killed_run_is_told_as_such_gone_on_with_and_then_complete(folder):
    before = qhy600("info", folder)
    assert "ended     not: its program was killed; qhy600 resume goes on with it" in before.stdout

    done = qhy600("resume", folder, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["run"] == str(folder)
    assert (told["frames"], told["taken_before"], told["taken_now"]) == (FRAMES, 5, FRAMES - 5)
    assert (told["exit_status"], told["resumed"]) == ("success", 1)
    assert [gap["frame"] for gap in told["gaps"]] == [5]

    after = qhy600("info", folder, "--json")
    assert json.loads(after.stdout)["gaps"] == told["gaps"]
    again = qhy600("resume", folder)
    assert again.returncode == 1
    assert again.stderr.startswith("qhy600: resume of ")
    assert "it is complete" in again.stderr
