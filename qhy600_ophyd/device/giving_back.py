"""The end of a device: its camera closed, its files finished, whatever hangs."""

from __future__ import annotations

import threading

from qhy600_ophyd.contract import Camera, CameraError
from qhy600_ophyd.device.run_book import RunBook
from qhy600_ophyd.device.worker import Worker

_PARTING = 5.0
"""Seconds that giving back the camera, and then finishing the files, may take when the program ends."""


def give_back(backend: Camera, worker: Worker, book: RunBook) -> None:
    """Close the camera and the files of a device that is gone, or whose program ends."""
    try:
        # Without a worker the device has not opened the camera, or has closed it.
        if worker.running:
            backend.cancel()
            worker.call(backend.close, timeout=_PARTING)
    except CameraError:
        # The camera hangs, and perhaps the disk: nobody shall wait for that for ever.
        finishing = threading.Thread(target=book.close, name="finishing files", daemon=True)
        finishing.start()
        finishing.join(_PARTING)
    else:
        book.close(patience=_PARTING)
    finally:
        worker.close()
