"""The benchmark of the store measures each thing that it says, and leaves nothing behind."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def storing():
    """Scripts find each other in their own folder."""
    folder = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.insert(0, folder)
    yield import_module("storing")
    sys.path.remove(folder)


FRAMES = [np.random.default_rng(n).normal(500, 12, (64, 96)).astype(np.uint16) for n in range(2)]

MEASURES = {
    "raw_ratio": {"raw_ratio", "raw_ms", "bare_ms"},
    "compressed_fps": {"compressed_fps", "compressed_size"},
    "fsync_cost": {"never_ms", "frame_ms", "close_ms", "close_frames"},
}


@pytest.mark.parametrize(("name", "keys"), MEASURES.items(), ids=MEASURES)
def test_a_measure_is_positive_and_its_files_are_gone(storing, tmp_path, name, keys):
    measured = getattr(storing, name)(tmp_path, FRAMES, rounds=2)
    assert set(measured) == keys
    assert all(value > 0 for value in measured.values())
    assert list(tmp_path.iterdir()) == []
