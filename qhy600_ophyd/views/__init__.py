"""What the numbers look like: plots on axes, and cards."""

from qhy600_ophyd.views.cards import Card, camera_card, run_card
from qhy600_ophyd.views.gain_figure import gain_figure
from qhy600_ophyd.views.linearity_plot import linearity_figure, linearity_plot
from qhy600_ophyd.views.photon_transfer_plot import photon_transfer_plot

__all__ = [
    "Card",
    "camera_card",
    "gain_figure",
    "linearity_figure",
    "linearity_plot",
    "photon_transfer_plot",
    "run_card",
]
