"""What frame numbers prove: a gap of the camera's counter is a loss, its wrap and a new beginning are not."""

from __future__ import annotations

import numpy as np
import pytest

from qhy600_ophyd.datasets.verifying.sequence_gaps import Numbers, host_gaps, known_losses, sequence_findings

TURN = 1 << 32


def numbers(*sequence, source=b"gps_header", **columns):
    """Of frames in this order; a column that is not given is missing in the ledger."""
    n = len(sequence)
    missing = {"retaken": 0, "retries": 0, "discarded": 0, "lost_before": 0, "started": -1}
    given = {"arrival_monotonic": [-1] * n} | {name: [value] * n for name, value in missing.items()} | columns
    return Numbers.of(
        {
            "sequence": np.array(sequence, np.int64),
            "sequence_source": np.array([source] * n, "S16"),
            **{name: np.array(values, np.int64) for name, values in given.items()},
        }
    )


def found(*sequence, **columns):
    return [(finding.kind, finding.frame) for finding in sequence_findings(numbers(*sequence, **columns))]


@pytest.mark.parametrize("source", [b"gps_header", b"burst_counter"])
@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        pytest.param((1, 2, 3, 4), [], id="one after the other"),
        pytest.param((17, 18, 19), [], id="numbering starts at what the first frame carries"),
        pytest.param((1, 2, 4, 5), [("missing", 2)], id="one missing"),
        pytest.param((1, 2, 900, 901), [("missing", 2)], id="many missing"),
        pytest.param((1, 3, 5), [("missing", 1), ("missing", 2)], id="every other missing"),
        pytest.param((1, 2, 2, 3), [("duplicated", 2)], id="twice"),
        pytest.param((1, 3, 2, 4), [("missing", 1), ("reordered", 2), ("missing", 3)], id="exchanged"),
        pytest.param((TURN - 2, TURN - 1, 0, 1), [], id="wrap"),
        pytest.param((TURN - 2, TURN - 1, 1, 3), None, id="gap behind the wrap"),
        pytest.param((TURN - 3, TURN - 1, 0), [("missing", 1)], id="gap before the wrap"),
        pytest.param((TURN - 2, 3, 4), [("missing", 1)], id="gap over the wrap"),
        pytest.param((-1, 5, -1, 9), [], id="not known"),
        pytest.param((), [], id="no frames"),
    ],
)
def test_numbers_of_the_camera_follow_one_another(source, sequence, expected):
    if expected is None:
        # A counter of frames may go from its last number to 0; the header keeps 0 for "no header".
        expected = [("missing", 3)] if source == b"gps_header" else [("missing", 2), ("missing", 3)]
    assert found(*sequence, source=source) == expected


@pytest.mark.parametrize(
    ("sequence", "columns", "expected"),
    [
        pytest.param((1, 3), {"retries": [0, 1]}, [], id="taken again"),
        pytest.param((1, 3), {"retaken": [0, 1]}, [], id="retaken after a pause"),
        pytest.param((1, 4), {"retries": [0, 1]}, [("missing", 1)], id="taken again, and one missing"),
        pytest.param((5, 9), {"discarded": [0, 1]}, [], id="initialised between"),
        pytest.param((5, 1), {"discarded": [0, 1]}, [], id="counter began again with an initialisation"),
        pytest.param((5, 5), {"discarded": [0, 1]}, [], id="began again at the same number"),
        pytest.param((1, 5), {"started": [1, 5]}, [], id="four exposures, three of them ended"),
        pytest.param((1, 5), {"started": [1, 4]}, [("missing", 1)], id="three exposures, four numbers"),
        pytest.param((1, 2), {"started": [1, 9]}, [], id="exposures that were ended have no number"),
        pytest.param((7, 8), {"started": [3, 3]}, [], id="one live stream"),
        pytest.param((7, 9), {"started": [3, 3]}, [("missing", 1)], id="one live stream with a gap"),
    ],
)
def test_exposures_that_the_host_knows_of_explain_numbers(sequence, columns, expected):
    assert found(*sequence, **columns) == expected


@pytest.mark.parametrize(
    ("sequence", "arrival", "expected"),
    [
        pytest.param((0, 1, 2), (10, 20, 30), [], id="one after the other"),
        pytest.param((0, 4, 5), (10, 20, 30), [], id="a gap is no loss"),
        pytest.param((0, 1, 1), (10, 20, 20), [("duplicated", 2)], id="twice"),
        pytest.param((0, 2, 1), (10, 30, 20), [("reordered", 2)], id="exchanged"),
        pytest.param((0, 1, 0), (10, 20, 30), [], id="began again"),
        pytest.param((0, 2, 1), (-1, -1, -1), [("reordered", 2)], id="exchanged, times not known"),
    ],
)
def test_numbers_of_the_host_never_repeat_or_go_back_unless_it_began_again(sequence, arrival, expected):
    assert found(*sequence, source=b"host", arrival_monotonic=arrival) == expected


def test_numbers_of_the_host_without_a_frame_are_counted():
    assert host_gaps(numbers(0, 1, 4, 5, source=b"host")) == 2
    assert host_gaps(numbers(0, 1, 4, 5, source=b"host", retaken=[0, 0, 2, 0])) == 0
    assert host_gaps(numbers(0, 4, source=b"gps_header")) == 0


def test_numbers_of_different_counters_are_not_compared():
    mixed = numbers(1, 900)
    mixed.source[1] = b"burst_counter"
    assert list(sequence_findings(mixed)) == []


def test_losses_that_were_seen_at_once_are_told():
    (finding,) = known_losses(numbers(0, 1, 2, source=b"host", lost_before=[0, 3, -1]))
    assert (finding.kind, finding.frame) == ("missing", 1)
    assert "3 frames" in finding.what


def test_only_numbers_of_the_camera_count_as_its_own():
    own = numbers(1, -1, 3)
    own.source[2] = b"host"
    assert own.from_hardware.tolist() == [True, False, False]
