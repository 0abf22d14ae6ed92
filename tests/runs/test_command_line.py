"""``qhy600`` as a user calls it: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qhy600_ophyd import open_run
from qhy600_ophyd.bench.commands.report import QUANTITIES
from qhy600_ophyd.contract import SystemClock

SMALL = '[camera]\nbackend = "simulated"\nseed = 3\nwidth = 96\nheight = 64\n[output]\ndirectory = "here"\n'
TIMES = ",".join(str(0.2 * n) for n in range(1, 15))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    return folder


def qhy600(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("qhy600")
    return subprocess.run(
        [str(program), *arguments], cwd=folder, capture_output=True, text=True, timeout=150, check=False
    )


@pytest.fixture(scope="module")
def linearity(folder):
    done = qhy600(
        folder, "linearity", "--profile", "small.toml", "--output", "out", "--exposures", TIMES, "--json"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_linearity_prints_one_object_with_the_same_keys_for_every_camera(linearity):
    assert set(linearity) == {"run", "picture", *QUANTITIES}
    for name, unit in QUANTITIES.items():
        assert set(linearity[name]) == {"value", "standard_error", "unit", "truth"}
        assert linearity[name]["unit"] == unit


@pytest.mark.parametrize(
    "name", ["electrons_per_count", "responsivity", "quantum_efficiency", "read_noise", "full_well"]
)
def test_linearity_gives_back_what_was_injected(linearity, name):
    found = linearity[name]
    assert abs(found["value"] - found["truth"]) < 4 * found["standard_error"]


def test_linearity_leaves_one_run_and_one_picture(folder, linearity):
    assert Path(linearity["run"]).resolve().parent == (folder / "out").resolve()
    assert open_run(linearity["run"]).sizes["frame"] == 4 * 14
    assert (folder / linearity["picture"]).read_bytes().startswith(b"\x89PNG")


def test_info_shows_what_a_run_holds(folder, linearity):
    done = qhy600(folder, "info", linearity["run"])
    assert done.returncode == 0
    assert "56 frames" in done.stdout
    told = json.loads(qhy600(folder, "info", linearity["run"], "--json").stdout)
    assert told["streams"]["primary"]["frames"] == 56
    assert told["exit_status"] == "success"


def test_a_gain_sweep_tells_each_frame(folder):
    done = qhy600(folder, "gain-sweep", "--profile", "small.toml", "--gains", "0,30", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [frame["gain"] for frame in told["frames"]] == [0.0] * 4 + [30.0] * 4
    assert (folder / "here").is_dir()


def test_an_exposure_series_prints_a_table(folder):
    done = qhy600(
        folder, "exposure-series", "--profile", "small.toml", "--output", "out", "--exposures", "0.1,0.2"
    )
    assert done.returncode == 0, done.stderr
    assert "exposure [s]" in done.stdout
    assert "open_run(" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        pytest.param(
            ["exposure-series", "--profile", "small.toml", "--exposures", "1e-6"],
            1,
            "exposure 1e-06",
            id="40 µs",
        ),
        pytest.param(
            ["gain-sweep", "--profile", "small.toml", "--gains", "0,230"], 1, "gain 230 refused", id="gain"
        ),
        pytest.param(["gain-sweep", "--profile", "small.toml", "--gains", "1,1"], 1, "1 twice", id="twice"),
        pytest.param(["gain-sweep", "--profile", "nowhere.toml"], 1, "cannot be read", id="no profile"),
        pytest.param(["gain-sweep", "--gains", "a,b"], 2, "not a list of numbers", id="no numbers"),
        pytest.param(["linearity", "--replay", "nowhere"], 1, "nowhere", id="no recording"),
        pytest.param(["linearity", "--replay", ".", "--profile", "small.toml"], 2, "not both", id="both"),
        pytest.param(["info", "small.toml"], 1, "is not a run", id="not a run"),
        pytest.param(["sing"], 2, "sing", id="no such command"),
    ],
)
def test_what_is_refused_ends_in_words_and_no_traceback(folder, arguments, code, complaint):
    done = qhy600(folder, *arguments)
    assert done.returncode == code, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.strip().splitlines()[-1].startswith("qhy600: ")


def test_a_run_that_fails_says_in_one_line_why_and_where_its_frames_are(folder):
    faults = '[[faults]]\nname = "camera_lost"\nat = { frame = 2 }\n'
    (folder / "lost.toml").write_text(SMALL + faults, encoding="utf-8")
    done = qhy600(
        folder, "exposure-series", "--profile", "lost.toml", "--output", "lost", "--exposures", "0.1,0.2,0.3"
    )
    assert done.returncode == 1
    (kept,) = (path for path in (folder / "lost").iterdir() if path.is_dir())
    told = done.stderr.strip().splitlines()[-1]
    assert told.startswith("qhy600: ")
    assert told.endswith(f"; what was taken before is kept in {kept}")
    assert open_run(kept).sizes["frame"] == 1


@pytest.mark.parametrize("command", ["linearity", "gain-sweep"])
def test_a_colour_camera_is_not_measured_as_if_it_had_no_filters(folder, command):
    (folder / "colour.toml").write_text(
        SMALL.replace("seed = 3", 'seed = 3\nmodel = "QHY600C-PH"'), encoding="utf-8"
    )
    times = ("--exposures", "0.1,0.2,0.3,0.4") if command == "linearity" else ("--gains", "0,10")
    done = qhy600(folder, command, "--profile", "colour.toml", "--output", "colour", *times)
    assert done.returncode == (1 if command == "linearity" else 0)
    assert "colour filters (RGGB)" in done.stderr
    assert "kept" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_explains_itself(folder):
    for command in ("linearity", "exposure-series", "gain-sweep", "info", "doctor"):
        done = qhy600(folder, command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")
def test_ctrl_c_ends_a_run_in_words_and_keeps_its_frames(folder):
    (folder / "slow.toml").write_text(
        SMALL.replace("[output]", 'clock = "system"\n[output]'), encoding="utf-8"
    )
    program = Path(sys.executable).with_name("qhy600")
    command = [
        str(program),
        "exposure-series",
        "--profile",
        "slow.toml",
        "--output",
        "slow",
        "--exposures",
        "0.1",
    ]
    with subprocess.Popen(
        [*command, "--repeats", "500"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        ledger = _first_file(folder / "slow", running)
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=60)
    assert running.returncode == 130, complaint
    assert "interrupted" in complaint
    assert "Traceback" not in complaint
    run = open_run(ledger.parent)
    assert run.sizes["frame"] >= 1
    assert run.attrs["exit_status"] == "abort"


def _first_file(output: Path, running: subprocess.Popen[str]) -> Path:
    """The events of the run that the program has begun: they are there once a frame is."""
    patience = SystemClock()
    while running.poll() is None:
        for found in output.glob("*/primary.events.jsonl"):
            return found
        patience.wait(0.1)
    raise AssertionError(running.stderr.read() if running.stderr else "ended early")
