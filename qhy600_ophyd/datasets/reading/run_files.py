"""The files of one run: which streams they hold, and what its documents say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets.reading.stream_file import StreamFile
from qhy600_ophyd.datasets.run_record import RUN_FILE, read_run_json, runs_in


@dataclass(frozen=True, kw_only=True)
class RunPart:
    """The documents of one bluesky run: the one that a folder was made for, or one that resumed it.

    Parameters
    ----------
    start, stop
        Empty where there is none.
    descriptors
        By stream and uid.
    """

    start: Mapping[str, Any]
    stop: Mapping[str, Any]
    descriptors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        """Of the run; empty if it does not say."""
        return str(self.start.get("uid", ""))

    @property
    def end(self) -> str:
        """How it ended, in words, once it has."""
        status = self.stop.get("exit_status")
        if status is None:
            return "its program was killed"
        return f"{status}: {self.stop['reason']}" if self.stop.get("reason") else str(status)


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
    parts
        The run that the folder was made for and those that resumed it, in their order. From ``run.json``, or,
        where there is none, as far as the files have them.
    """

    folder: Path
    streams: Mapping[str, tuple[StreamFile, ...]]
    damaged: Mapping[Path, str] = field(default_factory=dict)
    asked: str | None = None
    parts: tuple[RunPart, ...] = ()

    @property
    def start(self) -> Mapping[str, Any]:
        """Start document of the run that the folder was made for; empty if there is none."""
        return self.parts[0].start if self.parts else {}

    @property
    def stop(self) -> Mapping[str, Any]:
        """Stop document of the last of its runs; empty while that goes on, or after a kill."""
        return self.parts[-1].stop if self.parts else {}

    @classmethod
    def find(cls, path: Path, *, frames_needed: bool = True) -> RunFiles:
        """The run that `path`, a folder or a file in it, belongs to.

        Parameters
        ----------
        path
            Of either.
        frames_needed
            Whether one is refused that has documents and no file of frames that can be read.

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
        content = read_run_json(folder / RUN_FILE)
        if not read and (frames_needed or (content is None and not damaged)):
            raise RunDamaged(next(iter(damaged.values()), _why_none(folder, content)))
        parts = _parts(content, read.values())
        streams: dict[str, tuple[StreamFile, ...]] = {}
        for file in sorted(read.values(), key=lambda file: (file.stream, file.segment)):
            streams[file.stream] = (*streams.get(file.stream, ()), file)
        return cls(
            folder=folder,
            streams=streams,
            damaged=damaged,
            asked=read[path].stream if path in read else None,
            parts=parts,
        )

    def choose(self, stream: str | None) -> str:
        """The stream that is meant: the one named or pointed at, or else ``"primary"``, or the first.

        Raises
        ------
        RunDamaged
            There is no such stream, or it could not be read.
        """
        unclear = len(self.streams) > 1 and self.damaged
        usual = "primary" if "primary" in self.streams or unclear else next(iter(self.streams))
        wanted = stream or self.asked or usual
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
        for part in self.parts:
            for descriptor in part.descriptors.get(stream, {}).values():
                keys.update(descriptor.get("data_keys", {}))
        return keys


def _parts(content: Mapping[str, Any] | None, files: Iterable[StreamFile]) -> tuple[RunPart, ...]:
    """From the record; what it does not have, from the files, which hold their run's start and stop too."""
    of_files = {
        str(file.attributes.get("run_uid", "")): RunPart(start=file.start, stop=file.stop)
        for file in sorted(files, key=lambda file: file.segment)
    }
    found = [
        RunPart(start=part["start"], stop=part["stop"], descriptors=part["descriptors"])
        for part in (runs_in(content) if content else ())
    ]
    if len(found) != 1 or not of_files:
        return tuple(found or of_files.values())
    (only,) = found
    first = next(iter(of_files.values()))
    return (replace(only, start=only.start or first.start, stop=only.stop or first.stop),)


def _why_none(folder: Path, content: Mapping[str, Any] | None) -> str:
    if content is None:
        return f"{folder} is not a run: it holds no .h5 file of frames"
    return f"{folder} holds no frames: its program ended before the first one. qhy600 resume takes them all"


def _read_all(folder: Path) -> tuple[dict[Path, StreamFile], dict[Path, str]]:
    read: dict[Path, StreamFile] = {}
    damaged: dict[Path, str] = {}
    for path in sorted(folder.glob("*.h5")):
        try:
            read[path] = StreamFile.read(path)
        except RunDamaged as error:
            damaged[path] = str(error)
    return read, damaged
