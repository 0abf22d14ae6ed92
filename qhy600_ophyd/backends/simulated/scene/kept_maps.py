"""Maps that took seconds to make, kept as long as they fit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray


class KeptMaps:
    """The maps that were asked for last, as many as fit into so many bytes; the last one always stays.

    Any thread may ask; a map is made by one of them only.

    Parameters
    ----------
    most
        Bytes of all maps together.
    """

    def __init__(self, most: int):
        self._most = most
        self._maps: OrderedDict[Hashable, NDArray[np.float32] | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes that are kept now."""
        return sum(0 if kept is None else kept.nbytes for kept in self._maps.values())

    def get(
        self, key: Hashable, make: Callable[[], NDArray[np.float32] | None], *, nbytes: int
    ) -> NDArray[np.float32] | None:
        """The map of that key, read only.

        Parameters
        ----------
        key
            Everything that decides the map.
        make
            Makes it, where it is not kept.
        nbytes
            What it will need; older maps go before it is made, so that old and new are never both there.
        """
        with self._lock:
            if key not in self._maps:
                while self._maps and self.nbytes + nbytes > self._most:
                    self._maps.popitem(last=False)
                made = make()
                if made is not None:
                    made.setflags(write=False)
                self._maps[key] = made
            self._maps.move_to_end(key)
            return self._maps[key]

    def forget(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._maps.clear()
