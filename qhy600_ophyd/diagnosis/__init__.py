"""What is wrong between this computer and the camera, and what to do about it.

`diagnose` claims, resets and configures nothing unless it is told to open the camera. The library, which may
crash or hang, is asked in a process of its own. All advice rests on documents and on what users reported; it
is not yet tried on a camera.
"""

from __future__ import annotations

from qhy600_ophyd.diagnosis.check import Check, Diagnosis, Status
from qhy600_ophyd.diagnosis.diagnosing import diagnose
from qhy600_ophyd.diagnosis.places import Places

__all__ = ["Check", "Diagnosis", "Places", "Status", "diagnose"]
