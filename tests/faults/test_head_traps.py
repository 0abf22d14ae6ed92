"""What is wrong with the state of every QHY600: what is forgotten, wiped, or taken unchecked."""

import pytest

from qhy600_ophyd.driver.head import LOST, Control, Fetched, HeadError
from qhy600_ophyd.sensor.timing import timing

WIDTH, HEIGHT = 96, 64


def test_before_initialise_only_identity_modes_and_the_selections_work(rig):
    head = rig().head
    head.connect()
    assert head.identity().model == "QHY600M"
    assert [mode.name for mode in head.modes()][8:10] == ["2CMS-0", "2CMS-1"]
    head.select_mode(1)
    head.select_stream(live=True)
    assert head.read(Control.GAIN) == LOST
    for call in (
        lambda: head.write(Control.GAIN, 1.0),
        lambda: head.set_binning(2),
        lambda: head.set_area(0, 0, 1, 1),
        head.area,
        head.expose,
        head.begin_live,
        head.actual_exposure,
    ):
        with pytest.raises(HeadError, match="initialise"):
            call()


def test_nothing_works_before_connect_and_disconnecting_does_no_harm(rig):
    head = rig().head
    head.disconnect()
    for call in (head.identity, head.modes, head.initialise, head.expose, lambda: head.select_mode(0)):
        with pytest.raises(HeadError, match="not connected"):
            call()


def test_a_mode_selected_without_initialising_silences_the_camera(rig):
    it = rig().start()
    it.head.select_mode(1)
    assert it.head.selected_mode() == 1
    with pytest.raises(HeadError, match="no response from camera"):
        it.head.expose()
    it.head.initialise()
    it.take()
    assert it.head.log[-1].inputs.mode == "high_gain"


def test_a_mode_that_does_not_exist_is_refused_and_the_old_one_stays(rig):
    it = rig().start(mode=1)
    with pytest.raises(HeadError, match="0 to 10"):
        it.head.select_mode(11)
    assert it.head.selected_mode() == 1


def test_a_fibre_mode_can_be_selected_and_never_starts(rig):
    it = rig().start()
    it.head.select_mode(4)
    with pytest.raises(HeadError, match="fibre"):
        it.head.initialise()
    with pytest.raises(HeadError, match="initialise"):
        it.head.expose()


def test_initialising_takes_four_and_a_half_seconds(rig):
    it = rig().start()
    assert it.elapsed(it.head.initialise) == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("live", "exposure", "bit_depth"), [(False, 5.0, 16.0), (True, 0.020, 8.0)], ids=["single", "live"]
)
def test_initialising_resets_exposure_bit_depth_and_binning(rig, live, exposure, bit_depth):
    it = rig().start()
    it.head.write(Control.EXPOSURE, 0.123)
    it.head.write(Control.BIT_DEPTH, 32)
    it.head.set_binning(2)
    it.head.set_area(0, 0, 8, 4)
    it.head.select_stream(live=live)
    it.head.initialise()
    assert it.head.read(Control.EXPOSURE) == exposure
    assert it.head.read(Control.BIT_DEPTH) == bit_depth
    assert it.head.area() == (0, 0, 8, 4)
    if not live:
        it.take()
        assert it.head.log[-1].inputs.binning == 1


@pytest.mark.parametrize("written_again", [False, True], ids=["left alone", "written again"])
def test_after_initialising_the_old_gain_reads_back_and_is_true_only_if_written_again(rig, written_again):
    it = rig().start()
    for control, value in ((Control.GAIN, 60), (Control.OFFSET, 77)):
        it.head.write(control, value)
    it.head.initialise()
    assert (it.head.read(Control.GAIN), it.head.read(Control.OFFSET)) == (60, 77)
    if written_again:
        it.head.write(Control.GAIN, 60)
        it.head.write(Control.OFFSET, 77)
    it.take()
    it.take()
    true = it.head.log[-1].inputs
    assert (true.gain, true.offset) == ((60, 77) if written_again else (30, 30))


def test_the_first_exposure_after_initialising_has_the_default_gain_and_offset_whatever_was_written(rig):
    it = rig().ready()
    it.head.write(Control.GAIN, 60)
    it.head.write(Control.OFFSET, 77)
    for _ in range(2):
        it.take()
    first, second = (record.inputs for record in it.head.log)
    assert (first.gain, first.offset) == (30, 30)
    assert (second.gain, second.offset) == (60, 77)


def test_selecting_a_mode_wipes_the_area(rig):
    it = rig().start()
    it.head.set_area(4, 4, 8, 8)
    it.head.select_mode(0)
    assert it.head.area() == (0, 0, WIDTH, HEIGHT)


def test_binning_leaves_the_numbers_of_the_area(rig):
    it = rig().start()
    it.head.set_area(2, 2, 8, 6)
    it.head.set_binning(2)
    assert it.head.area() == (2, 2, 8, 6)
    assert it.take() == Fetched(width=8, height=6, bit_depth=16)
    assert tuple(it.head.log[-1].inputs.area) == (4, 4, 16, 12)


