"""Tiny streams of frames for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import RunFolders

START = {
    "uid": "0f7a1c52-93d4-4c8e-b1b2-5a6f8a7c9d10",
    "time": 1_795_376_600.25,
    "plan_name": "linearity",
    "scan_id": 7,
    "operator": "Zoë",
    "plan_args": {"exposures": [0.1, 0.2]},
}


@pytest.fixture(scope="session")
def tiny_layout() -> Callable[..., Layout]:
    """Makes layouts of 4 × 6 counts with every column and a start document, changed by keyword."""

    def layout(**changes: Any) -> Layout:
        described = {
            "shape": (4, 6),
            "dtype": "uint16",
            "x": np.arange(6) + 0.5,
            "y": np.arange(4) + 0.5,
            "x_region": np.array([1, 2, 0, 0, 0, 0], np.int8),
            "y_region": np.array([0, 0, 0, 3], np.int8),
            "attributes": {"device": "camera", "model": "QHY600", "pixel_size": 3.76},
            "start": START,
        }
        return Layout(**{**described, **changes})

    return layout


@pytest.fixture(scope="session")
def tiny_frame() -> Callable[..., Frame]:
    """Makes frame `n` of such a layout: no two counts alike, its sequence n + 10, its exposure n / 10."""

    def frame(n: int, **row: Any) -> Frame:
        counts = np.arange(24, dtype=np.uint16).reshape(4, 6) + np.uint16(100 * n)
        return Frame(counts, {"sequence": n + 10, "exposure": 0.1 * n, **row})

    return frame


@pytest.fixture
def store(tmp_path: Path) -> RunFolders:
    """Keeps each run in a folder of its own."""
    return RunFolders(tmp_path / "runs")
