"""``qhy600 verify`` as a user calls it: what it prints and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from stored_run import flip, frame, place_of, store


def verified(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("qhy600")
    return subprocess.run(
        [str(program), "verify", *map(str, arguments)],
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return store(tmp_path, [frame(n) for n in range(4)])


def test_a_clean_run_ends_with_0_and_says_how_far_it_is_proved(run):
    done = verified(run.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"{run.parent.name}: no loss seen; not proved by hardware"


@pytest.mark.parametrize("spoil", ["edit", "cut"])
def test_a_run_with_findings_ends_with_1_and_names_them(run, spoil):
    if spoil == "edit":
        flip(run, place_of(run, "counts", 2)[0], 255)
    else:
        run.write_bytes(run.read_bytes()[:-1000])
    done = verified(run.parent)
    assert (done.returncode, done.stderr) == (1, "")
    expected = {"edit": "edited: primary frame 2: ", "cut": "truncated: primary: "}
    assert done.stdout.splitlines()[1].startswith(expected[spoil])


def test_a_program_gets_one_object_with_every_finding(run):
    for n in (1, 3):
        flip(run, place_of(run, "counts", n)[0], 255)
    done = verified(run, "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["ok"], told["proved_by_hardware"], told["frames"]) == (False, False, 4)
    assert [(one["kind"], one["stream"], one["frame"]) for one in told["findings"]] == [
        ("edited", "primary", 1),
        ("edited", "primary", 3),
    ]
    assert set(told["findings"][0]) == {"kind", "stream", "frame", "what", "advice"}


def test_what_is_no_run_ends_with_1_and_one_line(tmp_path):
    done = verified(tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("qhy600: ")
    assert len(done.stderr.splitlines()) == 1
