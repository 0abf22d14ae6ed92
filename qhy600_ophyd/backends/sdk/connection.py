"""`Connection`: an open camera of the library, and the lock that every call on it takes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qhy600_ophyd.backends.sdk.library import Library, load
from qhy600_ophyd.driver.head import HeadError


class Connection:
    """One camera, from opening to closing.

    The library promises nothing about threads, so that all calls on a camera go one after the other: those of
    whoever takes frames, of its cooler and of its filter wheel. The exception is `aside`, for the one call
    that ends another.

    Parameters
    ----------
    library
        The library's file or folder; ``None`` to look for it.
    camera
        Beginning of the camera's name, or of its serial number; empty for the only one.
    """

    def __init__(self, library: str | os.PathLike[str] | None, camera: str):
        self._given, self._wanted = library, camera
        self.lock = threading.RLock()
        self._handle_lock = threading.Lock()
        self._handle: int | None = None
        self._library: Library | None = None
        self.name = ""

    @property
    def is_open(self) -> bool:
        """Whether there is a handle."""
        return self._handle is not None

    @property
    def library(self) -> Library:
        """The library. Raises `HeadError` before the first opening."""
        if self._library is None:
            raise HeadError("the library is not loaded: open the camera first")
        return self._library

    def open(self) -> None:
        """Load the library, find the camera and open it; does nothing when open.

        Raises
        ------
        LibraryNotFound, LibraryTooOld
            There is no library to use.
        HeadError
            There is no such camera, or it cannot be opened.
        """
        with self.lock:
            if self._handle is not None:
                return
            library = self._library = load(self._given)
            name = self._chosen(library.cameras())
            self._handle = library.open(name)
            self.name = name

    def close(self) -> None:
        """Give the camera back; does nothing when closed."""
        with self.lock, self._handle_lock:
            if self._handle is None:
                return
            self._handle = None
            self.library.close(self.name)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the table on this camera, when no other call is under way.

        Raises
        ------
        HeadError
            The camera is not open, or the library returned an error.
        """
        with self.lock:
            if self._handle is None:
                raise HeadError(f"{function} refused: the camera is not connected; open it first")
            return getattr(self.library.functions, function)(self._handle, *arguments)

    def aside(self, function: str, *arguments: Any) -> Any:
        """Call a function at once, whatever other call is under way; does nothing when closed."""
        with self._handle_lock:
            if self._handle is not None:
                return getattr(self.library.functions, function)(self._handle, *arguments)
            return None

    def has(self, function: str) -> bool:
        """Whether the library has that function."""
        return self.library.functions.has(function)

    @contextmanager
    def if_free(self, patience: float) -> Iterator[bool]:
        """Hold the lock if it can be had within so many seconds; gives whether it is held."""
        held = self.lock.acquire(timeout=patience)
        try:
            yield held
        finally:
            if held:
                self.lock.release()

    def _chosen(self, cameras: tuple[str, ...]) -> str:
        found = [name for name in cameras if name.startswith(self._wanted) or self._serial_matches(name)]
        if len(found) == 1:
            return found[0]
        if not cameras:
            raise HeadError(
                "no camera found: connect its 12 V first, then its USB cable, and open it again; "
                "`qhy600 doctor` tells what is missing"
            )
        listed = ", ".join(cameras)
        if not found:
            raise HeadError(f"camera {self._wanted!r} refused: allowed is one of those connected, {listed}")
        raise HeadError(f"{len(found)} cameras found, {listed}: say which, by the beginning of its name")

    def _serial_matches(self, name: str) -> bool:
        return bool(self._wanted) and name.partition("-")[2].startswith(self._wanted)
