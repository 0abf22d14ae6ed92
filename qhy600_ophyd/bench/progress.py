"""A bar that counts the events of a run against the number that its start document promises."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm


class EventBar:
    """Subscribe it to a RunEngine.

    Parameters
    ----------
    shown
        True or False; ``None``: on a terminal and in a notebook.
    """

    def __init__(self, *, shown: bool | None = None):
        self._shown = _somebody_watches() if shown is None else shown
        self._bar: tqdm[Any] | None = None

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take in a document."""
        if not self._shown:
            return
        if name == "start":
            self.close()
            self._bar = tqdm(
                total=doc.get("num_points"),
                desc=doc.get("plan_name", "run"),
                unit="frame",
                file=sys.stderr,
                mininterval=0.3,
                dynamic_ncols=True,
            )
        elif name == "event" and self._bar is not None:
            self._bar.update()
        elif name == "stop":
            self.close()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _somebody_watches() -> bool:
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None
