"""Recordings kept as FITS files: one 2-D frame a file, what is known of it in the header."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from qhy600_ophyd.backends.replay.recording import DARK, RECORDED, Level, RecordedFrame, Recording
from qhy600_ophyd.contract import CameraError, TemperatureReading

_KINDS = (
    ("dark", DARK),
    ("bias", DARK),
    ("zero", DARK),
    ("light", RECORDED),
    ("object", RECORDED),
    ("flat", RECORDED),
)
"""Words of IMAGETYP; the first that occurs counts, so that a "flat dark" is dark."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LevelKey = tuple[str, float, float | None, float | None, str | None]


def read_fits_files(folder: Path, files: list[Path]) -> Recording:
    """The recording that a folder of FITS files makes; headers are read, counts are not.

    Frames come in the order of ``DATE-OBS`` where every file has it, otherwise of the file names.

    Raises
    ------
    CameraError
        A file is not a frame of unsigned counts, lacks its exposure or kind, or does not fit the others.
    """
    headers = {file: _header(file) for file in files}
    starts = {file: _exposure_start(header) for file, header in headers.items()}
    if min(starts.values()) >= 0:
        files = sorted(files, key=lambda f: (starts[f], f.name))
    keys = {file: _key(file, headers[file]) for file in files}
    for place, keyword in ((2, "GAIN"), (3, "OFFSET"), (4, "READMODE")):
        _in_all_or_none(files, [keys[f][place] is not None for f in files], keyword)
    levels: dict[_LevelKey, Level] = {}
    for file in files:
        levels[keys[file]] = _with_frame(
            levels.get(keys[file]), keys[file], file, headers[file], starts[file]
        )
    bits, width, height, binning = _one_shape({f: _shape(f, headers[f]) for f in files})
    cameras = {str(h.get("INSTRUME", "")).strip() for h in headers.values()}
    camera = cameras.pop() if len(cameras) == 1 else ""
    return Recording(
        source=folder,
        model=f"recorded frames of {camera} (FITS)" if camera else "recorded frames (FITS)",
        width=width,
        height=height,
        bits=bits,
        levels=tuple(levels.values()),
        read=read_counts,
        binning=binning,
    )


def read_counts(file: Path) -> NDArray[np.unsignedinteger[Any]]:
    """Counts of the first image in a FITS file, shape ``(rows, columns)``, as unsigned integers."""
    with fits.open(file, memmap=False) as units:
        data = _image(file, units).data
        return np.array(data, dtype=data.dtype.newbyteorder("="))


def _header(file: Path) -> dict[str, Any]:
    try:
        with fits.open(file) as units:
            cards = _image(file, units).header.cards
            return {c.keyword: c.value for c in cards if not isinstance(c.value, fits.card.Undefined)}
    except (OSError, ValueError, TypeError) as error:
        raise CameraError(f"{file} cannot be read as FITS: {error}") from error


def _image(file: Path, units: Any) -> Any:
    for unit in units:
        if unit.is_image and unit.header.get("NAXIS") == 2:
            return unit
    raise CameraError(f"{file} refused: it holds no two-dimensional image")


def _key(file: Path, header: Mapping[str, Any]) -> _LevelKey:
    kind = str(header.get("IMAGETYP", header.get("FRAME", ""))).strip()
    light = next((light for word, light in _KINDS if word in kind.lower()), None)
    if light is None:
        raise CameraError(
            f"{file}: IMAGETYP {kind!r} refused: allowed are bias, dark, light, flat (IMAGETYP or FRAME)"
        )
    exposure = _number(file, header, "EXPTIME", "EXPOSURE")
    if exposure is None or exposure < 0:
        raise CameraError(f"{file}: EXPTIME {exposure} refused: allowed are seconds (EXPTIME or EXPOSURE)")
    mode = header.get("READMODE")
    return (
        light,
        exposure,
        _number(file, header, "GAIN"),
        _number(file, header, "OFFSET"),
        None if mode is None else str(mode).strip(),
    )


def _with_frame(
    level: Level | None, key: _LevelKey, file: Path, header: Mapping[str, Any], start: int
) -> Level:
    light, exposure, gain, offset, mode = key
    photons = 0.0 if light == DARK else _number(file, header, "PHOTONS")
    if level is not None and level.photons != photons:
        raise CameraError(
            f"{file}: PHOTONS {photons} refused: {level.frames[0].file.name} of the same settings "
            f"has {level.photons}"
        )
    frame = RecordedFrame(
        file=file,
        exposure_start=start,
        temperature=TemperatureReading(
            value=_number(file, header, "CCD-TEMP"), setpoint=_number(file, header, "SET-TEMP")
        ),
    )
    return Level(
        light=light,
        exposure=exposure,
        gain=gain,
        offset=offset,
        readout_mode=mode,
        photons=photons,
        frames=(frame,) if level is None else (*level.frames, frame),
    )


def _shape(file: Path, header: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Bits, width, height and binning of a frame."""
    stored = (header["BITPIX"], header.get("BZERO", 0), header.get("BSCALE", 1))
    bits = {(16, 32768, 1): 16, (8, 0, 1): 8}.get(stored)
    if bits is None:
        raise CameraError(
            f"{file} refused: counts must be unsigned integers of 16 bits (BITPIX 16, BZERO 32768) or of 8; "
            f"it has BITPIX {stored[0]}, BZERO {stored[1]}, BSCALE {stored[2]}"
        )
    binning = (header.get("XBINNING", 1), header.get("YBINNING", 1))
    if binning[0] != binning[1] or int(binning[0]) < 1:
        raise CameraError(f"{file} refused: binning {binning}; allowed is the same along both axes")
    return bits, int(header["NAXIS1"]), int(header["NAXIS2"]), int(binning[0])


def _one_shape(shapes: dict[Path, tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    first, expected = next(iter(shapes.items()))
    for file, shape in shapes.items():
        if shape != expected:
            raise CameraError(
                f"{file} refused: (bits, width, height, binning) is {shape}, but {expected} in {first.name}"
            )
    return expected


def _in_all_or_none(files: list[Path], given: list[bool], keyword: str) -> None:
    """A value known of some frames only would be served with the others as if it held for them."""
    if any(given) and not all(given):
        without, having = files[given.index(False)], files[given.index(True)]
        raise CameraError(
            f"{without} has no {keyword} but {having.name} has: give it in all files or in none"
        )


def _number(file: Path, header: Mapping[str, Any], *keywords: str) -> float | None:
    for keyword in keywords:
        value = header.get(keyword)
        if value is None:
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number):
            raise CameraError(f"{file}: {keyword} {value!r} refused: allowed is a number")
        return number
    return None


def _exposure_start(header: Mapping[str, Any]) -> int:
    """``DATE-OBS`` [ns since 1970, UTC]; -1 where it is missing, has no time of day or is not UTC."""
    text = str(header.get("DATE-OBS", "")).strip()
    if "T" not in text or str(header.get("TIMESYS", "UTC")).strip().upper() != "UTC":
        return -1
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return -1
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
