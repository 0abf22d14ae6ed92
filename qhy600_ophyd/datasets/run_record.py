"""``run.json``: the start, descriptor and stop documents of a run and of those that resumed it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import RunDamaged, StoreError
from qhy600_ophyd.datasets.json_text import json_text, plain
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.run_lock import RunLock

RUN_SCHEMA = "qhy600_ophyd.run/2"
"""The first knew of no resumed runs; it is read as one that was never resumed."""

RUN_FILE = "run.json"


class RunRecord:
    """The documents of one run, kept in its folder; several streams may share it.

    A run that resumes it is another run for bluesky, with documents of its own; they are kept behind those
    that are there, in the list ``resumed``. Each document goes to the run that it names.

    Parameters
    ----------
    folder
        The run's folder. A record that is already there is continued.
    """

    def __init__(self, folder: Path):
        self.path = folder / RUN_FILE
        self._lock = threading.RLock()
        self._content = read_run_json(self.path) or {"schema": RUN_SCHEMA, **_blank()}
        self._hold = RunLock(folder)
        self._holders = 0

    def keep(self, kind: str, document: Mapping[str, Any]) -> None:
        """Keep a start, descriptor or stop document, in place of an earlier one of the same identity.

        Raises
        ------
        StoreError
            The folder cannot be written; what was there before is still there.
        """
        with self._lock:
            content = deepcopy(self._content)
            part = _part(content, kind, document)
            if kind == "descriptor":
                of_stream = part["descriptors"].setdefault(str(document.get("name", "")), {})
                of_stream[str(document.get("uid", ""))] = plain(document)
            else:
                part[kind] = plain(document)
            if content != self._content or not self.path.exists():
                content["schema"] = RUN_SCHEMA
                replace_text(self.path, json_text(content, indent=1) + "\n")
                self._content = content

    def hold(self) -> None:
        """Keep other programs from writing into this folder, until `release` was called as often.

        Raises
        ------
        StoreError
            Another one does so already.
        """
        with self._lock:
            if not self._holders and not self._hold.take():
                raise StoreError(
                    f"{self.path.parent} is being written, by another program or another bench. "
                    "Wait until it has ended, or end it"
                )
            self._holders += 1

    def release(self) -> None:
        """Give up what `hold` took."""
        with self._lock:
            self._holders = max(self._holders - 1, 0)
            if not self._holders:
                self._hold.release()


def runs_in(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Start, descriptors, stop … of the run that the folder was made for, and of each that resumed it."""
    first = {kind: documents for kind, documents in content.items() if kind not in ("schema", "resumed")}
    return [first, *content.get("resumed", ())]


def _blank() -> dict[str, Any]:
    return {"start": {}, "descriptors": {}, "stop": {}}


def _part(content: dict[str, Any], kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Where a document belongs: to the run that it names; without a name, or with a new one, to the last."""
    parts = [content, *content.get("resumed", ())]
    uid = document.get("uid" if kind == "start" else "run_start")
    for part in parts:
        if uid is not None and part["start"].get("uid") == uid:
            return part
    if kind == "start" and parts[-1]["start"]:
        content.setdefault("resumed", []).append(_blank())
        return content["resumed"][-1]
    return parts[-1]


def read_run_json(path: Path) -> dict[str, Any] | None:
    """The content of a ``run.json``; ``None`` where there is no such file.

    Raises
    ------
    RunDamaged
        It is there and is not the record of a run.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not all(
            isinstance(part[kind], dict) for part in runs_in(content) for kind in _blank()
        ):
            raise ValueError("not the record of a run")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunDamaged(
            f"{path} cannot be read ({reason(error)}). Rename it: "
            "the frames and the start document are in the .h5 files too"
        ) from None
    return content


def replace_text(path: Path, text: str) -> None:
    """Put `text` in place of the file's content; a reader sees the old or the new one, never a part."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"{path} cannot be written ({reason(error)}). "
            "Free some space, or choose another folder; the earlier record is untouched"
        ) from error