@pytest.mark.parametrize("binning", [5, 6, 8])
def test_a_binning_that_there_is_not_is_silently_ignored(rig, binning):
    it = rig().start()
    it.head.set_area(0, 0, 8, 8)
    it.head.set_binning(binning)
    it.take()
    assert it.head.log[-1].inputs.binning == 1


def test_an_area_too_large_in_binned_pixels_is_accepted_and_the_readout_would_crash(rig):
    it = rig().start()
    it.head.set_binning(2)
    it.head.set_area(0, 0, WIDTH, HEIGHT)
    with pytest.raises(HeadError, match="would have crashed"):
        it.take()
    assert it.head.log[-1].fate == "lost"


@pytest.mark.parametrize(
    "area", [(0, 0, WIDTH + 1, HEIGHT), (10, 10, WIDTH, HEIGHT), (-1, 0, 4, 4)], ids=["large", "off", "minus"]
)
def test_an_area_beyond_the_chip_is_refused_and_the_old_one_stays(rig, area):
    it = rig().start()
    it.head.set_area(1, 2, 3, 4)
    with pytest.raises(HeadError, match="refused"):
        it.head.set_area(*area)
    assert it.head.area() == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("control", "written", "name", "true"),
    [
        (Control.GAIN, -1, "gain", 0),
        (Control.GAIN, 500, "gain", 200),
        (Control.OFFSET, 300, "offset", 255),
        (Control.EXPOSURE, 0, "exposure", timing().line_time_at(50)),
        (Control.EXPOSURE, 4e9, "exposure", 3600.0),
        (Control.USB_TRAFFIC, 100, "usb_traffic", 100),
    ],
)
def test_any_number_is_taken_and_reads_back_and_the_sensor_does_its_best(rig, control, written, name, true):
    it = rig().start()
    it.head.write(control, written)
    assert it.head.read(control) == written
    it.take()
    assert getattr(it.head.log[-1].inputs, name) == pytest.approx(true)


@pytest.mark.parametrize("depth", [12, 24, 0])
def test_a_bit_depth_that_there_is_not_is_refused(rig, depth):
    it = rig().start()
    with pytest.raises(HeadError, match="8, 16 or 32"):
        it.head.write(Control.BIT_DEPTH, depth)
    assert it.head.read(Control.BIT_DEPTH) == 16


@pytest.mark.parametrize("control", [Control.TEMPERATURE, Control.HUMIDITY, Control.UNDERVOLTAGE])
def test_a_reading_cannot_be_written(rig, control):
    with pytest.raises(HeadError, match="only be read"):
        rig().start().head.write(control, 1.0)


def test_power_written_ends_the_regulation_and_power_read_is_the_present_one(rig):
    it = rig().start()
    it.head.write(Control.COOLER_TARGET, -5)
    it.clock.wait(600)
    assert it.head.read(Control.COOLER_POWER) > 0
    it.head.write(Control.COOLER_POWER, 0)
    assert it.head.read(Control.COOLER_POWER) == 0
    assert it.plant.setpoint is None


def test_a_reopened_camera_still_cools_and_does_not_say_what_to(rig):
    it = rig().start()
    it.head.write(Control.COOLER_TARGET, -5)
    it.clock.wait(1200)
    it.head.disconnect()
    it.start()
    assert it.head.read(Control.COOLER_TARGET) == -100
    assert it.head.read(Control.TEMPERATURE) == pytest.approx(-5, abs=0.3)


def test_after_its_12_volts_went_off_the_camera_is_gone_until_it_is_connected_again(rig):
    it = rig().start()
    it.head.expose()
    it.supply.power_cycle()
    assert {it.head.read(control) for control in Control} == {LOST}
    for call in (
        lambda: it.head.fetch(it.out, 1.0),
        it.head.expose,
        lambda: it.head.write(Control.GAIN, 1),
    ):
        with pytest.raises(HeadError, match="does not answer"):
            call()
    assert it.head.log[-1].fate == "lost"
    it.head.connect()
    assert it.head.read(Control.GAIN) == LOST
    it.head.disconnect()
    it.start()
    assert it.head.log[-1].fate == "delivered"
    assert it.head.log[-1].sequence == 1


def test_a_camera_without_power_is_not_found(rig):
    it = rig()
    it.supply.off()
    with pytest.raises(HeadError, match="no camera found"):
        it.head.connect()


def test_an_undervoltage_shows_as_a_code_until_it_is_reset(rig):
    it = rig().start()
    it.clock.wait(2.0)
    assert it.head.read(Control.UNDERVOLTAGE) == 8
    it.supply.voltage = 10.9
    it.clock.wait(2.0)
    assert it.head.read(Control.UNDERVOLTAGE) == 9
    it.supply.voltage = 12.0
    it.clock.wait(2.0)
    assert it.head.read(Control.UNDERVOLTAGE) == 9
    it.head.reset_undervoltage()
    it.clock.wait(2.0)
    assert it.head.read(Control.UNDERVOLTAGE) == 8
