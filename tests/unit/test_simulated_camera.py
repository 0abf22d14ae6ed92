import threading
from dataclasses import replace

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import (
    BufferTooSmall,
    Camera,
    CameraError,
    CameraNotReady,
    Cooler,
    ExposureCancelled,
    FrameTimeout,
    Light,
    SettingRefused,
    Settings,
    SystemClock,
)
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Rectangle
from qhy600_ophyd.sensor.gps_header import decode
from qhy600_ophyd.sensor.timing import timing


def opened(**parameters) -> SimulatedCamera:
    camera = SimulatedCamera(**{"width": 64, "height": 48, **parameters})
    camera.open()
    return camera


def taken(camera: SimulatedCamera, settings: Settings | None = None):
    actual = camera.configure(settings or Settings())
    out = np.zeros(camera.capabilities.geometry.shape, f"uint{actual.bit_depth}")
    camera.arm(1)
    info = camera.grab(out, 1.0)
    return out.reshape(-1)[: info.shape[0] * info.shape[1]].reshape(info.shape).copy(), info


def test_it_is_a_camera_with_a_cooler_and_a_light():
    camera = opened()
    assert isinstance(camera, Camera)
    assert isinstance(camera.cooler, Cooler)
    assert isinstance(camera.light, Light)


def test_the_real_one_has_the_real_chip():
    camera = SimulatedCamera.full_size()
    camera.open()
    assert camera.capabilities.geometry == QHY600_GEOMETRY


def test_before_the_first_opening_nothing_is_known():
    camera = SimulatedCamera()
    for ask in (lambda: camera.capabilities, lambda: camera.settings, lambda: camera.arm(1)):
        with pytest.raises(CameraNotReady, match="open it first"):
            ask()
    assert camera.status().state == "closed"


def test_after_opening_the_settings_are_the_library_s_defaults_again():
    camera = opened()
    defaults = camera.settings
    camera.configure(Settings(gain=56, binning=2, overscan=False))
    camera.close()
    camera.open()
    assert camera.settings == defaults
    assert defaults == Settings(
        exposure=5.0,
        gain=30.0,
        offset=30.0,
        readout_mode="PhotoGraphic DSO 16BIT",
        roi=Rectangle(0, 0, 88, 82),
        binning=1,
        bit_depth=16,
        usb_traffic=0.0,
        overscan=True,
    )


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"gain": 201.0}, id="gain"),
        pytest.param({"exposure": 39e-6}, id="exposure-too-short"),
        pytest.param({"readout_mode": "12bit mode (Fiber Only)"}, id="fibre-mode-on-usb"),
        pytest.param({"binning": 5}, id="binning"),
        pytest.param({"roi": (0, 0, 20, 20), "overscan": False}, id="roi-outside-the-image"),
    ],
)
def test_a_refused_setting_leaves_all_of_them_unchanged(asked):
    camera = opened()
    before = camera.settings
    with pytest.raises(SettingRefused):
        camera.configure(Settings(**{"offset": 99.0, "bit_depth": 8, **asked}))
    assert camera.settings == before


@pytest.mark.parametrize("traffic", [0, 30])
def test_a_short_exposure_is_a_whole_number_of_lines_and_registers_are_whole(traffic):
    camera = opened()
    actual = camera.configure(Settings(exposure=0.0100004, gain=55.6, usb_traffic=traffic))
    line = timing().line_time_at(traffic)
    assert actual.exposure == pytest.approx(0.0100004, abs=line / 2)
    assert actual.exposure / line == pytest.approx(round(actual.exposure / line), abs=1e-9)
    assert actual.gain == 56.0
    assert camera.configure(Settings(exposure=1e-5 + 4e-5)).exposure == pytest.approx(line)
    assert camera.configure(Settings(exposure=30.0000005)).exposure == pytest.approx(30.0, abs=1e-6)


