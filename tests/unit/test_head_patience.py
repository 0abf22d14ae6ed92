import logging

import pytest

from qhy600_ophyd.backends.simulated.head import patience
from qhy600_ophyd.contract import SystemClock


@pytest.mark.parametrize(("seconds", "told"), [(0.0, False), (0.3, True)])
def test_whoever_waits_long_for_the_first_frame_is_told_why(monkeypatch, caplog, seconds, told):
    monkeypatch.setattr(patience, "_SILENCE", 0.1)
    with caplog.at_level(logging.WARNING), patience.told_when_slow():
        SystemClock().wait(seconds)
    assert ("compiled once" in caplog.text) == told
