import threading

from qhy600_ophyd.backends.simulated import FreeClock
from qhy600_ophyd.contract import Clock


def test_a_wait_passes_at_once_on_both_scales():
    clock = FreeClock(start=1_000)
    assert isinstance(clock, Clock)
    assert clock.wait(3600.0) is False
    assert clock.monotonic() == 3600.0
    assert clock.utc_ns() == 1_000 + 3600 * 10**9


def test_a_cancelled_wait_takes_no_time():
    clock, cancelled = FreeClock(), threading.Event()
    cancelled.set()
    assert clock.wait(5.0, cancelled) is True
    assert clock.monotonic() == 0.0


def test_waits_of_several_threads_all_count():
    clock = FreeClock()
    threads = [threading.Thread(target=lambda: [clock.wait(0.001) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == 2.0
