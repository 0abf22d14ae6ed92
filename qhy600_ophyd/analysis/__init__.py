"""What the frames mean: pure functions from a dataset to numbers that know their error."""

from qhy600_ophyd.analysis.colour import colour_mask
from qhy600_ophyd.analysis.estimate import Estimate
from qhy600_ophyd.analysis.gain_transfer import GainPoint, GainTransfer, gain_transfer
from qhy600_ophyd.analysis.levels import levels
from qhy600_ophyd.analysis.linearity import Linearity, LinearityError, linearity, linearity_error
from qhy600_ophyd.analysis.photon_transfer import photon_transfer
from qhy600_ophyd.analysis.transfer_result import PhotonTransfer

__all__ = [
    "Estimate",
    "GainPoint",
    "GainTransfer",
    "Linearity",
    "LinearityError",
    "PhotonTransfer",
    "colour_mask",
    "gain_transfer",
    "levels",
    "linearity",
    "linearity_error",
    "photon_transfer",
]


def __dir__() -> list[str]:
    return sorted(__all__)
