"""Whatever goes wrong, the log of the simulated head says what was handed over."""

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.head import KNOWN_FAULTS
from qhy600_ophyd.contract import Fault
from qhy600_ophyd.driver.head import LOST, Control, Fetched, HeadError

FAULTS = [Fault(name=name, probability=0.03, times=None) for name in KNOWN_FAULTS]
UNDAMAGED = ("delivered", "stale", "repeated")


class Walk:
    """Random calls, as a careless program would make them."""

    def __init__(self, it, random):
        self.it, self.random, self.seen = it, random, 0
        self.kinds: dict[str, int] = {}
        self.attempt(self.reopen)

    def attempt(self, call):
        try:
            return call()
        except HeadError:
            return None

    def reopen(self):
        head = self.it.head
        head.disconnect()
        head.connect()
        head.select_stream(live=bool(self.random.integers(2)))
        head.initialise()

    def single(self):
        self.it.head.expose()
        if self.random.random() < 0.2:
            self.it.clock.wait(float(self.random.uniform(0, 10)))
            self.it.head.cancel()
            return
        self.check(self.it.head.fetch(self.it.out, float(self.random.choice([0.001, 8.0, 60.0]))))

    def stream(self):
        self.it.head.begin_live()
        for _ in range(60):
            self.check(self.it.head.fetch_live(self.it.out))
        self.it.head.end_live()

    def set_something(self):
        head, random = self.it.head, self.random
        choice = random.integers(6)
        if choice == 0:
            head.write(Control.GAIN, float(random.integers(-5, 250)))
        elif choice == 1:
            head.write(Control.EXPOSURE, float(random.uniform(0, 0.5)))
        elif choice == 2:
            head.write(Control.BIT_DEPTH, float(random.choice([8, 16, 32])))
        elif choice == 3:
            head.write(Control.FRESH_MEMORY, 1.0)
        elif choice == 4:
            head.set_area(0, 0, int(random.integers(1, 97)), int(random.integers(1, 65)))
        else:
            head.set_binning(int(random.integers(1, 6)))

    def step(self):
        call = self.random.choice([self.single, self.single, self.stream, self.set_something])
        self.attempt(call)
        self.it.clock.wait(float(self.random.uniform(0, 3)))
        if self.it.head.read(Control.GAIN) == LOST or self.random.random() < 0.05:
            self.attempt(self.reopen)

    def check(self, found):
        if not isinstance(found, Fetched):
            return
        place, self.seen = self.seen, self.seen + 1
        counts = self.it.out[: found.width * found.height * found.bit_depth // 8]
        record = next((r for r in reversed(self.it.head.log) if r.handed_over == place), None)
        fate = "nothing" if record is None else record.fate
        self.kinds[fate] = self.kinds.get(fate, 0) + 1
        if fate in UNDAMAGED:
            true = self.it.head.reproduce(record).reshape(-1).view(np.uint8)
            size = min(true.size, counts.size)
            assert (true[:size] == counts[:size]).all()
        elif fate != "damaged":
            assert fate in ("nothing", "zeroed", "timed_out")
            assert not counts.any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_frame_that_was_handed_over_is_what_its_record_says(rig, seed):
    walk = Walk(rig(*FAULTS, seed=seed), np.random.default_rng(seed))
    for _ in range(250):
        walk.step()
    log = walk.it.head.log
    assert {"delivered", "stale", "damaged", "timed_out"} <= set(walk.kinds)
    assert len({record.inputs.frame for record in log}) == len(log)
    assert sum(walk.it.head.happened.values()) > 50
