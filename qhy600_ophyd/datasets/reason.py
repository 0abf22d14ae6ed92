"""Why the file system or HDF5 refused, on one line."""

from __future__ import annotations


def reason(error: BaseException) -> str:
    """The operating system's words where it has some, otherwise the first line of the message or the type."""
    # A KeyError shows its message in quotes.
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    text = str(getattr(error, "strerror", None) or said)
    return text.splitlines()[0] if text else type(error).__name__
