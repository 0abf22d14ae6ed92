"""Recorded frames, served as a camera."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from PIL import Image

from qhy600_ophyd.backends.replay import ReplayCamera, open_recording
from qhy600_ophyd.backends.replay.emva1288 import read_image
from qhy600_ophyd.contract import (
    CameraError,
    ExposureCancelled,
    FrameInfo,
    FrameNotRecorded,
    RecordedLevel,
    SettingRefused,
    Settings,
    TemperatureReading,
)
from qhy600_ophyd.sensor import Rectangle

SET001 = Path(__file__).parents[3] / "shared" / "data" / "emva1288-set001"
SHAPE = (4, 6)

DESCRIPTOR = r"""# frames of a camera that nobody built
v 3.0
n 12 6 4
b 1000000.0 120.5
i images\b_0.png
i images\b_1.png
b 5000000.0 600.0
i images/b_2.png
d 1000000.0
i images\d_0.png
i images\d_1.png
"""


def counts_of(n: int) -> NDArray[np.uint16]:
    return (np.arange(24, dtype=np.uint16).reshape(SHAPE) + 1000 * n).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for n, name in enumerate(["d_0", "d_1", "b_0", "b_1"]):
        Image.fromarray(counts_of(n)).save(tmp_path / "images" / f"{name}.png")
    Image.fromarray(np.full(SHAPE, 4095, np.uint16)).save(tmp_path / "images" / "b_2.png")
    (tmp_path / "EMVA1288_Data.txt").write_text(DESCRIPTOR)
    return tmp_path


def opened(folder: Path) -> ReplayCamera:
    camera = ReplayCamera(folder)
    camera.open()
    return camera


def take(camera: ReplayCamera) -> tuple[NDArray[np.unsignedinteger], FrameInfo]:
    camera.arm(1)
    buffer = np.zeros(1024, np.uint8)
    info = camera.grab(buffer, 1.0)
    size = info.shape[0] * info.shape[1] * np.dtype(info.dtype).itemsize
    return buffer[:size].view(info.dtype).reshape(info.shape), info


class TestDescriptor:
    def test_it_offers_what_was_recorded_and_nothing_else(self, folder: Path) -> None:
        offered = opened(folder).capabilities
        assert offered.recorded == (
            RecordedLevel(exposure=0.001, light="recorded", frames=2),
            RecordedLevel(exposure=0.005, light="recorded", frames=1),
            RecordedLevel(exposure=0.001, light="dark", frames=2),
        )
        assert offered.exposure.values == (0.001, 0.005)
        assert offered.geometry.shape == SHAPE
        assert (offered.gain, offered.offset, offered.usb_traffic, offered.temperature) == (None,) * 4
        assert (offered.modes, offered.binnings, offered.bit_depths, offered.overscan) == (
            (),
            (1,),
            (12,),
            (False,),
        )
        assert offered.identity.model == "recorded frames (EMVA 1288)"
        assert offered.identity.serial == ""

    def test_what_was_not_recorded_is_missing(self, folder: Path) -> None:
        _, info = take(opened(folder))
        assert (info.settings.gain, info.settings.offset, info.settings.readout_mode) == (None, None, None)
        assert (info.exposure_start, info.exposure_end, info.time_source) == (-1, -1, "")
        assert np.isnan(info.time_uncertainty)
        assert info.line_time is None
        assert info.temperature_end == TemperatureReading()

    def test_the_saturation_code_is_that_of_the_bits(self, folder: Path) -> None:
        assert take(opened(folder))[1].saturation_code == 4095

    def test_photons_are_the_descriptors(self, folder: Path) -> None:
        camera = opened(folder)
        assert camera.light.photons(0.001) == 0.0
        camera.light.set("recorded")
        assert [camera.light.photons(t) for t in (0.001, 0.005, 0.002)] == [120.5, 600.0, None]
        assert (camera.light.irradiance, camera.light.wavelength) == (None, None)

    def test_frames_come_in_the_order_of_the_descriptor(self, folder: Path) -> None:
        camera = opened(folder)
        served = [take(camera)[0].copy() for _ in range(2)]
        camera.light.set("recorded")
        served += [take(camera)[0].copy() for _ in range(2)]
        for n, counts in enumerate(served):
            np.testing.assert_array_equal(counts, counts_of(n))

    def test_levels_are_counted_apart(self, folder: Path) -> None:
        camera = opened(folder)
        take(camera)
        camera.light.set("recorded")
        take(camera)
        camera.light.set("dark")
        np.testing.assert_array_equal(take(camera)[0], counts_of(1))

    def test_sixteen_bits_are_not_scaled(self, folder: Path) -> None:
        camera = opened(folder)
        camera.light.set("recorded")
        camera.configure(Settings(exposure=0.005))
        assert np.unique(take(camera)[0]).tolist() == [4095]

    def test_an_area_is_cut_out(self, folder: Path) -> None:
        camera = opened(folder)
        camera.configure(Settings(roi=Rectangle(2, 1, 3, 2)))
        np.testing.assert_array_equal(take(camera)[0], counts_of(0)[1:3, 2:5])

    def test_the_descriptor_itself_can_be_named(self, folder: Path) -> None:
        (folder / "EMVA1288_Data.txt").rename(folder / "measured.dat")
        assert open_recording(folder / "measured.dat").exposures("dark") == (0.001,)

    def test_one_level_told_in_two_places_is_one(self, folder: Path) -> None:
        text = DESCRIPTOR.replace("i images/b_2.png\n", "") + "b 1000000 120.5\ni images/b_2.png\n"
        (folder / "EMVA1288_Data.txt").write_text(text)
        assert opened(folder).capabilities.recorded == (
            RecordedLevel(exposure=0.001, light="recorded", frames=3),
            RecordedLevel(exposure=0.001, light="dark", frames=2),
        )

    def test_eight_bits_are_served_as_bytes(self, tmp_path: Path) -> None:
        counts = np.arange(24, dtype=np.uint8).reshape(SHAPE)
        Image.fromarray(counts).save(tmp_path / "d.png")
        (tmp_path / "d.txt").write_text("v 4.0\nn\t8 6 4\nd\t1000\ni\td.png\n")
        served, info = take(opened(tmp_path))
        assert (info.dtype, info.saturation_code) == ("uint8", 255)
        np.testing.assert_array_equal(served, counts)


class TestRefusals:
    def test_a_third_frame_of_a_pair(self, folder: Path) -> None:
        camera = opened(folder)
        take(camera)
        take(camera)
        with pytest.raises(FrameNotRecorded) as refused:
            take(camera)
        assert str(refused.value) == (
            "frame 3 with light 'dark' at 0.001 s was not recorded: this level holds 2, all served, "
            "and none is repeated. Close and open the camera to begin again"
        )

    def test_a_dark_that_only_its_bright_has(self, folder: Path) -> None:
        camera = opened(folder)
        camera.configure(Settings(exposure=0.005))
        with pytest.raises(FrameNotRecorded) as refused:
            take(camera)
        assert str(refused.value) == (
            "a frame with light 'dark' at 0.005 s was not recorded: that light has 1 exposures, 0.001 s"
        )

    def test_an_exposure_that_was_not_recorded(self, folder: Path) -> None:
        camera = opened(folder)
        with pytest.raises(SettingRefused) as refused:
            camera.configure(Settings(exposure=0.002))
        assert str(refused.value) == (
            "exposure 0.002 refused: allowed is one of the recorded 0.001, 0.005 s (still at 0.001)"
        )

    def test_a_gain_that_was_not_recorded(self, folder: Path) -> None:
        with pytest.raises(SettingRefused, match="no such setting, or none was recorded"):
            opened(folder).configure(Settings(gain=56.0))

    def test_light_in_a_recording_of_darks(self, folder: Path) -> None:
        (folder / "EMVA1288_Data.txt").write_text("n 12 6 4\nd 1000\ni images/d_0.png\n")
        camera = opened(folder)
        camera.light.set("recorded")
        with pytest.raises(FrameNotRecorded, match=r"no frame has that light\. Set the light to 'dark'"):
            take(camera)

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            pytest.param("b 1000", "line 3: 'b 1000' refused", id="photons missing"),
            pytest.param("d soon", "line 3: 'd soon' refused", id="not a number"),
            pytest.param("d -5", "line 3: 'd -5' refused", id="negative"),
            pytest.param("d nan", "line 3: 'd nan' refused", id="nan"),
            pytest.param("x 1", "line 3: 'x 1' refused", id="unknown letter"),
            pytest.param("i images/d_0.png", "a b or d line above it", id="image without level"),
            pytest.param(
                "b 5 1\nb 5 2", "line 4: 'b 5 2' refused: this exposure was", id="two photon numbers"
            ),
            pytest.param("d 5", "it describes no frame", id="no frames"),
            pytest.param("d 5\ni images/none.png", "1 of 1 images are missing", id="image missing"),
            pytest.param("n 20 6 4\nd 5\ni images/d_0.png", "20 bits, 6 × 4 pixels", id="too many bits"),
        ],
    )
    def test_a_bad_descriptor_names_what_is_wrong(self, folder: Path, bad: str, message: str) -> None:
        (folder / "EMVA1288_Data.txt").write_text(f"v 3.0\nn 12 6 4\n{bad}\n")
        camera = ReplayCamera(folder)
        with pytest.raises(CameraError) as refused:
            camera.open()
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)
        assert camera.status().state == "closed"

    def test_a_descriptor_without_its_shape(self, folder: Path) -> None:
        (folder / "EMVA1288_Data.txt").write_text("v 3.0\nd 5\ni images/d_0.png\n")
        with pytest.raises(CameraError, match="'n bits width height' is missing"):
            open_recording(folder)

    def test_two_descriptors(self, folder: Path) -> None:
        shutil.copy(folder / "EMVA1288_Data.txt", folder / "copy.txt")
        with pytest.raises(CameraError, match=r"several .*EMVA1288_Data.txt, copy.txt"):
            open_recording(folder)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CameraError, match="not found"):
            open_recording(tmp_path / "nowhere")

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("very nice stars tonight")
        with pytest.raises(CameraError, match="holds no recording"):
            open_recording(tmp_path)

    @pytest.mark.parametrize(
        ("spoil", "error", "message"),
        [
            pytest.param(lambda p: p.unlink(), FrameNotRecorded, "is missing", id="gone"),
            pytest.param(lambda p: p.write_bytes(b"no image"), CameraError, "cannot be read", id="no image"),
            pytest.param(
                lambda p: p.write_bytes(p.read_bytes()[:50]), CameraError, "cannot be read", id="cut short"
            ),
            pytest.param(
                lambda p: Image.fromarray(np.zeros((3, 6), np.uint16)).save(p),
                CameraError,
                "its shape is (3, 6), the recording's frames are (4, 6)",
                id="another size",
            ),
            pytest.param(
                lambda p: Image.fromarray(np.full(SHAPE, 4096, np.uint16)).save(p),
                CameraError,
                "holds the count 4096, a frame of 12 bits ends at 4095",
                id="too many bits",
            ),
            pytest.param(
                lambda p: Image.new("RGB", (6, 4)).save(p), CameraError, "image mode 'RGB'", id="colour"
            ),
        ],
    )
    def test_a_spoilt_image_is_named(
        self, folder: Path, spoil: Callable[[Path], object], error: type[CameraError], message: str
    ) -> None:
        camera = opened(folder)
        spoil(folder / "images" / "d_0.png")
        with pytest.raises(error) as refused:
            take(camera)
        assert message in str(refused.value)
        assert "d_0.png" in str(refused.value)
        assert camera.status().state == "idle"

    def test_a_frame_cancelled_while_it_is_read_stays_the_next_one(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera = opened(folder)

        def read_and_cancel(file: Path) -> NDArray[np.unsignedinteger]:
            camera.cancel()
            return read_image(file)

        with monkeypatch.context() as patched:
            patched.setattr(camera, "_recording", replace(camera.recording, read=read_and_cancel))
            with pytest.raises(ExposureCancelled):
                take(camera)
        assert camera.status().state == "idle"
        np.testing.assert_array_equal(take(camera)[0], counts_of(0))

    def test_a_buffer_with_gaps(self, folder: Path) -> None:
        camera = opened(folder)
        camera.arm(1)
        with pytest.raises(CameraError, match="C-contiguous"):
            camera.grab(np.zeros((64, 64), np.uint16)[:, ::2], 1.0)


Cards = dict[str, object]
DARK_CARDS: Cards = {"IMAGETYP": "dark", "EXPTIME": 1.0}


class TestFits:
    def write(self, folder: Path, cards: Sequence[Cards], dtype: type = np.uint16) -> Path:
        for n, header in enumerate(cards):
            unit = fits.PrimaryHDU(counts_of(n).astype(dtype))
            unit.header.update(header)
            unit.writeto(folder / f"frame_{n}.fits")
        return folder

    def test_headers_become_settings_times_and_temperatures(self, tmp_path: Path) -> None:
        cards: Cards = {
            **DARK_CARDS,
            "GAIN": 26,
            "OFFSET": 10.0,
            "READMODE": "High Gain Mode",
            "CCD-TEMP": -10.25,
            "SET-TEMP": -10.0,
            "DATE-OBS": "2024-03-01T01:02:03.250001",
            "INSTRUME": "QHY600M",
        }
        camera = opened(self.write(tmp_path, [cards]))
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
    def test_the_kind_of_frame_decides_the_light(self, tmp_path: Path, cards: Cards, light: str) -> None:
        (level,) = opened(self.write(tmp_path, [cards])).capabilities.recorded or ()
        assert level.light == light

    def test_photons_are_read_where_they_are_written(self, tmp_path: Path) -> None:
        bright = {"IMAGETYP": "light", "EXPTIME": 1.0}
        cards = [{**bright, "PHOTONS": 55.5}, {**bright, "EXPTIME": 2.0}, DARK_CARDS]
        camera = opened(self.write(tmp_path, cards))
        assert camera.light.photons(1.0) == 0.0
        camera.light.set("recorded")
        assert [camera.light.photons(t) for t in (1.0, 2.0)] == [55.5, None]

    def test_frames_come_in_the_order_of_their_dates(self, tmp_path: Path) -> None:
        cards = [{**DARK_CARDS, "DATE-OBS": f"2024-03-01T00:00:0{9 - n}"} for n in range(3)]
        camera = opened(self.write(tmp_path, cards))
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
    def test_a_time_that_is_not_known_is_missing(self, tmp_path: Path, cards: Cards) -> None:
        _, info = take(opened(self.write(tmp_path, [{**DARK_CARDS, **cards}])))
        assert (info.exposure_start, info.exposure_end, info.time_source) == (-1, -1, "")

    def test_gains_are_levels_of_their_own(self, tmp_path: Path) -> None:
        cards = [{**DARK_CARDS, "GAIN": gain} for gain in (0, 56, 56)]
        camera = opened(self.write(tmp_path, cards))
        assert camera.capabilities.gain is not None
        assert camera.capabilities.gain.values == (0.0, 56.0)
        assert camera.capabilities.recorded == (RecordedLevel(exposure=1.0, light="dark", frames=1),)
        camera.configure(Settings(gain=56))
        for n in (1, 2):
            np.testing.assert_array_equal(take(camera)[0], counts_of(n))
        with pytest.raises(FrameNotRecorded, match="frame 3"):
            take(camera)

    def test_registers_that_were_not_recorded_together_are_named(self, tmp_path: Path) -> None:
        cards = [{**DARK_CARDS, "GAIN": 0}, {**DARK_CARDS, "EXPTIME": 2.0, "GAIN": 56}]
        camera = opened(self.write(tmp_path, cards))
        camera.configure(Settings(gain=56))
        with pytest.raises(FrameNotRecorded) as refused:
            take(camera)
        assert str(refused.value) == (
            "a frame with light 'dark' at 1 s with gain 56.0 was not recorded: what was is gain 0.0"
        )

    def test_binned_frames_lie_on_unbinned_pixels(self, tmp_path: Path) -> None:
        camera = opened(self.write(tmp_path, [{**DARK_CARDS, "XBINNING": 2, "YBINNING": 2}]))
        assert camera.capabilities.geometry.shape == (8, 12)
        assert camera.capabilities.binnings == (2,)
        camera.configure(Settings(roi=Rectangle(3, 2, 9, 6)))
        assert camera.settings.roi == Rectangle(4, 2, 8, 6)
        np.testing.assert_array_equal(take(camera)[0], counts_of(0)[1:4, 2:6])

    def test_a_compressed_frame_is_read(self, tmp_path: Path) -> None:
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
            pytest.param(
                [{**DARK_CARDS, "EXPTIME": "long"}], "EXPTIME 'long' refused", id="exposure in words"
            ),
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
    def test_a_bad_header_names_its_file(self, tmp_path: Path, cards: list[Cards], message: str) -> None:
        self.write(tmp_path, cards)
        with pytest.raises(CameraError) as refused:
            open_recording(tmp_path)
        assert message in str(refused.value)
        assert ".fits" in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_counts_that_are_not_unsigned_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, [DARK_CARDS], dtype=np.float32)
        with pytest.raises(CameraError, match=r"frame_0.fits refused: .* BITPIX -32"):
            open_recording(tmp_path)

    def test_frames_of_two_sizes_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, [DARK_CARDS])
        unit = fits.PrimaryHDU(np.zeros((2, 2), np.uint16))
        unit.header.update(DARK_CARDS)
        unit.writeto(tmp_path / "small.fits")
        with pytest.raises(CameraError, match=r"small.fits refused: .*\(16, 2, 2, 1\)"):
            open_recording(tmp_path)

    @pytest.mark.filterwarnings("ignore:.*truncated")
    @pytest.mark.parametrize("content", [b"", b"not a header", b"SIMPLE  =   "], ids=["empty", "text", "cut"])
    def test_a_file_that_is_not_fits_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "broken.fits").write_bytes(content)
        with pytest.raises(CameraError, match=r"broken\.fits cannot be read as FITS"):
            open_recording(tmp_path)

    @pytest.mark.filterwarnings("ignore:.*truncated")
    def test_a_frame_cut_short_is_named_when_it_is_asked_for(self, tmp_path: Path) -> None:
        camera = opened(self.write(tmp_path, [DARK_CARDS]))
        file = tmp_path / "frame_0.fits"
        file.write_bytes(file.read_bytes()[:2900])
        with pytest.raises(CameraError, match=r"frame_0\.fits cannot be read as a frame"):
            take(camera)


@pytest.mark.set001
@pytest.mark.skipif(not SET001.is_dir(), reason="the Set001 frames are not beside the project")
class TestSet001:
    def test_it_holds_fifty_pairs_and_one_spatial_set_dark_and_bright(self) -> None:
        recorded = opened(SET001).capabilities.recorded or ()
        for light in ("dark", "recorded"):
            sizes = sorted(r.frames for r in recorded if r.light == light)
            assert sizes == [2] * 50 + [50]
        assert next(r for r in recorded if r.frames == 50).exposure == 5.16e-3

    def test_photons_are_the_published_ones(self) -> None:
        camera = opened(SET001)
        camera.light.set("recorded")
        assert camera.light.photons(40e-6) == 120.0
        assert camera.light.photons(14.02e-3) == 42137.0
