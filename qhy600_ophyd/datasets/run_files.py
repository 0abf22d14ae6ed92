"""The files of one run: which streams they hold, and what its documents say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets.run_record import RUN_FILE, read_run_json
from qhy600_ophyd.datasets.stream_file import StreamFile


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """A run's folder, looked into once.

    Parameters
    ----------
    folder
        Of the run.
    streams
        The files of each stream, in the order in which they were written; the first stream first.
    damaged
        Files that could not be read, and why.
    asked
        The stream of the file that was pointed at.
    start, stop, descriptors
        From ``run.json``; empty where there is none. Descriptors by stream and uid.
    """

    folder: Path
    streams: Mapping[str, tuple[StreamFile, ...]]
    damaged: Mapping[Path, str] = field(default_factory=dict)
    asked: str | None = None
    start: Mapping[str, Any] = field(default_factory=dict)
    stop: Mapping[str, Any] = field(default_factory=dict)
    descriptors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def find(cls, path: Path) -> RunFiles:
        """The run that `path`, a folder or a file in it, belongs to.

        Raises
        ------
        RunDamaged
            Nothing is there, it holds no frames, or ``run.json`` or the file pointed at is damaged.
        """
        path = path.expanduser().absolute()
        if not path.exists():
            raise RunDamaged(f"{path} does not exist. Give a run's folder or a file in it")
        folder = path if path.is_dir() else path.parent
        read, damaged = _read_all(folder)
        if path in damaged:
            raise RunDamaged(damaged[path])
        if path.suffix == ".h5" and path not in read:
            read[path] = StreamFile.read(path)
        if not read:
            why = next(iter(damaged.values()), f"{folder} is not a run: it holds no .h5 file of frames")
            raise RunDamaged(why)
        content = read_run_json(folder / RUN_FILE) or {}
        streams: dict[str, tuple[StreamFile, ...]] = {}
        for file in sorted(read.values(), key=lambda file: (file.stream, file.segment)):
            streams[file.stream] = (*streams.get(file.stream, ()), file)
        return cls(
            folder=folder,
            streams=streams,
            damaged=damaged,
            asked=read[path].stream if path in read else None,
            start=content.get("start", {}),
            stop=content.get("stop", {}),
            descriptors=content.get("descriptors", {}),
        )

    def choose(self, stream: str | None) -> str:
        """The stream that is meant: the one named, the one pointed at, the only one, or ``"primary"``.

        Raises
        ------
        RunDamaged
            There is no such stream, or it could not be read.
        """
        wanted = stream or self.asked or (next(iter(self.streams)) if len(self.streams) == 1 else "primary")
        for path, why in self.damaged.items():
            if path.stem.rpartition("_")[0] == wanted or path.stem == wanted or wanted not in self.streams:
                raise RunDamaged(why)
        if wanted not in self.streams:
            raise RunDamaged(
                f"{self.folder} has no stream {wanted!r}: it has {', '.join(self.streams)}. Choose one"
            )
        return wanted

    def segments(self, stream: str) -> tuple[StreamFile, ...]:
        """The files of a stream, all of one shape and type.

        Raises
        ------
        RunDamaged
            They differ, and so make no one array.
        """
        first, *others = self.streams[stream]
        for other in others:
            if (other.shape, other.dtype, other.rows.dtype) != (first.shape, first.dtype, first.rows.dtype):
                raise RunDamaged(
                    f"{other.path.name} holds {other.shape} {other.dtype} and {first.path.name} "
                    f"{first.shape} {first.dtype}, which make no one dataset. Move one to a folder of its own"
                )
        return (first, *others)

    def data_keys(self, stream: str) -> dict[str, Any]:
        """What the descriptors of a stream say of each key."""
        keys: dict[str, Any] = {}
        for descriptor in self.descriptors.get(stream, {}).values():
            keys.update(descriptor.get("data_keys", {}))
        return keys


def _read_all(folder: Path) -> tuple[dict[Path, StreamFile], dict[Path, str]]:
    read: dict[Path, StreamFile] = {}
    damaged: dict[Path, str] = {}
    for path in sorted(folder.glob("*.h5")):
        try:
            read[path] = StreamFile.read(path)
        except RunDamaged as error:
            damaged[path] = str(error)
    return read, damaged
