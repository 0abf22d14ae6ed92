"""Any camera in a process of its own, so that what kills or hangs it does not end the experiment."""

from qhy600_ophyd.backends.isolated.camera import IsolatedCamera
from qhy600_ophyd.backends.isolated.recipe import Recipe

__all__ = ["IsolatedCamera", "Recipe"]
