"""A descriptor of EMVA 1288 says what was recorded; what it does not say is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qhy600_ophyd.backends.replay import ReplayCamera, open_recording
from qhy600_ophyd.contract import (
    CameraError,
    RecordedLevel,
    TemperatureReading,
)

SET001 = Path(__file__).parents[3] / "shared" / "data" / "emva1288-set001"
SHAPE = (4, 6)

without_set001 = pytest.mark.skipif(
    not SET001.is_dir(), reason="the Set001 frames are not beside the project"
)


def test_it_offers_what_was_recorded_and_nothing_else(descriptor_folder, opened):
    offered = opened(descriptor_folder).capabilities
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


def test_what_was_not_recorded_is_missing(descriptor_folder, opened, take):
    _, info = take(opened(descriptor_folder))
    assert (info.settings.gain, info.settings.offset, info.settings.readout_mode) == (None, None, None)
    assert (info.exposure_start, info.exposure_end, info.time_source) == (-1, -1, "")
    assert np.isnan(info.time_uncertainty)
    assert info.line_time is None
    assert info.temperature_end == TemperatureReading()


def test_the_saturation_code_is_that_of_the_bits(descriptor_folder, opened, take):
    assert take(opened(descriptor_folder))[1].saturation_code == 4095


def test_photons_are_the_descriptors(descriptor_folder, opened):
    camera = opened(descriptor_folder)
    assert camera.light.photons(0.001) == 0.0
    camera.light.set("recorded")
    assert [camera.light.photons(t) for t in (0.001, 0.005, 0.002)] == [120.5, 600.0, None]
    assert (camera.light.irradiance, camera.light.wavelength) == (None, None)


def test_the_descriptor_itself_can_be_named(descriptor_folder):
    (descriptor_folder / "EMVA1288_Data.txt").rename(descriptor_folder / "measured.dat")
    assert open_recording(descriptor_folder / "measured.dat").exposures("dark") == (0.001,)


def test_one_level_told_in_two_places_is_one(descriptor_folder, opened):
    file = descriptor_folder / "EMVA1288_Data.txt"
    text = file.read_text().replace("i images/b_2.png\n", "") + "b 1000000 120.5\ni images/b_2.png\n"
    file.write_text(text)
    assert opened(descriptor_folder).capabilities.recorded == (
        RecordedLevel(exposure=0.001, light="recorded", frames=3),
        RecordedLevel(exposure=0.001, light="dark", frames=2),
    )


def test_eight_bits_are_served_as_bytes(tmp_path, opened, take):
    counts = np.arange(24, dtype=np.uint8).reshape(SHAPE)
    Image.fromarray(counts).save(tmp_path / "d.png")
    (tmp_path / "d.txt").write_text("v 4.0\nn\t8 6 4\nd\t1000\ni\td.png\n")
    served, info = take(opened(tmp_path))
    assert (info.dtype, info.saturation_code) == ("uint8", 255)
    np.testing.assert_array_equal(served, counts)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param("b 1000", "line 3: 'b 1000' refused", id="photons missing"),
        pytest.param("d soon", "line 3: 'd soon' refused", id="not a number"),
        pytest.param("d -5", "line 3: 'd -5' refused", id="negative"),
        pytest.param("d nan", "line 3: 'd nan' refused", id="nan"),
        pytest.param("x 1", "line 3: 'x 1' refused", id="unknown letter"),
        pytest.param("i images/d_0.png", "a b or d line above it", id="image without level"),
        pytest.param("b 5 1\nb 5 2", "line 4: 'b 5 2' refused: this exposure was", id="two photon numbers"),
        pytest.param("d 5", "it describes no frame", id="no frames"),
        pytest.param("d 5\ni images/none.png", "1 of 1 images are missing", id="image missing"),
        pytest.param("n 20 6 4\nd 5\ni images/d_0.png", "20 bits, 6 × 4 pixels", id="too many bits"),
    ],
)
def test_a_bad_descriptor_names_what_is_wrong(descriptor_folder, bad, message):
    (descriptor_folder / "EMVA1288_Data.txt").write_text(f"v 3.0\nn 12 6 4\n{bad}\n")
    camera = ReplayCamera(descriptor_folder)
    with pytest.raises(CameraError) as refused:
        camera.open()
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert camera.status().state == "closed"


def test_a_descriptor_without_its_shape_is_refused(descriptor_folder):
    (descriptor_folder / "EMVA1288_Data.txt").write_text("v 3.0\nd 5\ni images/d_0.png\n")
    with pytest.raises(CameraError, match="'n bits width height' is missing"):
        open_recording(descriptor_folder)


def test_a_folder_with_two_descriptors_names_both(descriptor_folder):
    shutil.copy(descriptor_folder / "EMVA1288_Data.txt", descriptor_folder / "copy.txt")
    with pytest.raises(CameraError, match=r"several .*EMVA1288_Data.txt, copy.txt"):
        open_recording(descriptor_folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CameraError, match="not found"):
        open_recording(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("very nice stars tonight")
    with pytest.raises(CameraError, match="holds no recording"):
        open_recording(tmp_path)


@pytest.mark.set001
@without_set001
def test_set001_holds_fifty_pairs_and_one_spatial_set_dark_and_bright(opened):
    recorded = opened(SET001).capabilities.recorded or ()
    for light in ("dark", "recorded"):
        sizes = sorted(r.frames for r in recorded if r.light == light)
        assert sizes == [2] * 50 + [50]
    assert next(r for r in recorded if r.frames == 50).exposure == 5.16e-3


@pytest.mark.set001
@without_set001
def test_photons_of_set001_are_the_published_ones(opened):
    camera = opened(SET001)
    camera.light.set("recorded")
    assert camera.light.photons(40e-6) == 120.0
    assert camera.light.photons(14.02e-3) == 42137.0
