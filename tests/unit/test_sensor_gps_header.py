"""The 44 bytes that a GPS box writes over the first pixels."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.sensor.gps_header import (
    EPOCH_NS,
    LENGTH,
    GpsHeader,
    GpsMoment,
    GpsStatus,
    NotAGpsHeader,
    decode,
    encode,
)

LATEST = EPOCH_NS + (2**32 - 1) * 10**9

moments = st.builds(
    GpsMoment,
    status=st.sampled_from(GpsStatus),
    utc_ns=st.integers(EPOCH_NS // 100, LATEST // 100).map(lambda ticks: ticks * 100),
)
headers = st.builds(
    GpsHeader,
    sequence=st.integers(1, 2**32 - 1),
    width=st.integers(0, 2**16 - 1),
    height=st.integers(0, 2**16 - 1),
    latitude=st.integers(-90 * 6_000_000, 90 * 6_000_000).map(lambda units: units / 6_000_000),
    longitude=st.integers(-180 * 600_000, 180 * 600_000).map(lambda units: units / 600_000),
    start=moments,
    end=moments,
    now=moments,
    ticks_per_second=st.integers(0, 2**24 - 1),
)

LOCKED = GpsMoment(status=GpsStatus.LOCKED, utc_ns=1_700_000_000_123_456_700)
HEADER = GpsHeader(
    sequence=7,
    width=9600,
    height=6422,
    latitude=-28.7606,
    longitude=-117.88,
    start=LOCKED,
    end=LOCKED,
    now=LOCKED,
    ticks_per_second=10_000_012,
)


@given(headers)
def test_what_was_written_is_read_again(header):
    assert decode(encode(header)) == header


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_position_comes_back_to_half_a_unit_of_its_minutes(latitude, longitude):
    read = decode(encode(replace(HEADER, latitude=latitude, longitude=longitude)))
    assert abs(read.latitude - latitude) <= 0.5000001 / 6_000_000
    assert abs(read.longitude - longitude) <= 0.5000001 / 600_000


def test_the_bytes_stand_where_others_read_them():
    data = encode(HEADER)
    assert len(data) == LENGTH
    assert data[0:9] == (7).to_bytes(4, "big") + b"\0" + (9600).to_bytes(2, "big") + (6422).to_bytes(2, "big")
    latitude, longitude = (int.from_bytes(data[n : n + 4], "big") for n in (9, 13))
    assert latitude == 1_000_000_000 + 28 * 10**7 + round(0.7606 * 60 * 1e5)
    assert longitude == 1_000_000_000 + 117 * 10**6 + round(0.88 * 60 * 1e4)
    assert data[33] >> 4 & 3 == 3
    seconds, ticks = int.from_bytes(data[34:38], "big"), int.from_bytes(data[38:41], "big")
    since_1970 = datetime(1995, 10, 10, tzinfo=UTC).timestamp()
    assert since_1970 + seconds == 1_700_000_000
    assert ticks == 1_234_567
    assert int.from_bytes(data[41:44], "big") == 10_000_012


@pytest.mark.parametrize(
    ("status", "ticks", "trusted"),
    [
        pytest.param(GpsStatus.LOCKED, 10_000_000, True, id="locked"),
        pytest.param(GpsStatus.LOCKED, 10_000_500, True, id="fastest"),
        pytest.param(GpsStatus.LOCKED, 10_000_501, False, id="too-fast"),
        pytest.param(GpsStatus.LOCKED, 9_000_000, False, id="too-slow"),
        pytest.param(GpsStatus.LOCKING, 10_000_000, False, id="locking"),
        pytest.param(GpsStatus.OFF, 10_000_000, False, id="off"),
    ],
)
def test_a_time_is_trusted_when_locked_and_near_its_frequency(status, ticks, trusted):
    now = replace(LOCKED, status=status)
    assert replace(HEADER, now=now, ticks_per_second=ticks).trusted is trusted


def with_latitude(value: int) -> bytes:
    return encode(HEADER)[:9] + value.to_bytes(4, "big") + encode(HEADER)[13:]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(encode(HEADER)[:-1], "44 bytes, not 43", id="short"),
        pytest.param(encode(HEADER) + b"\0", "44 bytes, not 45", id="long"),
        pytest.param(bytes(LENGTH), "sequence number 0", id="zeros"),
        pytest.param(b"\xff" * LENGTH, "not on the globe", id="ones"),
        pytest.param(with_latitude(91 * 10**7), "91 degrees", id="beyond-the-pole"),
        pytest.param(with_latitude(65 * 10**5), "65 minutes", id="too-many-minutes"),
    ],
)
def test_bytes_that_are_no_header_are_refused(data, said):
    with pytest.raises(NotAGpsHeader, match=re.escape(said)):
        decode(data)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 0},
        {"sequence": 2**32},
        {"width": -1},
        {"height": 2**16},
        {"latitude": 90.1},
        {"longitude": -180.1},
        {"longitude": float("nan")},
        {"ticks_per_second": 2**24},
        {"now": GpsMoment(status=GpsStatus.LOCKED, utc_ns=EPOCH_NS - 100)},
        {"start": GpsMoment(status=GpsStatus.LOCKED, utc_ns=LATEST + 10**9)},
    ],
    ids=str,
)
def test_values_that_no_header_holds_are_refused(change):
    with pytest.raises(NotAGpsHeader):
        encode(replace(HEADER, **change))
