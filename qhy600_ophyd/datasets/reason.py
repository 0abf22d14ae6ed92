"""Why the file system or HDF5 refused, on one line."""

from __future__ import annotations

import re

_SYSTEM_SAID = re.compile(r"error message = '([^']+)'")
"""Within what HDF5 says of a call that failed."""


def reason(error: BaseException) -> str:
    """The operating system's words where it has some, otherwise the first line of the message or the type."""
    # A KeyError shows its message in quotes.
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    text = str(getattr(error, "strerror", None) or said)
    if found := _SYSTEM_SAID.search(text):
        return found[1]
    return text.splitlines()[0] if text else type(error).__name__
