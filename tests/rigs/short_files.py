"""A greatest length for the files that this program writes, as file systems and users have one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Within it the system refuses whatever would make a file longer; the test is skipped where none can."""
    resource = pytest.importorskip("resource", reason="only POSIX limits the length of a program's files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
