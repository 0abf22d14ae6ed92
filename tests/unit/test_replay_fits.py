"""FITS headers say what was recorded; what they do not say is missing."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from qhy600_ophyd.backends.replay import open_recording
from qhy600_ophyd.contract import (
    CameraError,
    FrameNotRecorded,
    RecordedLevel,
    Settings,
    TemperatureReading,
)
from qhy600_ophyd.sensor import Rectangle

DARK_CARDS = {"IMAGETYP": "dark", "EXPTIME": 1.0}


@pytest.fixture
def write(tmp_path, counts_of):
    """Writes a frame for each of `cards`; the folder."""

    def files(cards, dtype=np.uint16):
        for n, header in enumerate(cards):
            unit = fits.PrimaryHDU(counts_of(n).astype(dtype))
            unit.header.update(header)
            unit.writeto(tmp_path / f"frame_{n}.fits")
        return tmp_path

    return files


def test_headers_become_settings_times_and_temperatures(write, opened, take, counts_of):
    cards = {
        **DARK_CARDS,
        "GAIN": 26,
        "OFFSET": 10.0,
        "READMODE": "High Gain Mode",
        "CCD-TEMP": -10.25,
        "SET-TEMP": -10.0,
        "DATE-OBS": "2024-03-01T01:02:03.250001",
        "INSTRUME": "QHY600M",
    }
    camera = opened(write([cards]))
    counts, info = take(camera)
    np.testing.assert_array_equal(counts, counts_of(0))
    assert camera.capabilities.identity.model == "recorded frames of QHY600M (FITS)"
    assert (info.settings.gain, info.settings.offset) == (26.0, 10.0)
    assert info.settings.readout_mode == "High Gain Mode"
    assert info.temperature_end == TemperatureReading(value=-10.25, setpoint=-10.0)
    assert info.exposure_start == int(np.datetime64("2024-03-01T01:02:03.250001", "ns").astype(int))
    assert info.exposure_end - info.exposure_start == 1_000_000_000
    assert info.time_source == "DATE-OBS"
    assert info.saturation_code == 65535


@pytest.mark.parametrize(
    ("cards", "light"),
    [
        pytest.param({"IMAGETYP": "Dark Frame", "EXPTIME": 1}, "dark", id="Dark Frame"),
        pytest.param({"IMAGETYP": "Bias", "EXPTIME": 0}, "dark", id="Bias"),
        pytest.param({"FRAME": "LIGHT", "EXPOSURE": 1}, "recorded", id="FRAME and EXPOSURE"),
        pytest.param({"IMAGETYP": "flat", "EXPTIME": 1}, "recorded", id="flat"),
        pytest.param({"IMAGETYP": "Flat Dark", "EXPTIME": 1}, "dark", id="Flat Dark"),
    ],
)
def test_the_kind_of_frame_decides_the_light(cards, light, write, opened):
    (level,) = opened(write([cards])).capabilities.recorded or ()
    assert level.light == light


def test_photons_are_read_where_they_are_written(write, opened):
    bright = {"IMAGETYP": "light", "EXPTIME": 1.0}
    cards = [{**bright, "PHOTONS": 55.5}, {**bright, "EXPTIME": 2.0}, DARK_CARDS]
    camera = opened(write(cards))
    assert camera.light.photons(1.0) == 0.0
    camera.light.set("recorded")
    assert [camera.light.photons(t) for t in (1.0, 2.0)] == [55.5, None]


def test_frames_come_in_the_order_of_their_dates(write, opened, take, counts_of):
    cards = [{**DARK_CARDS, "DATE-OBS": f"2024-03-01T00:00:0{9 - n}"} for n in range(3)]
    camera = opened(write(cards))
    for n in (2, 1, 0):
        np.testing.assert_array_equal(take(camera)[0], counts_of(n))


@pytest.mark.parametrize(
    "cards",
    [
        pytest.param({}, id="no date"),
        pytest.param({"DATE-OBS": "2024-03-01"}, id="no time of day"),
        pytest.param({"DATE-OBS": "2024-03-01T00:00:00", "TIMESYS": "TAI"}, id="not UTC"),
        pytest.param({"DATE-OBS": "yesterdayT"}, id="not a date"),
    ],
)
def test_a_time_that_is_not_known_is_missing(cards, write, opened, take):
    _, info = take(opened(write([{**DARK_CARDS, **cards}])))
    assert (info.exposure_start, info.exposure_end, info.time_source) == (-1, -1, "")


def test_gains_are_levels_of_their_own(write, opened, take, counts_of):
    cards = [{**DARK_CARDS, "GAIN": gain} for gain in (0, 56, 56)]
    camera = opened(write(cards))
    assert camera.capabilities.gain is not None
    assert camera.capabilities.gain.values == (0.0, 56.0)
    assert camera.capabilities.recorded == (RecordedLevel(exposure=1.0, light="dark", frames=1),)
    camera.configure(Settings(gain=56))
    for n in (1, 2):
        np.testing.assert_array_equal(take(camera)[0], counts_of(n))
    with pytest.raises(FrameNotRecorded, match="frame 3"):
        take(camera)


def test_registers_that_were_not_recorded_together_are_named(write, opened, take):
    cards = [{**DARK_CARDS, "GAIN": 0}, {**DARK_CARDS, "EXPTIME": 2.0, "GAIN": 56}]
    camera = opened(write(cards))
    camera.configure(Settings(gain=56))
    with pytest.raises(FrameNotRecorded) as refused:
        take(camera)
    assert str(refused.value) == (
        "a frame with light 'dark' at 1 s with gain 56.0 was not recorded: what was is gain 0.0"
    )


def test_binned_frames_lie_on_unbinned_pixels(write, opened, take, counts_of):
    camera = opened(write([{**DARK_CARDS, "XBINNING": 2, "YBINNING": 2}]))
    assert camera.capabilities.geometry.shape == (8, 12)
    assert camera.capabilities.binnings == (2,)
    camera.configure(Settings(roi=Rectangle(3, 2, 9, 6)))
    assert camera.settings.roi == Rectangle(4, 2, 8, 6)
    np.testing.assert_array_equal(take(camera)[0], counts_of(0)[1:4, 2:6])


def test_a_compressed_frame_is_read(tmp_path, opened, take, counts_of):
    unit = fits.CompImageHDU(counts_of(3), compression_type="RICE_1")
    unit.header.update(DARK_CARDS)
    unit.writeto(tmp_path / "frame.fits.fz")
    np.testing.assert_array_equal(take(opened(tmp_path))[0], counts_of(3))


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        pytest.param([{"EXPTIME": 1.0}], "IMAGETYP '' refused", id="no kind"),
        pytest.param([{**DARK_CARDS, "IMAGETYP": "arc"}], "IMAGETYP 'arc' refused", id="unknown kind"),
        pytest.param([{"IMAGETYP": "dark"}], "EXPTIME None refused", id="no exposure"),
        pytest.param([{**DARK_CARDS, "EXPTIME": "long"}], "EXPTIME 'long' refused", id="exposure in words"),
        pytest.param([{**DARK_CARDS, "EXPTIME": -1.0}], "EXPTIME -1.0 refused", id="negative exposure"),
        pytest.param(
            [{**DARK_CARDS, "GAIN": 1}, DARK_CARDS], "frame_1.fits has no GAIN", id="gain in one only"
        ),
        pytest.param([DARK_CARDS, {**DARK_CARDS, "XBINNING": 2}], "binning (2, 1)", id="odd binning"),
        pytest.param(
            [{"IMAGETYP": "light", "EXPTIME": 1, "PHOTONS": p} for p in (1, 2)],
            "PHOTONS 2.0 refused: frame_0.fits",
            id="two photon numbers",
        ),
    ],
)
def test_a_bad_header_names_its_file(tmp_path, cards, message, write):
    write(cards)
    with pytest.raises(CameraError) as refused:
        open_recording(tmp_path)
    assert message in str(refused.value)
    assert ".fits" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_counts_that_are_not_unsigned_are_refused(tmp_path, write):
    write([DARK_CARDS], dtype=np.float32)
    with pytest.raises(CameraError, match=r"frame_0.fits refused: .* BITPIX -32"):
        open_recording(tmp_path)


def test_frames_of_two_sizes_are_refused(tmp_path, write):
    write([DARK_CARDS])
    unit = fits.PrimaryHDU(np.zeros((2, 2), np.uint16))
    unit.header.update(DARK_CARDS)
    unit.writeto(tmp_path / "small.fits")
    with pytest.raises(CameraError, match=r"small.fits refused: .*\(16, 2, 2, 1\)"):
        open_recording(tmp_path)


@pytest.mark.filterwarnings("ignore:.*truncated")
@pytest.mark.parametrize("content", [b"", b"not a header", b"SIMPLE  =   "], ids=["empty", "text", "cut"])
def test_a_file_that_is_not_fits_is_named(tmp_path, content):
    (tmp_path / "broken.fits").write_bytes(content)
    with pytest.raises(CameraError, match=r"broken\.fits cannot be read as FITS"):
        open_recording(tmp_path)


@pytest.mark.filterwarnings("ignore:.*truncated")
def test_a_frame_cut_short_is_named_when_it_is_asked_for(tmp_path, write, opened, take):
    camera = opened(write([DARK_CARDS]))
    file = tmp_path / "frame_0.fits"
    file.write_bytes(file.read_bytes()[:2900])
    with pytest.raises(CameraError, match=r"frame_0\.fits cannot be read as a frame"):
        take(camera)