@pytest.mark.parametrize("index", range(11))
def test_a_mode_can_be_asked_for_by_its_index_or_says_why_not(index):
    camera = opened()
    mode = camera.capabilities.modes[index]
    if mode.refused:
        with pytest.raises(SettingRefused, match=mode.refused):
            camera.configure(Settings(readout_mode=index))  # type: ignore[arg-type]
    else:
        assert camera.configure(Settings(readout_mode=mode.name)).readout_mode == mode.name
        taken(camera)


def test_times_say_when_the_exposure_was_as_well_as_a_host_can_know():
    camera = opened()
    starts = []
    for _ in range(50):
        _, info = taken(camera, Settings(exposure=0.25))
        assert (info.exposure_end - info.exposure_start) / 1e9 == pytest.approx(0.25, abs=2.1e-5)
        starts.append((info.exposure_start - camera.log[-1].exposure_start) / 1e9)
    assert max(map(abs, starts)) <= 0.12 + 1e-9
    assert abs(np.std(starts) - info.time_uncertainty) < 4 * info.time_uncertainty / np.sqrt(2 * 49)
    assert info.time_source == "simulated"


def test_frames_of_one_arming_follow_each_other_and_then_the_camera_is_idle():
    camera, out = opened(), np.empty((82, 88), np.uint16)
    camera.arm(3)
    camera.grab(out, 1.0)
    infos = [camera.grab(out, 1.0) for _ in range(2)]
    assert [info.sequence for info in infos] == [1, 2]
    # A live stream: one exposure follows the other without a pause.
    # (Each look for a frame takes 40 ms.)
    apart = (infos[1].arrival_monotonic - infos[0].arrival_monotonic) / 1e9
    assert apart == pytest.approx(5.0, abs=0.1)
    assert camera.status().state == "idle"
    with pytest.raises(CameraNotReady, match="arm it first"):
        camera.grab(out, 1.0)


@pytest.mark.parametrize(
    "call",
    [lambda camera: camera.configure(Settings(gain=1.0)), lambda camera: camera.arm(1)],
    ids=["configure", "arm"],
)
def test_an_armed_camera_takes_no_orders_but_to_cancel(call):
    camera = opened()
    camera.arm(None)
    with pytest.raises(CameraNotReady, match="cancel the exposure first"):
        call(camera)
    camera.cancel()
    call(camera)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: np.empty(82 * 88 - 1, np.uint16), id="too-small"),
        pytest.param(lambda: np.empty((82, 200), np.uint16)[:, :88], id="not-contiguous"),
        pytest.param(lambda: np.frombuffer(bytes(82 * 88 * 2), np.uint16), id="read-only"),
    ],
)
def test_a_buffer_that_cannot_hold_the_frame_keeps_the_frame(wrong):
    expected, _ = taken(opened(seed=5))
    camera = opened(seed=5)
    camera.arm(1)
    with pytest.raises(BufferTooSmall, match="14432 writable bytes"):
        camera.grab(wrong(), 1.0)
    out = np.empty((82, 88), np.uint16)
    assert camera.grab(out, 1.0).sequence == 0
    assert np.array_equal(out, expected)


def test_the_rest_of_a_larger_buffer_is_left_as_it_was():
    camera = opened()
    out = np.full(82 * 88 + 1000, 7, np.uint16)
    camera.arm(1)
    camera.grab(out, 1.0)
    assert (out[82 * 88 :] == 7).all()
    assert not (out[: 82 * 88] == 7).any()


def test_an_exposure_on_the_system_clock_ends_promptly_when_another_thread_cancels():
    camera = opened(clock=SystemClock())
    camera.configure(Settings(exposure=60.0))
    camera.arm(1)
    begin = camera.clock.monotonic()
    threading.Timer(0.1, camera.cancel).start()
    with pytest.raises(ExposureCancelled):
        camera.grab(np.empty((82, 88), np.uint16), 1.0)
    assert camera.clock.monotonic() - begin < 5.0
    assert camera.status().state == "idle"
    camera.configure(Settings(exposure=0.001))


