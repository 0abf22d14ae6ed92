"""What has been requested of the camera and not been applied yet, and what a refusal goes back to."""

from __future__ import annotations

import warnings
from copy import copy
from typing import Any

from qhy600_ophyd.contract import Capabilities, SettingRefused, Settings


class SumsClip(UserWarning):
    """Sums of pixels were asked for in so few bits that they clip below the pixels' full well."""


class Requests:
    """The requested settings.

    Attributes
    ----------
    now : Settings
        All that is requested.
    """

    def __init__(self) -> None:
        self.now = Settings()
        self._applied = Settings()
        self._depth_was_chosen = False

    def copy(self) -> Requests:
        """One that goes its own way from here."""
        return copy(self)

    def complete(self, found: Settings) -> None:
        """Fill in what was never requested with what a camera has after opening; the area stays open."""
        found = found.with_value("roi", None)
        self.now, self._applied = found.updated(self.now), found.updated(self._applied)

    def ask(self, name: str, value: Any, offer: Capabilities) -> None:
        """Request a checked value.

        Whoever asks for sums of pixels and never asked for a bit depth gets one that holds them; whoever
        asks for a smaller one is warned.
        """
        before, self.now = self.now, self.now.with_value(name, value)
        if name == "bit_depth":
            self._depth_was_chosen = True
        elif name == "binning" and not self._depth_was_chosen:
            depth = offer.fitting_depth(Settings(binning=value), before)
            self.now = self.now.with_value("bit_depth", depth)
        if name in ("bit_depth", "binning") and self.now != before:
            self._warn_of_clipping(offer)

    def resolved(self, offer: Capabilities, actual: Settings) -> Settings:
        """All of it together, over what is actual. Raises `SettingRefused`."""
        return offer.resolve(self.now, now=actual)

    def resolved_or_withdrawn(self, offer: Capabilities, actual: Settings) -> Settings:
        """As `resolved`; requests that do not go together are withdrawn, and the refusal says so."""
        try:
            return self.resolved(offer, actual)
        except SettingRefused as no:
            self.withdraw()
            hint = f"{no.advice.rstrip('.')}; the" if no.advice else "The"
            raise SettingRefused(
                no.setting,
                no.asked,
                allowed=no.allowed,
                now=no.now,
                advice=f"{hint} requested settings were withdrawn",
            ) from None

    def applied(self, requested: Settings) -> None:
        """Note that the camera has taken `requested`: what a later refusal goes back to."""
        self._applied = requested

    def withdraw(self) -> None:
        """Forget what was requested since settings were last applied."""
        self.now = self._applied

    def _warn_of_clipping(self, offer: Capabilities) -> None:
        depth, binning = self.now.bit_depth, self.now.binning or 1
        if depth == 16 and binning > 1 and 32 in offer.bit_depths:
            warnings.warn(
                f"sums of {binning} × {binning} pixels in {depth} bit clip at 65535, far below the full well "
                "of so many pixels; bit_depth 32 holds them",
                SumsClip,
                stacklevel=5,
            )
