"""Random steps with every fault at work: what the datasets say is what the simulator's own log says."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def beside_the_benchmarks():
    """Scripts find each other in their own folder."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


class HostileCamera(RuleBasedStateMachine):
    """A device whose camera does everything that cameras do."""

    def __init__(self) -> None:
        super().__init__()
        self.faults, self.hostile = import_module("faults"), import_module("hostile_session")
        self.folder = tempfile.TemporaryDirectory()
        self.score = self.hostile.Score()
        self.session = self.hostile.Session(
            Path(self.folder.name), seed=1, probability=0.03, score=self.score
        )
        self.session.reopen()

    @rule(seed=st.integers(0, 2**32 - 1))
    def choose_what_shapes_a_frame(self, seed: int) -> None:
        self.session.shape(self.faults.random_shape(np.random.default_rng(seed)))

    @rule(seed=st.integers(0, 2**32 - 1), points=st.integers(1, 6))
    def take_a_run(self, seed: int, points: int) -> None:
        rng = np.random.default_rng(seed)
        self.session.run([self.faults.random_point(rng) for _ in range(points)])

    @rule(frames=st.integers(2, 5))
    def take_a_stream(self, frames: int) -> None:
        self.session.stream(frames)

    @rule()
    def switch_off_and_on(self) -> None:
        self.session.reopen()

    @invariant()
    def no_frame_is_presented_for_what_it_is_not(self) -> None:
        assert self.score.mismatches == []

    def teardown(self) -> None:
        self.session.finish()
        self.folder.cleanup()


@pytest.mark.timeout(170)
def test_no_frame_of_a_hostile_camera_is_presented_for_what_it_is_not():
    run_state_machine_as_test(
        HostileCamera,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_comparison_finds_a_row_that_lies(tmp_path):
    """The same steps without faults, and one stored gain changed: the comparison has teeth."""
    faults = import_module("hostile_session")
    score = faults.Score()
    session = faults.Session(tmp_path, seed=2, probability=0.0, score=score)
    session.reopen()
    session.shape({"overscan": True, "binning": 1, "bit_depth": 16})
    session.run([{"gain": 10.0, "light": 100.0}, {"gain": 20.0}])
    assert score.frames == 2
    assert score.mismatches == []
    (folder,) = [path.parent for path in tmp_path.rglob("run.json")]
    run = faults.open_run(folder).load()
    by_digest = faults.group_by_digest(session.backend.log)
    for name, value in {"gain": 11.0, "irradiance": 5.0, "temperature_start": 60.0, "exposure": 7.0}.items():
        lying = run.copy(deep=True)
        lying[name][0] = value
        lying["temperature"][0] = lying["temperature_start"][0]
        wrong = faults.differences(lying, 0, by_digest)
        assert any(name.split("_")[0] in text for text in wrong), name
    damaged = run.copy(deep=True)
    damaged["counts"][0, 3, 40] += 1
    assert faults.differences(damaged, 0, by_digest) == ["no exposure gave these counts"]
    session.finish()
