"""What the silicon is: numbers with a source. No behaviour, no input or output beyond its own tables."""

from qhy600_ophyd.sensor.geometry import QHY600_GEOMETRY, Geometry, Rectangle, Region
from qhy600_ophyd.sensor.tables import NotPublished

__all__ = ["QHY600_GEOMETRY", "Geometry", "NotPublished", "Rectangle", "Region"]
