"""Writing the settings so that they hold: after every initialisation, all of them, read back.

The library takes any value, forgets settings at every initialisation and goes on reporting them. So nothing
counts as set that was not written since the last initialisation and then read back as it was written.
"""

from __future__ import annotations

from qhy600_ophyd.contract import CameraError, Settings
from qhy600_ophyd.driver.head import LOST, Control, Head, HeadError
from qhy600_ophyd.driver.insistence import TRIES, insist
from qhy600_ophyd.driver.offer import binned
from qhy600_ophyd.sensor import Rectangle

_REGISTERS = {"gain": Control.GAIN, "offset": Control.OFFSET, "usb_traffic": Control.USB_TRAFFIC}


class AreaNotTaken(CameraError):
    """The area that was set does not read back."""


class Registers:
    """The settings of a head, and how far they can be relied on.

    Parameters
    ----------
    head
        Connected, perhaps not initialised.
    gps_header
        Whether the camera shall write its header over the first pixels of each frame.
    """

    def __init__(self, head: Head, *, gps_header: bool = False):
        self._head = head
        self.gps_header = gps_header
        self.live = False
        self.fresh = False
        """Whether no frame has been thrown away since the last initialisation."""
        self._initialised: tuple[int, bool] | None = None
        self._shaken = False
        self.memory_emptied = False
        """Whether the camera took the command that empties its frame memory, before the present exposure."""

    def is_prepared(self, mode: int, *, live: bool) -> bool:
        """Whether the head is initialised in that mode and stream, and nothing has failed since."""
        return self._initialised == (mode, live)

    def initialise(self, mode: int, *, live: bool) -> None:
        """Initialise in any case: mode, stream, initialisation, in this order. Raises `HeadError`."""
        self._initialised = None
        insist(lambda: self._initialise(mode, live))
        self._initialised, self.live, self.fresh, self._shaken = (mode, live), live, True, False

    def forget(self) -> None:
        """Something failed half-way: it has to be initialised."""
        self._initialised = None

    def apply(self, settings: Settings) -> Settings:
        """Write all of `settings`, which are complete and allowed; returns them with the actual exposure.

        Raises
        ------
        HeadError
            The head refused one.
        CameraError, AreaNotTaken
            One did not read back as it was written, however often it was.
        """
        head = self._head
        assert settings.roi is not None
        head.set_binning(settings.binning or 1)
        self._write("bit_depth", Control.BIT_DEPTH, float(settings.bit_depth or 16))
        for name, control in _REGISTERS.items():
            if (value := getattr(settings, name)) is not None:
                if not self._shaken:
                    # The library still reports what was written before the initialisation: a write that did
                    # nothing would read back as right, unless another value stood there first.
                    self._write(name, control, value + 1 if value < 1 else value - 1)
                self._write(name, control, value)
        self._shaken = True
        self._write_header()
        self.expose_for(settings.exposure or 0.0)
        self._set_area(settings.roi, settings.binning or 1)
        return settings.with_value("exposure", head.actual_exposure())

    def expose_for(self, seconds: float) -> None:
        """Write the exposure. Raises as `apply`."""
        self._write("exposure", Control.EXPOSURE, seconds)

    def refresh(self, settings: Settings) -> None:
        """Before each single exposure: write again what may have been lost unseen, and empty the memory.

        A frame that an earlier exposure left in the camera's memory would come as the next one.
        """
        self.expose_for(settings.exposure or 0.0)
        for name in ("gain", "offset"):
            if (value := getattr(settings, name)) is not None:
                self._write(name, _REGISTERS[name], value)
        self.empty_memory()

    def empty_memory(self) -> None:
        """Have the camera forget the frames in its memory, and note whether it took the command."""
        try:
            self._head.write(Control.FRESH_MEMORY, 1.0)
            self.memory_emptied = True
        except HeadError:
            self.memory_emptied = False

    def reported(self, settings: Settings) -> Settings:
        """What the head says now, where it says anything; the rest as in `settings`."""
        said = Settings(
            exposure=self._head.read(Control.EXPOSURE), bit_depth=round(self._head.read(Control.BIT_DEPTH))
        )
        for name, control in _REGISTERS.items():
            if getattr(settings, name) is not None:
                said = said.with_value(name, self._head.read(control))
        return settings.updated(said)

    def _initialise(self, mode: int, live: bool) -> None:
        self._head.select_mode(mode)
        self._head.select_stream(live=live)
        self._head.initialise()
        if self._head.selected_mode() != mode:
            raise HeadError(f"the camera is in readout mode {self._head.selected_mode()}, not {mode}")

    def _write_header(self) -> None:
        """Switch the header on, or off where somebody else has left it on: it costs pixels."""
        if not self.gps_header and self._head.read(Control.GPS_HEADER) != 1.0:
            return
        try:
            self._write("gps_header", Control.GPS_HEADER, float(self.gps_header))
        except CameraError as error:
            raise CameraError(
                f"gps_header={self.gps_header} refused by the camera ({error}); if it has no such header, "
                "make it without, and its frames are numbered by the host"
            ) from error

    def _write(self, name: str, control: Control, value: float) -> None:
        """Write until it reads back, a few times."""
        said = LOST
        for _ in range(TRIES):
            insist(lambda: self._head.write(control, value))
            said = self._head.read(control)
            if abs(said - value) <= 1e-9 * max(abs(value), 1.0) + (
                1e-6 if control is Control.EXPOSURE else 0
            ):
                return
        raise CameraError(
            f"{name} {value:g} was written {TRIES} times and the camera still says {said:g}; "
            "close it, switch it off and on, and open it again"
        )

    def _set_area(self, roi: Rectangle, binning: int) -> None:
        wanted = binned(roi, binning)
        for _ in range(TRIES):
            insist(lambda: self._head.set_area(*wanted))
            if self._head.area() == wanted:
                return
        raise AreaNotTaken(
            f"area {wanted} was set {TRIES} times and the camera still says {self._head.area()}; "
            "close it, switch it off and on, and open it again"
        )
