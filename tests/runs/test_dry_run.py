"""``--dry-run`` says what an experiment would take, takes nothing, and refuses what cannot fit."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from qhy600_ophyd.bench.commands.command_line import app
from qhy600_ophyd.contract import SettingRefused

SMALL = '[camera]\nbackend = "simulated"\nwidth = 64\nheight = 48\n[output]\ndirectory = "OUT"\n'


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL.replace("OUT", (tmp_path / "runs").as_posix()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "frames"),
    [
        (["linearity", "--exposures", "0.1,0.2,0.3"], 12),
        (["exposure-series", "--exposures", "0.1,0.2", "--repeats", "3"], 6),
        (["gain-sweep", "--gains", "0,30", "--repeats", "2"], 8),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_dry_run_counts_the_frames_and_makes_no_folder(profile, arguments, frames):
    command = [*arguments, "--profile", str(profile), "--dry-run"]
    told = CliRunner().invoke(app, [*command, "--json"])
    assert told.exit_code == 0
    said = json.loads(told.stdout)
    assert (said["runs"], said["frames"], said["endless"]) == (1, frames, False)
    assert said["seconds"] > 0
    assert f"{frames} × 88 × 82 uint16" in CliRunner().invoke(app, command).stdout
    assert [path.name for path in profile.parent.iterdir()] == [profile.name]


def test_a_dry_run_refuses_what_the_run_would(profile):
    command = ["gain-sweep", "--gains", "0,500", "--profile", str(profile), "--dry-run"]
    assert isinstance(CliRunner().invoke(app, command).exception, SettingRefused)
