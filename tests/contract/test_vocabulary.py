"""One name, unit, type and meaning for every column."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from astropy import units

from qhy600_ophyd.contract import COLUMNS, FIELDS, FRAME_KINDS, SETTING_NAMES, Field, FrameInfo
from qhy600_ophyd.contract.vocabulary import TIME_COLUMNS

IDS = [field.name for field in COLUMNS]
ASTROPY_WORDS = {"count": "ct", "degC": "deg_C", "percent": "%", "pixel": "pix", "photon": "ph"}


def test_no_name_stands_twice() -> None:
    assert len(FIELDS) == len(COLUMNS)


@pytest.mark.parametrize("field", COLUMNS, ids=IDS)
def test_a_unit_can_be_read_and_numbers_have_one(field: Field) -> None:
    for word in field.unit.split("/"):
        units.Unit(ASTROPY_WORDS.get(word, word))
    assert (field.unit == "") == (np.dtype(field.dtype).kind in "Sb")


@pytest.mark.parametrize("field", COLUMNS, ids=IDS)
def test_a_column_has_a_fixed_size_a_one_line_meaning_and_a_missing_value(field: Field) -> None:
    dtype = np.dtype(field.dtype)
    assert dtype.itemsize > 0
    assert dtype.kind in "fiSb"
    assert field.meaning
    assert "\n" not in field.meaning
    column = np.zeros(1, dtype)
    column[0] = field.missing
    kept = column[0]
    assert np.isnan(kept) if dtype.kind == "f" else kept == field.missing


@pytest.mark.parametrize("name", SETTING_NAMES)
@pytest.mark.parametrize("suffix", ["", "_requested", "_reported"])
def test_every_setting_is_recorded_as_actual_requested_and_reported(name: str, suffix: str) -> None:
    assert FIELDS[name + suffix].unit == FIELDS[name].unit
    assert FIELDS[name + suffix].dtype == FIELDS[name].dtype


def test_what_a_frame_tells_has_a_column() -> None:
    described = {"shape", "dtype", "settings", "reported", "temperature_end"}
    assert {f.name for f in fields(FrameInfo)} - described <= set(FIELDS)


@pytest.mark.parametrize("name", TIME_COLUMNS)
def test_instants_are_whole_nanoseconds(name: str) -> None:
    assert (FIELDS[name].dtype, FIELDS[name].unit) == ("i8", "ns")


def test_the_kinds_of_frame_fit_their_column() -> None:
    assert max(map(len, FRAME_KINDS)) <= np.dtype(FIELDS["frame_kind"].dtype).itemsize
