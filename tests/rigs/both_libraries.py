"""The stand-in and QHYCCD's own library side by side, each in a process of its own with a camera on it.

What the stand-in claims of the vendor's library is asked of both. The vendor's has our libusb below it, on
which a camera is made of zeros; what it would read from the camera is not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import standin_library
import vendor_wheel
from library_face import Served

BOTH = ("standin", "vendor")


@dataclass(frozen=True)
class Row:
    """What some calls are answered with.

    Parameters
    ----------
    id
        Of the test.
    calls
        One after the other.
    answers
        To each.
    live
        Whether they need an initialisation just before, for single frames or a stream; ``None``: for neither.
    """

    id: str
    calls: Sequence[Sequence[Any]]
    answers: Sequence[Any]
    live: bool | None = None


def rows(*given: Row) -> Any:
    """Parametrises a test by rows."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in given])


def started(which: str) -> Served:
    """A process with one of `BOTH`, its camera open and prepared; skips the test where there is none."""
    face = started_closed(which)
    face.open()
    face.prepare()
    return face


def started_closed(which: str, *, with_camera: bool = True) -> Served:
    """As `started`, with nothing opened, and without a camera if so wanted."""
    reason = (which == "vendor" and vendor_wheel.why_not()) or (
        standin_library.why_not() if with_camera or which == "standin" else ""
    )
    if reason:
        pytest.skip(reason)
    if which == "standin":
        switches = standin_library.setting(cameras=int(with_camera), debayer_refused=1)
        return _quiet(Served(standin_library.build(), environment={standin_library.VARIABLE: switches}))
    needed = vendor_wheel.needed_with_camera() if with_camera else vendor_wheel.needed()
    return _quiet(Served(vendor_wheel.library(), before=needed))


def answered(face: Served, row: Row) -> list[Any]:
    """What the calls of a row are answered with now."""
    if row.live is not None:
        face.prepare(live=row.live)
    return face.do(row.calls)


def _quiet(face: Served) -> Served:
    face("EnableQHYCCDMessage", False)
    face("SetQHYCCDLogLevel", 0)
    return face
