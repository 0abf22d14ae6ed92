"""What a bench is made of: profiles and keywords, and how wrong ones are refused."""

from __future__ import annotations

from pathlib import Path

import bluesky.plans as bp
import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.bench import Profile
from qhy600_ophyd.contract import ProfileError

PROFILES = Path(__file__).parents[2] / "profiles"


def test_the_shipped_profile_makes_a_bench(tmp_path):
    with Bench.from_profile(PROFILES / "simulated.toml", output=tmp_path) as bench:
        assert bench.camera.readout_mode.locate()["setpoint"] == "High Gain Mode 16BIT"
        assert bench.RE.md["operator"] == "simulation"
        assert bench.truth.electrons_per_count > 0


def test_every_shipped_profile_is_sound():
    files = sorted(PROFILES.glob("*.toml"))
    assert files
    for file in files:
        Bench.from_profile(file).close()


def test_an_operator_reaches_the_dataset(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text(
        '[camera]\nbackend = "simulated"\nwidth = 64\nheight = 48\n[metadata]\noperator = "Ada"\n',
        encoding="utf-8",
    )
    with Bench.from_profile(profile, output=tmp_path / "runs") as bench:
        run = bench.run(plans.exposure_series(bench.camera, [0.1]))
    assert run.attrs["operator"] == "Ada"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("[camera]\nbackend='simulated'\nwdith=64\n", "unknown key 'camera.wdith'", id="key"),
        pytest.param(
            "[camera]\nbackend='simulated'\nscene='stars'\n",
            "unknown key 'camera.scene'; it stands under [light]; allowed here:",
            id="key of the light",
        ),
        pytest.param(
            "[camera]\nbackend='simulated'\nbanding=1.0\n",
            "unknown key 'camera.banding'; it stands under [camera.physics];",
            id="key of the sensor",
        ),
        pytest.param("[camera]\nbackend='simulated'\nwidth=-1\n", "greater than or equal to 16", id="value"),
        pytest.param("[camera]\nbackend='telepathy'\n", "telepathy", id="backend"),
        pytest.param("[light]\nwavelength=530.0\n", "camera", id="no camera"),
        pytest.param(
            "[camera]\nseed=1\n", "camera.backend is missing; allowed: simulated, replay", id="no backend"
        ),
        pytest.param("[camera\n", "is not TOML", id="not TOML"),
    ],
)
def test_a_wrong_profile_is_refused_in_one_line_that_names_the_place(tmp_path, text, complaint):
    profile = tmp_path / "profile.toml"
    profile.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as refused:
        Bench.from_profile(profile)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_profile_is_refused(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        Bench.from_profile(tmp_path / "nowhere.toml")


def test_everything_that_a_simulated_camera_takes_can_be_said_to_a_bench(tmp_path):
    given = {"serial": "A1", "threads": 1, "digests": True, "gps_locked": True, "indirect_detection": True}
    with Bench.simulated(width=64, height=48, output=tmp_path, clock="system", **given) as bench:
        run = bench.run(bp.count([bench.camera], 1))
        assert bench.camera.serial.get() == "A1"
        assert bench.camera.backend.log[0].digest
        assert int(run.undervoltage[0]) == 1  # good, as seen by the indirect detection


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        pytest.param({"model": "QHY5"}, "QHY5", id="model"),
        pytest.param({"bandng": 3.0}, "'bandng' is no parameter", id="parameter"),
        pytest.param({"scne": "stars"}, "scene", id="key of the light"),
        pytest.param({"scene": "starz"}, "starz", id="scene"),
    ],
)
def test_what_a_simulated_bench_refuses_names_no_profile(tmp_path, given, complaint):
    with pytest.raises(ProfileError, match=complaint) as refused:
        Bench.simulated(output=tmp_path, **given)
    assert "profile" not in str(refused.value)


def test_what_only_making_the_camera_shows_names_the_profile_that_asked_for_it(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text("[camera]\nbackend='simulated'\nmodel='QHY5'\n", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"profile .*profile\.toml: .*QHY5"):
        Bench.from_profile(profile)


def test_a_profile_cools_the_sensor_before_the_first_run(tmp_path):
    content = {"camera": {"backend": "simulated", "width": 64, "height": 48}, "cooler": {"setpoint": 5.0}}
    with Bench(Profile.checked(content), output=tmp_path) as bench:
        run = bench.run(plans.exposure_series(bench.camera, [0.1]))
    assert abs(float(run.temperature[0]) - 5.0) < 0.2
    assert float(run.temperature_setpoint[0]) == 5.0
