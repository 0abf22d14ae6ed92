"""What the file of a stream calls itself, and the names of what is in it."""

from __future__ import annotations

SCHEMA = "qhy600_ophyd.stream/3"
WITHOUT_CHECKSUMS = "qhy600_ophyd.stream/1"
EARLIER_SCHEMAS = (WITHOUT_CHECKSUMS, "qhy600_ophyd.stream/2")
"""Can still be read; the rows of the first have no checksums."""

COUNTS = "counts"
LEDGER = "ledger/rows"
ROW_TYPE = "ledger/row"
"""The type of a row under a name of its own: within the description of the rows it would be 6 kB, and HDF5
writes that anew with each row."""

PAGE_BYTES = 4096
"""HDF5 lets no small piece of its own lie across two of these, the unit in which a system writes."""

RECTANGLE = ("x", "y", "width", "height")
"""Labels of the second dimension of a rectangle."""

SEAL = "seal"
"""Attribute that is filled when the file is closed: number of frames, and checksum of the last row."""
