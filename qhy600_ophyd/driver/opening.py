"""What a camera offers, and is set to, right after its first initialisation."""

from __future__ import annotations

import warnings
from dataclasses import replace

from qhy600_ophyd.contract import Capabilities, Settings
from qhy600_ophyd.driver import offer
from qhy600_ophyd.driver.head import Head
from qhy600_ophyd.driver.registers import AreaNotTaken, Registers
from qhy600_ophyd.sensor import Geometry


def opening(
    head: Head, registers: Registers, geometry: Geometry, *, retries: int
) -> tuple[Capabilities, Settings]:
    """The offer of an initialised head, and its first settings, which are written and confirmed.

    Some libraries of 2025 turn the whole chip into its image area (EastEriq/LAST_QHYccd, issue 7). Such a
    camera is used for its image, with a warning.

    Raises
    ------
    HeadError, CameraError
        The camera did not take its settings.
    """
    offered = offer.capabilities(head, geometry=geometry, retries=retries, gps_header=registers.gps_header)
    try:
        return offered, registers.apply(offer.defaults(offered, head))
    except AreaNotTaken as no:
        offered = replace(offered, overscan=(False,))
        settings = registers.apply(offer.defaults(offered, head))
        warnings.warn(
            f"this library reads the image area alone, neither dark columns nor overscan rows ({no}); "
            "take the level of black from dark frames",
            stacklevel=4,
        )
        return offered, settings
