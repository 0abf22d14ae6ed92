"""With which software a run is taken: versions of packages, and the commit of this one in a checkout."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    *("qhy600-ophyd", "bluesky", "ophyd", "event-model", "numpy", "numba", "h5py", "xarray", "xxhash"),
    *("bitshuffle", "hdf5plugin"),
)
"""Those that decide a run's frames, documents and files; the last two are not everywhere."""

_PATIENCE = 5.0
"""Seconds that git has for an answer."""


@functools.cache
def software() -> dict[str, str]:
    """Versions of the packages that are there, of Python and of the operating system; asked for once."""
    found: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {**found, "python": platform.python_version(), "system": platform.platform()}


@functools.cache
def code() -> dict[str, Any] | None:
    """Commit of this package's own checkout and whether files of it were changed; asked for once.

    Returns
    -------
    dict or None
        ``commit`` and ``dirty``; ``None`` for an installed package, or where git does not answer.
    """
    git, package = shutil.which("git"), Path(__file__).resolve().parents[1]
    if git is None:
        return None
    # A file that git does not know lies in somebody else's checkout, as a virtual environment may.
    if _git(git, package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(git, package, "rev-parse", "HEAD")
    changed = _git(git, package, "status", "--porcelain", "--", ".")
    if commit is None or changed is None:
        return None
    return {"commit": commit, "dirty": bool(changed)}


def _git(git: str, folder: Path, *arguments: str) -> str | None:
    """What git says, without taking a lock; ``None`` if it refuses."""
    try:
        done = subprocess.run(  # noqa: S603  (no word of it comes from outside)
            [git, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
