"""The camera as an ophyd device."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from ophyd import Component as Cpt
from ophyd import Device, Kind
from ophyd.device import Staged

from qhy600_ophyd.contract import (
    SETTING_NAMES,
    Camera,
    CameraNotReady,
    Capabilities,
    Field,
    Light,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.device.cooler import Cooler
from qhy600_ophyd.device.event_value import event_value
from qhy600_ophyd.device.exposing import Exposing
from qhy600_ophyd.device.frame_store import Sink, sink_factory
from qhy600_ophyd.device.frame_value import FrameKind, FrameValue, Identity, Label, StreamLabel
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.run_book import RunBook
from qhy600_ophyd.device.setting import (
    AreaSetting,
    ChoiceSetting,
    ExposureSetting,
    FlagSetting,
    ModeSetting,
    NumberSetting,
    Setting,
)
from qhy600_ophyd.device.stream import Stream, frame_dtype, frame_shape, layout_for
from qhy600_ophyd.device.worker import Worker

T = TypeVar("T")

_ANSWER = 60.0
"""Seconds that any call but an exposure may take; a change of readout mode takes about five."""


class QHY600(Device):
    """Any camera of the contract, as signals and bluesky's verbs.

    Constructing it touches nothing. ``stage()``, ``set()`` and ``describe()`` open the camera;
    ``unstage()`` leaves it open, ``close()``, ``with`` and the end of the program close it.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    sink
        Where frames go: a directory, a factory ``(stream, layout) -> FrameSink``, or an ophyd-async path
        provider.
    name
        Of the device; the prefix of every data key.
    light
        What the sensor stands under, if not the backend's own.
    frame_timeout
        Seconds to wait for a frame beyond its exposure.
    """

    exposure = Cpt(ExposureSetting, kind=Kind.hinted)
    gain = Cpt(NumberSetting, kind=Kind.normal)
    offset = Cpt(NumberSetting, kind=Kind.normal)
    readout_mode = Cpt(ModeSetting, kind=Kind.normal)
    roi = Cpt(AreaSetting, kind=Kind.normal)
    binning = Cpt(ChoiceSetting, kind=Kind.normal)
    bit_depth = Cpt(ChoiceSetting, kind=Kind.normal)
    usb_traffic = Cpt(NumberSetting, kind=Kind.normal)
    overscan = Cpt(FlagSetting, kind=Kind.normal)
    temperature = Cpt(Cooler, kind=Kind.hinted)

    frame_kind = Cpt(FrameKind, value="", kind=Kind.normal)
    step = Cpt(Label, value=-1, kind=Kind.normal)
    repeat = Cpt(Label, value=-1, kind=Kind.normal)
    stream = Cpt(StreamLabel, value="primary", kind=Kind.omitted)

    mean = Cpt(FrameValue, kind=Kind.hinted)
    black_level = Cpt(FrameValue, kind=Kind.normal)
    overscan_level = Cpt(FrameValue, kind=Kind.normal)
    photons = Cpt(FrameValue, kind=Kind.normal)
    irradiance = Cpt(FrameValue, kind=Kind.normal)
    wavelength = Cpt(FrameValue, kind=Kind.normal)
    saturation_code = Cpt(FrameValue, kind=Kind.normal)
    readout_mode_index = Cpt(FrameValue, kind=Kind.normal)
    sequence = Cpt(FrameValue, kind=Kind.normal)
    sequence_source = Cpt(FrameValue, kind=Kind.normal)
    retaken = Cpt(FrameValue, kind=Kind.normal)
    exposure_start = Cpt(FrameValue, kind=Kind.normal)
    exposure_mid = Cpt(FrameValue, kind=Kind.normal)
    exposure_end = Cpt(FrameValue, kind=Kind.normal)
    time_uncertainty = Cpt(FrameValue, kind=Kind.normal)
    time_source = Cpt(FrameValue, kind=Kind.normal)
    line_time = Cpt(FrameValue, kind=Kind.normal)
    row_order = Cpt(FrameValue, kind=Kind.normal)
    trigger_monotonic = Cpt(FrameValue, kind=Kind.normal)
    arrival_monotonic = Cpt(FrameValue, kind=Kind.normal)

    model = Cpt(Identity, kind=Kind.config)
    serial = Cpt(Identity, kind=Kind.config)
    firmware = Cpt(Identity, kind=Kind.config)
    sdk = Cpt(Identity, kind=Kind.config)
    sensor = Cpt(Identity, kind=Kind.config)

    def __init__(
        self,
        backend: Camera,
        *,
        sink: Sink | None = None,
        name: str,
        light: Light | None = None,
        frame_timeout: float = 60.0,
        **kwargs: Any,
    ):
        self.backend = backend
        self.illumination = backend.light if light is None else light
        self.frame_timeout = frame_timeout
        self.requested = Settings()
        self.actual = Settings()
        self.row: Mapping[str, Any] = {}
        self.row_timestamp = self.opened_at = time.time()
        self.was_opened = False
        self.is_open = False
        self._sink = sink
        self._make_sink: Callable[..., Any] | None = None
        self._worker = Worker(f"camera {name}")
        self._book = RunBook()
        self._exposing: Exposing | None = None
        self._was_paused = False
        self._opening = threading.RLock()
        super().__init__("", name=name, **kwargs)
        self._give_back = weakref.finalize(self, _give_back, backend, self._worker)

    # -- life ---------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect to the camera and learn what it offers; does nothing when open."""
        with self._opening:
            if self.is_open:
                return
            self.call(self.backend.open)
            self.is_open = self.was_opened = True
            self.opened_at = time.time()
            self.actual = self.backend.settings
            self.requested = self.actual.with_value("roi", None).updated(self.requested)

    def close(self) -> None:
        """End any exposure, finish the files and give the camera back; does nothing when closed."""
        with self._opening:
            self._end_exposure()
            try:
                if self.is_open:
                    self.is_open = False
                    self.call(self.backend.close)
            finally:
                self._book.close()
                self._worker.close()

    def __enter__(self) -> QHY600:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def capabilities(self) -> Capabilities:
        """What the camera offers; opens it."""
        self.open()
        return self.backend.capabilities

    def call(self, call: Callable[[], T]) -> T:
        """Run `call` in the thread that owns the camera."""
        return self._worker.call(call, _ANSWER)

    # -- settings -----------------------------------------------------------------------------------------

    def request(self, name: str, value: Any) -> None:
        """Take a checked value for the next trigger."""
        self.requested = self.requested.with_value(name, value)

    def configure(self, d: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Request several settings at once, or none of them; bluesky's ``configure``."""
        for key, value in d.items():
            if key not in SETTING_NAMES:
                raise SettingRefused(key, value, allowed="one of " + ", ".join(SETTING_NAMES))
            self._setting(key).check_value(value)
        old = dict(self.read_configuration())
        for key, value in d.items():
            self._setting(key).set(value)
        return old, dict(self.read_configuration())

    def read_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Read who the camera is."""
        return cast(OrderedDict[str, dict[str, Any]], super().read_configuration())

    def resolved(self) -> Settings:
        """What the next trigger would ask for, all of it together.

        Raises
        ------
        SettingRefused
            The requested settings do not go together.
        """
        return self.capabilities.resolve(self.requested, now=self.actual)

    # -- bluesky's verbs ----------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Open the camera and get ready; the file is made at the first trigger."""
        self.open()
        if self._make_sink is None:
            self._make_sink = sink_factory(self._sink, self.name)
        self._was_paused = False
        return super().stage()

    def trigger(self) -> ProgressStatus:
        """Expose once; the status ends when the frame is stored.

        Raises
        ------
        CameraNotReady
            Not staged, or still exposing.
        SettingRefused, LayoutChanged
            The requested settings do not go together, or would change the shape of the stream's frames;
            nothing was exposed or changed.
        StreamMismatch
            A second stream or run that the device cannot tell apart.
        """
        if self._staged is not Staged.yes:
            raise CameraNotReady(f"{self.name} is not staged: call stage() first, or use a plan that does")
        if self._exposing is not None and not self._exposing.status.done:
            raise CameraNotReady(f"{self.name} is still exposing: wait for it, or call stop()")
        settings = self.resolved()
        label = str(self.stream.get())
        stream = self._book.stream(label, lambda: self._new_stream(label, settings))
        stream.check(settings)
        if self._book.engaged or self._was_paused or stream.announcements.run:
            stream.cut_unannounced()
        self._exposing = Exposing(self, stream, settings, timeout=self.frame_timeout)
        self._worker.submit(self._exposing.run)
        return self._exposing.status

    def read(self) -> OrderedDict[str, dict[str, Any]]:
        """Read every column of the last frame's row, requested and actual, by ``<name>_<column>``."""
        stamp = self.row_timestamp
        return OrderedDict(
            (f"{self.name}_{c.name}", {"value": event_value(c, self.row.get(c.name)), "timestamp": stamp})
            for c in self._columns()
        )

    def describe(self) -> OrderedDict[str, dict[str, Any]]:
        """Types, units, limits and choices of all that `read` gives, and the frames as external data."""
        self.open()
        described: OrderedDict[str, dict[str, Any]] = OrderedDict()
        for _, component in self._get_components_of_kind(Kind.normal):
            described.update(component.describe())
        settings = self.resolved()
        dtype = {"uint8": "|u1", "uint16": "<u2", "uint32": "<u4"}[frame_dtype(settings)]
        described[f"{self.name}_counts"] = {
            "source": f"qhy600:{self.name}.counts",
            "dtype": "array",
            "shape": list(frame_shape(settings)),
            "dtype_numpy": dtype,
            "dims": ["y", "x"],
            "units": "count",
            "external": "STREAM:",
        }
        return described

    def describe_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Types of who the camera is."""
        self._book.described()
        return cast(OrderedDict[str, dict[str, Any]], super().describe_configuration())

    def get_index(self) -> int:
        """Frames stored in the present stream."""
        return self._book.current.sink.committed if self._book.current else 0

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Give out the stream documents of the frames that have none yet."""
        if self._book.current is not None:
            self._book.check_unambiguous()
            yield from self._book.current.documents(index)

    def on_document(self, name: str, doc: Mapping[str, Any]) -> None:
        """Learn runs and streams from the RunEngine: ``RE.subscribe(camera.on_document)``."""
        self._book.document(name, doc)

    def pause(self) -> None:
        """End the exposure without a frame and without a failure; a rewound plan takes it again."""
        self._was_paused = True
        if self._exposing is not None:
            self._exposing.cancel(finish=True)

    def resume(self) -> None:
        """Nothing to undo: the next trigger starts afresh."""

    def stop(self, *, success: bool = False) -> None:
        """End the exposure; its status fails."""
        if self._exposing is not None:
            self._exposing.cancel(finish=success)

    def unstage(self) -> list[object]:
        """End any exposure and finish the files; the camera stays open."""
        self._end_exposure()
        unstaged = super().unstage()
        self._book.close(keep_engaged=True)
        return unstaged

    def _end_exposure(self) -> None:
        if self._exposing is not None:
            self._exposing.cancel(finish=False)
            self._exposing.join(self.frame_timeout)
            self._exposing = None

    # -- the exposing worker's side -----------------------------------------------------------------------

    def accept(self, row: Mapping[str, Any], actual: Settings) -> None:
        """Take the row of a stored frame as the present reading."""
        self.row, self.actual, self.row_timestamp = row, actual, time.time()
        for name in SETTING_NAMES:
            signal = self._setting(name)
            signal.put(event_value(signal.columns[0], row[name]), force=True, timestamp=self.row_timestamp)

    def _setting(self, name: str) -> Setting:
        return getattr(self, name)

    def _columns(self) -> Iterator[Field]:
        for _, component in self._get_components_of_kind(Kind.normal):
            yield from component.columns

    def _new_stream(self, label: str, settings: Settings) -> Stream:
        assert self._make_sink is not None
        layout = layout_for(settings, self.capabilities, device=self.name, start=self._book.start)
        return Stream(label, settings, layout, self._make_sink, data_key=f"{self.name}_counts")


def _give_back(backend: Camera, worker: Worker) -> None:
    """Close a camera whose device is gone, or whose program ends."""
    if backend.status().state == "closed":
        return
    backend.cancel()
    worker.submit(backend.close).exception(timeout=5.0)
    worker.close()
