"""Documents become strict JSON, whatever they hold."""

import json
from pathlib import PurePosixPath

import numpy as np
import pytest

from qhy600_ophyd.datasets.json_text import json_text, scalars
from qhy600_ophyd.sensor import Rectangle


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(2**53 + 1), 2**53 + 1),
        (np.bool_(True), True),
        (np.arange(3), [0, 1, 2]),
        (float("nan"), None),
        (float("inf"), None),
        ({1: (2, {3})}, {"1": [2, [3]]}),
        (Rectangle(1, 2, 3, 4), {"x": 1, "y": 2, "width": 3, "height": 4}),
        (b"\xc2\xb5", "µ"),
        (PurePosixPath("a/b"), "a/b"),
    ],
    ids=["float", "big int", "bool", "array", "nan", "inf", "containers", "dataclass", "bytes", "object"],
)
def test_any_value_becomes_strict_json(value, plain):
    assert json.loads(json_text({"value": value}), parse_constant=pytest.fail) == {"value": plain}


def test_only_text_and_numbers_are_scalars():
    document = {"a": 1, "b": "two", "c": np.float32(0.5), "d": True, "e": [1], "f": None, "g": {"h": 1}}
    assert scalars(document) == {"a": 1, "b": "two", "c": 0.5, "d": 1}
