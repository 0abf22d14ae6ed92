"""``run.json``: the start, descriptor and stop documents of a run, beside its frames."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import RunDamaged, StoreError
from qhy600_ophyd.datasets.json_text import json_text, plain
from qhy600_ophyd.datasets.reason import reason

RUN_SCHEMA = "qhy600_ophyd.run/1"
RUN_FILE = "run.json"


class RunRecord:
    """The documents of one run, kept in its folder; several streams may share it.

    Parameters
    ----------
    folder
        The run's folder. A record that is already there is continued.
    """

    def __init__(self, folder: Path):
        self.path = folder / RUN_FILE
        self._lock = threading.Lock()
        self._content = read_run_json(self.path) or {
            "schema": RUN_SCHEMA,
            "start": {},
            "descriptors": {},
            "stop": {},
        }

    def keep(self, kind: str, document: Mapping[str, Any]) -> None:
        """Keep a start, descriptor or stop document, in place of an earlier one of the same identity.

        Raises
        ------
        StoreError
            The folder cannot be written; what was there before is still there.
        """
        with self._lock:
            content = dict(self._content)
            if kind == "descriptor":
                stream = str(document.get("name", ""))
                of_stream = {
                    **content["descriptors"].get(stream, {}),
                    str(document.get("uid", "")): plain(document),
                }
                content["descriptors"] = {**content["descriptors"], stream: of_stream}
            else:
                content[kind] = plain(document)
            if content != self._content or not self.path.exists():
                replace_text(self.path, json_text(content, indent=1) + "\n")
                self._content = content


def read_run_json(path: Path) -> dict[str, Any] | None:
    """The content of a ``run.json``; ``None`` where there is no such file.

    Raises
    ------
    RunDamaged
        It is there and is not the record of a run.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(content[key], dict) for key in ("start", "descriptors", "stop")):
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
