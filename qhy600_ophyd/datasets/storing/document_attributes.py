"""The run's documents in the attributes of a file, for which its skeleton has made room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from qhy600_ophyd.datasets.attribute_text import rewrite_text
from qhy600_ophyd.datasets.json_text import json_text
from qhy600_ophyd.datasets.storing.file_skeleton import AFTER_BYTES, START_BYTES, STOP_BYTES, UID_BYTES


def document_attributes(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that a document fills, cut to the room that was made for them."""
    if kind == "stop":
        text = json_text(document)
        if len(text.encode()) > STOP_BYTES and document.get("reason"):
            text = json_text({**document, "reason": str(document["reason"])[: STOP_BYTES // 8]})
        return {"stop": text}
    if kind == "after":
        text = json_text(document)
        return {"after": text} if len(text.encode()) <= AFTER_BYTES else {}
    uid = str(document.get("uid", "")).encode()[:UID_BYTES].decode(errors="ignore")
    text = json_text(document)
    return {"run_uid": uid, "start": text} if len(text.encode()) <= START_BYTES else {"run_uid": uid}


def rewrite_closed(path: Path, texts: Mapping[str, str]) -> None:
    """Change text attributes of a closed file; one that a reader holds, or that is gone, is left in peace."""
    try:
        with h5py.File(path, "r+", libver="latest") as file:
            file.swmr_mode = True
            for name, text in texts.items():
                rewrite_text(file.attrs, name, text)
    except (OSError, RuntimeError):
        return
