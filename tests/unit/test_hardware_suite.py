"""The tests for the day a camera is plugged in run, and each kind of fault fails the one that is about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from standin_library import VARIABLE, setting, why_not

from qhy600_ophyd.bench.profile import Profile, SdkCameraProfile

ROOT = Path(__file__).parents[2]
HARDWARE = "tests/hardware"
FEW_CLAIMS = "not TestCamera or opens_again or another_thread or cooler_regulates"
"""All but the conformance suite, which has runs of its own, and of that what shows that it runs here."""

Ran = tuple[subprocess.CompletedProcess[str], dict[str, Any]]
standin = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


def hardware(folder: Path, *options: str, **switches: float) -> Ran:
    """The hardware tests in a pytest of their own, and their report; `switches` are those of the stand-in."""
    report = folder / "report.json"
    places = [] if any(option.startswith(HARDWARE) for option in options) else [HARDWARE]
    outside = ["-p", "no:cacheprovider", "--basetemp", str(folder / "own"), "--report", str(report)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *places, *options, *outside],
        cwd=ROOT,
        env=environment | {VARIABLE: setting(**switches)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ran, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


def ended(report: dict[str, Any], outcome: str) -> set[str]:
    """Names of the tests that ended so, without their parameters."""
    ids = (test["test"] for test in report["tests"] if test["outcome"] == outcome)
    return {name.partition("[")[0].rpartition("::")[2] for name in ids}


def test_without_a_camera_all_are_skipped_and_say_how_to_give_one(tmp_path):
    ran, report = hardware(tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert report == {}
    *_, last = ran.stdout.splitlines()
    assert " skipped in " in last
    assert "passed" not in last
    assert "no camera: give --camera" in ran.stdout


@pytest.mark.timeout(320)
@pytest.mark.parametrize("camera", [pytest.param("standin", marks=standin), "simulated"])
def test_every_grade_passes_on_a_camera_to_rehearse_with(tmp_path, camera):
    options = ("--camera", camera, "--grade", "stress", "--part", "0.1", "-k", FEW_CLAIMS)
    ran, report = hardware(tmp_path, *options)
    assert ran.returncode == 0, ran.stdout
    grades = {test["test"].split("_")[1] for test in report["tests"] if test["outcome"] == "passed"}
    assert grades == {"look", "expose", "cool", "stress"}
    assert report["camera"]["kind"] == camera
    assert not report["camera"]["is_hardware"]
    assert report["camera"]["identity"]["model"] == "QHY600M"
    measured = {entry["name"]: entry for entry in report["measured"]}
    assert measured["read noise of the image"]["standard_error"] > 0
    assert measured["rate of a stream"]["unit"] == "1/s"
    assert "rate of a stream: " in ran.stdout


@standin
def test_a_grade_leaves_out_what_goes_further(tmp_path):
    ran, report = hardware(tmp_path, "--camera", "standin", "--grade", "look")
    assert ran.returncode == 0, ran.stdout
    tried = [test["test"] for test in report["tests"] if "needs --grade" not in test["reason"]]
    assert tried
    assert all(name.startswith("test_look_") for name in tried)


@standin
@pytest.mark.parametrize(
    ("switches", "file", "some", "failing"),
    [
        ({"usb2": 1}, "look_identity", "", "it_is_on_usb_3"),
        ({"uvlo": 9}, "look_health", "", "its_supply_is_good"),
        ({"humidity": 80}, "look_health", "", "the_air_in_its_chamber_is_dry_and_of_this_planet"),
        ({"area_changes": 1}, "look_offer", "", "the_whole_chip_is_read_dark_columns_and_overscan_included"),
        (
            {"refused_control": 48},
            "expose_time",
            "cancelled or shortest",
            "a_cancelled_exposure_leaves_no_frame_behind",
        ),
        (
            {"delay_ms.CancelQHYCCDExposingAndReadout": 3000},
            "expose_time",
            "another_thread or shortest",
            "a_long_exposure_ends_within_two_seconds_when_another_thread_cancels",
        ),
    ],
    ids=[
        *("usb-2", "undervoltage", "wet-chamber", "image-area-alone"),
        *("memory-not-emptied", "slow-to-cancel"),
    ],
)
def test_a_fault_of_the_stand_in_fails_the_test_that_is_about_it_and_no_other(
    tmp_path, switches, file, some, failing
):
    options = ("--camera", "standin", "--grade", "expose", "-k", some)
    ran, report = hardware(tmp_path, f"{HARDWARE}/test_{file}.py", *options, **switches)
    assert ran.returncode == 1, ran.stdout
    assert ended(report, "failed") == {f"test_{failing}"}
    assert ended(report, "passed")


@standin
def test_shifted_frames_fail_wherever_the_columns_that_are_always_0_are_read(tmp_path):
    some = "where_they_should_be or part_of_the_frame"
    options = ("--camera", "standin", "--grade", "expose", "-k", some)
    ran, report = hardware(tmp_path, f"{HARDWARE}/test_expose_frames.py", *options, shift_frame=1e9)
    assert ran.returncode == 1, ran.stdout
    failed = [test for test in report["tests"] if test["outcome"] == "failed"]
    assert all("the image is shifted" in test["reason"] for test in failed)
    assert len([test for test in failed if "in_every_mode" in test["test"]]) == 7
    (seen,) = (test["test"] for test in report["tests"] if test["outcome"] == "passed")
    assert seen.endswith("[right-edge]"), "an area without those columns shows no shift"


@standin
def test_settings_that_a_first_frame_has_not_got_fail_the_tests_of_first_frames(tmp_path):
    camera = "standin:forgetful_camera:ForgetfulCamera"
    some = "first_frame or whatever_the_one_before or reads_back"
    options = ("--camera", camera, "--grade", "stress", "--part", "0.1", "-k", some)
    files = [f"{HARDWARE}/test_{name}.py" for name in ("expose_settings", "stress_settings")]
    ran, report = hardware(tmp_path, *files, *options, default_first=1)
    assert ran.returncode == 1, ran.stdout
    assert ended(report, "failed") == {
        "test_the_first_frame_after_a_change_of_mode_has_the_gain_and_offset_that_it_says",
        "test_every_frame_has_its_own_settings_whatever_the_one_before_had",
    }
    assert ended(report, "passed") == {"test_what_was_written_reads_back_with_the_frame"}


@standin
def test_a_cooler_that_does_nothing_fails_the_tests_of_the_cooler(tmp_path):
    options = ("--camera", "standin", "--grade", "cool")
    ran, report = hardware(tmp_path, f"{HARDWARE}/test_cool_set_point.py", *options, thermal_speed=1e-6)
    assert ran.returncode == 1, ran.stdout
    assert ended(report, "failed") == {
        "test_the_set_point_is_reached",
        "test_the_set_point_is_held",
        "test_the_power_rises_to_cool_and_stays_up_to_hold",
        "test_switched_off_it_has_no_power_and_the_sensor_warms_up",
    }


def simulated(folder: Path, more: str) -> str:
    """A profile of a small simulated camera, with these lines more."""
    profile = folder / "simulated.toml"
    camera = '[camera]\nbackend = "simulated"\nwidth = 336\nheight = 240\n'
    profile.write_text(camera + more, encoding="utf-8")
    return str(profile)


def test_frames_that_are_lost_in_a_stream_fail_the_test_of_the_cameras_own_numbers(tmp_path):
    fault = '[[faults]]\nname = "live_frames_dropped"\nat = {frame = 6}\n'
    options = ("--camera", simulated(tmp_path, fault), "--grade", "expose", "-k", "stream")
    files = [f"{HARDWARE}/test_expose_{name}.py" for name in ("header", "stream")]
    ran, report = hardware(tmp_path, *files, *options)
    assert ran.returncode == 1, ran.stdout
    assert ended(report, "failed") == {"test_frames_of_a_stream_have_numbers_one_after_the_other"}
    assert "test_a_stream_of_ten_whole_frames_has_ten_frames_with_its_settings" in ended(report, "passed")


def test_a_sensor_with_thrice_the_read_noise_fails_the_test_of_the_read_noise(tmp_path):
    camera = simulated(tmp_path, "[camera.physics]\nread_noise_scale = 3.0\n")
    options = ("--camera", camera, "--grade", "expose", "-k", "of_the_table or bit_depth")
    ran, report = hardware(tmp_path, f"{HARDWARE}/test_expose_frames.py", *options)
    assert ran.returncode == 1, ran.stdout
    noise = "test_two_bias_frames_have_the_read_noise_of_the_table_within_a_factor_of_two"
    assert ended(report, "failed") == {noise}
    assert ended(report, "passed") == {"test_every_bit_depth_has_its_type_and_its_level"}


@standin
def test_a_camera_that_does_not_open_ends_the_tests_with_one_line_and_a_report(tmp_path):
    ran, report = hardware(tmp_path, "--camera", "standin", cameras=0)
    assert ran.returncode == 1
    assert "the camera cannot be opened: no camera found: connect its 12 V first" in ran.stdout
    assert report["camera"]["error"].startswith("no camera found")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--camera", "nowhere.toml"), "nowhere.toml cannot be read", id="no-profile"),
        pytest.param(
            ("--camera", "standin", "-n", "2"), "a camera is held by one process", id="several-processes"
        ),
    ],
)
def test_a_camera_that_cannot_be_meant_is_refused(tmp_path, options, said):
    ran, _ = hardware(tmp_path, *options)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert said in ran.stdout + ran.stderr


def test_the_profile_of_a_camera_explains_every_key_and_each_is_understood():
    text = (ROOT / "profiles" / "camera.toml").read_text(encoding="utf-8")
    assert Profile.load(ROOT / "profiles" / "camera.toml").camera.backend == "sdk"
    # What stands behind a # at the beginning of a line is a key, or a table, that could be used.
    used = re.sub(r"(?m)^# (?=\[|\w+ = )", "", text)
    content = tomllib.loads(used)
    profile = Profile.checked(content)
    assert isinstance(profile.camera, SdkCameraProfile)
    elsewhere = {"light", "faults"}  # those of a simulated camera
    assert set(content) == set(Profile.model_fields) - elsewhere
    for name, table in content.items():
        assert set(table) == set(type(getattr(profile, name)).model_fields), name
