"""The light: what shape it has, how it flickers, when each row sees it, what the filters let through."""

from qhy600_ophyd.backends.simulated.scene.filter_wheel import SimulatedFilterWheel
from qhy600_ophyd.backends.simulated.scene.light import SimulatedLight
from qhy600_ophyd.backends.simulated.scene.names import SCENES, scene_named
from qhy600_ophyd.backends.simulated.scene.on_chip import on_chip

__all__ = ["SCENES", "SimulatedFilterWheel", "SimulatedLight", "on_chip", "scene_named"]
