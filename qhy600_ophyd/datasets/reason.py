"""Why the file system or HDF5 refused, on one line."""

from __future__ import annotations


def reason(error: BaseException) -> str:
    """The operating system's words where it has some, otherwise the first line of the message or the type."""
    text = str(getattr(error, "strerror", None) or error)
    return text.splitlines()[0] if text else type(error).__name__
