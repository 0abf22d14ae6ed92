"""How frames are kept: HDF5 files in run folders, and the lazy datasets that they become.

Importing this package, and storing frames, needs neither xarray nor dask; reading does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qhy600_ophyd.datasets.storing.frame_sink import HDF5FrameSink
from qhy600_ophyd.datasets.storing.run_folder import RunFolders

if TYPE_CHECKING:
    from qhy600_ophyd.datasets.metadata_check import check_metadata, metadata_schema
    from qhy600_ophyd.datasets.reading.regions import dark_region, image_region, overscan_region
    from qhy600_ophyd.datasets.reading.run_reader import open_run
    from qhy600_ophyd.datasets.reading.summary import RunSummary, summarize
    from qhy600_ophyd.datasets.verifying.findings import Finding, Verification
    from qhy600_ophyd.datasets.verifying.verification import verify

__all__ = [
    "Finding",
    "HDF5FrameSink",
    "RunFolders",
    "RunSummary",
    "Verification",
    "check_metadata",
    "dark_region",
    "image_region",
    "metadata_schema",
    "open_run",
    "overscan_region",
    "summarize",
    "verify",
]

_READERS = {
    "open_run": "reading.run_reader",
    "RunSummary": "reading.summary",
    "summarize": "reading.summary",
    "image_region": "reading.regions",
    "dark_region": "reading.regions",
    "overscan_region": "reading.regions",
    "verify": "verifying.verification",
    "check_metadata": "metadata_check",
    "metadata_schema": "metadata_check",
    "Finding": "verifying.findings",
    "Verification": "verifying.findings",
}


def __getattr__(name: str) -> Any:
    """Load the reading half on first use (PEP 562)."""
    if name not in _READERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_READERS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
