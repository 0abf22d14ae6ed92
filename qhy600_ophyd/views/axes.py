"""Where plots are drawn: on axes that are given, or on a figure of their own."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

MEASURED, EXCLUDED, FITTED, MARKED = "#0072B2", "#7F7F7F", "#D55E00", "#009E73"
"""Colours of Okabe and Ito, told apart by any eye; shapes and line styles differ too."""


class Picture(Figure):
    """A figure outside pyplot's registry, so that nothing stays open, which a notebook shows all the same."""

    def __init__(self, *, width: float, height: float):
        super().__init__(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        stream = BytesIO()
        self.savefig(stream, format="png", dpi=110)
        return stream.getvalue()


def axes_or_new(ax: Axes | None) -> Axes:
    """`ax`, or the only axes of a new `Picture`, which is its ``figure``."""
    return Picture(width=6.4, height=4.6).add_subplot() if ax is None else ax


def logarithmic(ax: Axes) -> None:
    """Both axes logarithmic, labelled with plain numbers: at 1, 2, 5 where there are few decades."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
        plain_numbers(axis)
        axis.set_minor_formatter(NullFormatter())


def plain_numbers(axis: Axis) -> None:
    """Label an axis with numbers as they are, thousands apart."""
    axis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))


def dress(ax: Axes, *, x: str, y: str, title: str) -> None:
    """Labels, title and a quiet grid."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.set_title(title, fontsize=10, loc="left")
    ax.grid(True, which="major", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
