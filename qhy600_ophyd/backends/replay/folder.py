"""Which kind of recording a folder holds."""

from __future__ import annotations

from pathlib import Path

from qhy600_ophyd.backends.replay.emva1288 import find_descriptor, read_descriptor
from qhy600_ophyd.backends.replay.recording import Recording
from qhy600_ophyd.contract import CameraError

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fits.fz", ".fits.gz")


def open_recording(folder: str | Path) -> Recording:
    """Read what a folder holds, without its frames.

    Parameters
    ----------
    folder
        Holds an EMVA 1288 descriptor (a text file) and its images, or FITS files. The descriptor itself
        is taken too.

    Raises
    ------
    CameraError
        It is not a recording, or a damaged one; names the file.
    """
    place = Path(folder)
    if place.is_file():
        return read_descriptor(place)
    if not place.is_dir():
        raise CameraError(f"recording {place} not found: give a folder of recorded frames")
    if (descriptor := find_descriptor(place)) is not None:
        return read_descriptor(descriptor)
    files = sorted(p for p in place.iterdir() if p.name.lower().endswith(FITS_SUFFIXES))
    if files:
        # astropy takes a third of a second to import, so only a FITS recording pays for it.
        from qhy600_ophyd.backends.replay.fits import read_fits_files

        return read_fits_files(place, files)
    raise CameraError(
        f"{place} holds no recording: expected an EMVA 1288 descriptor (a text file beginning with "
        "'v') with its images, or FITS files (.fits, .fit, .fts, .fits.fz, .fits.gz)"
    )
