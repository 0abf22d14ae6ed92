"""`Recipe`: how a camera is made, in words that another process understands."""

from __future__ import annotations

import importlib
import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from qhy600_ophyd.contract import Camera, Clock, ProfileError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a camera is made from: where its factory stands, and what it is given. Never a camera itself.

    Parameters
    ----------
    factory
        ``"package.module:Name"``, or ``"package.module:Name.method"``: called with the arguments, it gives a
        closed camera of the contract.
    arguments
        By name; seed and faults are among them. Each has to pickle.
    clock
        Given to the factory as ``clock``, unless it is ``None``. The camera gets a copy of it.

    Raises
    ------
    ProfileError
        The factory cannot be imported or does not take such arguments, or one of them does not pickle.
    """

    factory: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", dict(self.arguments))
        factory = self._find()
        try:
            inspect.signature(factory).bind(**self._all_arguments())
        except TypeError as no:
            raise self._refusal(f"its arguments are not those that it takes: {no}") from None
        for name, value in self._all_arguments().items():
            try:
                pickle.dumps(value)
            except Exception as no:  # noqa: BLE001  (whatever its own pickling does)
                raise self._refusal(
                    f"{name}, a {type(value).__name__}, cannot go to another process: {no}"
                ) from None

    def make(self) -> Camera:
        """A new, closed camera. Raises what the factory does, and `ProfileError`."""
        return self._find()(**self._all_arguments())

    def _all_arguments(self) -> dict[str, Any]:
        clock = {} if self.clock is None else {"clock": self.clock}
        return {**self.arguments, **clock}

    def _find(self) -> Callable[..., Camera]:
        module, _, path = self.factory.partition(":")
        if not module or not path:
            raise self._refusal("allowed is 'package.module:Name'")
        if module == "__main__":
            raise self._refusal("a program or notebook is not there in another process; put it into a module")
        try:
            found: Any = importlib.import_module(module)
        except ImportError as no:
            raise self._refusal(f"it cannot be imported: {no}") from None
        for name in path.split("."):
            try:
                found = getattr(found, name)
            except AttributeError as no:
                raise self._refusal(str(no)) from None
        if not callable(found):
            raise self._refusal("it cannot be called")
        return cast("Callable[..., Camera]", found)

    def _refusal(self, why: str) -> ProfileError:
        return ProfileError(f"camera factory {self.factory!r} refused: {why}")
