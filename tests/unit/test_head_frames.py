"""The simulated head with the real chip: its frames are the chip's, and can be made again."""

from hashlib import blake2b

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.body import Environment, FrameMemory, Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.chip import Chip, ChipParameters
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.head import SimulatedHead
from qhy600_ophyd.backends.simulated.head.damage import damaged
from qhy600_ophyd.backends.simulated.scene import SimulatedLight
from qhy600_ophyd.driver.head import Control, Fetched
from qhy600_ophyd.sensor import Geometry


def head(*, threads=1, mode=0, **parameters) -> SimulatedHead:
    clock, supply = FreeClock(start=1_700_000_000_000_000_000), Supply()
    made = SimulatedHead(
        chip=Chip(ChipParameters(**parameters), seed=5, geometry=Geometry.imx455(72, 30), threads=threads),
        light=SimulatedLight(irradiance=3000.0, wavelength=530.0, scene="gradient"),
        plant=ThermalPlant(clock, 20.0, False, supply, 5),
        supply=supply,
        environment=Environment(5, 20.0),
        memory=FrameMemory(10**9),
        clock=clock,
        seed=5,
        digests=True,
    )
    made.connect()
    made.select_mode(mode)
    made.initialise()
    made.write(Control.EXPOSURE, 0.1)
    return made


def frames(made: SimulatedHead, count: int, depth: int = 16) -> list[np.ndarray]:
    made.write(Control.BIT_DEPTH, depth)
    taken = []
    for _ in range(count):
        out = np.zeros(96 * 64 * depth // 8, np.uint8)
        made.expose()
        found = made.fetch(out, 60.0)
        size = found.width * found.height * depth // 8
        taken.append(out[:size].view(f"u{depth // 8}").reshape(found.height, found.width))
    return taken


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_a_frame_made_again_from_its_record_is_the_same_to_the_bit(depth):
    made = head()
    for counts, record in zip(frames(made, 3, depth), made.log, strict=True):
        assert (made.reproduce(record) == counts).all()
        assert record.digest == blake2b(counts.tobytes(), digest_size=16).digest()
    assert len({record.digest for record in made.log}) == 3


def test_frames_do_not_depend_on_the_number_of_threads():
    for one, other in zip(frames(head(threads=1), 2), frames(head(threads=2), 2), strict=True):
        assert (one == other).all()


def test_frames_have_the_size_of_their_readout_mode():
    made = head(mode=5)
    mode = made.modes()[5]
    (counts,) = frames(made, 1)
    assert counts.shape == (mode.height, mode.width)


@pytest.mark.parametrize("kind", ["shifted_frame", "blocky_frame", "wrong_size", "banded"])
@pytest.mark.parametrize("shape", [(64, 96), (1, 1), (1, 5), (3, 1), (2, 2)], ids=str)
def test_damage_works_on_frames_of_any_size(kind, shape):
    counts = np.arange(1, np.prod(shape) + 1, dtype=np.uint16).reshape(shape)
    before = counts.copy()
    result = damaged(counts, {kind}, seed=1, frame=2)
    assert (counts == before).all()
    assert result.flags.c_contiguous
    assert result.size <= counts.size
    if shape == (64, 96):
        assert result.shape != shape or (result != counts).any()


def test_zero_sized_frames_are_not_damaged():
    assert damaged(np.zeros((0, 0), np.uint16), {"banded", "shifted_frame"}, seed=1, frame=2).size == 0


def test_the_head_names_itself_and_lists_eleven_modes():
    made = head()
    assert made.identity().model == "QHY600M"
    assert len(made.modes()) == 11
    assert made.limits(Control.GAIN) == (0.0, 200.0, 1.0)
    assert repr(made) == "<SimulatedHead simulated-5, open>"
    made.expose()
    assert made.fetch(np.zeros(96 * 64 * 2, np.uint8), 60.0) == Fetched(width=96, height=64, bit_depth=16)
