"""Text that fits into a terminal, with commands that can be pasted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

_STATUS, _NAME = 12, 18
"""Characters of the first two columns."""


def as_lines(status: str, name: str, text: str, width: int) -> Iterator[str]:
    """A row of three columns, the last of them wrapped; none where all are empty.

    Parameters
    ----------
    status, name
        Of the row.
    text
        Of several lines; one that begins with two spaces is a command, which is not broken.
    width
        Of the terminal, in characters.
    """
    lead = f"{status:{_STATUS}}{name:{_NAME}}"
    if not text:
        if lead.strip():
            yield lead.rstrip()
        return
    margin = _STATUS + _NAME
    for line in text.splitlines():
        if line.startswith("  "):
            # At the left margin, so that a long command is broken by nobody but the terminal.
            yield f"    {line.strip()}"
            continue
        for piece in textwrap.wrap(
            line, max(width - margin, 20), break_long_words=False, break_on_hyphens=False
        ) or [""]:
            yield f"{lead}{piece}".rstrip()
            lead = " " * margin
