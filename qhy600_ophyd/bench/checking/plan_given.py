"""What may be given where a plan is wanted: a plan that was not begun, or a function that makes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeAlias

from bluesky.utils import Msg, ensure_generator

from qhy600_ophyd.contract import QHY600Error

PlanGiven: TypeAlias = Iterable[Msg] | Callable[[], Iterable[Msg]]
"""A plan, or what makes one when it is called: a ``lambda``, a `functools.partial`."""


def plan_from(given: PlanGiven) -> Generator[Msg, Any, Any]:
    """The plan, ready to be begun.

    Raises
    ------
    QHY600Error
        It is no plan, needs arguments that were not given, or was gone through before.
    """
    plan: Any = given
    if callable(given):
        try:
            inspect.signature(given).bind()
        except (TypeError, ValueError):
            raise _no_plan(given) from None
        plan = given()
    if not isinstance(plan, Iterable):
        raise _no_plan(given)
    # bluesky's own plans are generators in a shell.
    inner = getattr(plan, "_iter", plan)
    if inspect.isgenerator(inner) and inspect.getgeneratorstate(inner) == inspect.GEN_CLOSED:
        raise QHY600Error(
            "this plan was gone through before, by a run or by bench.check, and a plan can be gone through "
            "once: make it anew, or give a function that makes it, as in "
            "bench.check(lambda: plans.linearity(camera, light, ...))"
        )
    return ensure_generator(plan)


def _no_plan(given: Any) -> QHY600Error:
    return QHY600Error(
        f"{given!r} is not a plan: give a call of one, as plans.linearity(camera, light, ...), or a function "
        "without arguments that makes one"
    )