def test_an_exposure_on_the_system_clock_takes_its_time():
    camera = opened(clock=SystemClock())
    _, info = taken(camera, Settings(exposure=0.05))
    assert info.time_source == "host"
    elapsed = (info.arrival_monotonic - info.trigger_monotonic) / 1e9
    assert elapsed >= 0.35 + 0.05
    assert elapsed == pytest.approx(0.35 + 0.05, abs=2.0)


def test_a_cancelled_exposure_does_not_come_in_the_place_of_the_frame_that_follows():
    camera = opened(seed=2)
    camera.configure(Settings(gain=10.0, exposure=100.0))
    camera.arm(1)
    camera.cancel()
    frame, info = taken(camera, Settings(gain=20.0, exposure=0.1))
    assert info.sequence == 0
    assert (info.retries, camera.log[-1].settings.gain) == (0, 20.0)
    assert np.array_equal(frame, camera.reproduce(camera.log[-1]))


def test_without_time_for_the_readout_the_frame_times_out():
    camera = opened()
    camera.arm(1)
    with pytest.raises(FrameTimeout):
        camera.grab(np.empty((82, 88), np.uint16), 0.0)
    assert camera.status().state == "idle"


def test_closing_cancels_and_can_be_done_twice():
    camera = opened()
    camera.arm(None)
    camera.close()
    camera.close()
    assert camera.status().state == "closed"


def test_what_is_said_of_a_frame_is_what_the_simulator_used():
    camera = opened()
    for settings in (Settings(gain=10), Settings(readout_mode="2CMS-1", offset=80), Settings(binning=2)):
        _, info = taken(camera, settings)
        assert info.settings == camera.log[-1].settings == camera.settings
        assert info.reported.exposure == pytest.approx(info.settings.exposure, abs=6e-5)
        assert replace(info.reported, exposure=info.settings.exposure) == info.settings


@pytest.mark.parametrize("level", [-1.0, 1e8, float("nan"), "recorded"])
def test_a_refused_level_leaves_the_light_as_it_was(level):
    light = SimulatedCamera(irradiance=123.0).light
    with pytest.raises(SettingRefused, match="photon/pixel/s"):
        light.set(level)
    assert light.irradiance == light.on == 123.0
    assert light.photons(2.0) == 246.0


@pytest.mark.parametrize(
    "parameters",
    [
        {"width": 0},
        {"height": 7000},
        {"prnu": -0.1},
        {"ambient": float("nan")},
        {"nonlinearity": 0.5},
        {"wavelength": 300.0},
        {"irradiance": -1.0},
        {"first_exposure": -1},
    ],
    ids=lambda p: next(iter(p)),
)
def test_an_impossible_sensor_is_refused_by_name(parameters):
    with pytest.raises(SettingRefused, match=next(iter(parameters)).replace("irradiance", "light")):
        SimulatedCamera(**parameters)


def test_the_truth_of_incomplete_settings_is_refused():
    camera = opened()
    with pytest.raises(CameraError, match="readout_mode, gain and offset"):
        camera.truth.of(replace(camera.settings, gain=None), 20.0)


def test_a_camera_that_begins_with_a_later_exposure_takes_the_frames_of_one_that_has_come_so_far():
    still = {"seed": 3, "banding": 0.0, "telegraph_fraction": 0.0, "gps_header": True}
    first, later = opened(**still), opened(**still, first_exposure=2)
    frames = [taken(first, Settings(exposure=0.1)) for _ in range(4)]
    again = [taken(later, Settings(exposure=0.1)) for _ in range(2)]
    # Each throws one away after its initialisation: exposures 0 and 2.
    for (counts, info), (repeated, of_later) in zip(frames[2:], again, strict=True):
        assert np.array_equal(counts[1:], repeated[1:]), "the header tells the time"
        assert decode(info.header).sequence == decode(of_later.header).sequence
