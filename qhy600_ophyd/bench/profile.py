"""A profile: everything that makes up a set-up, in one TOML file that can be kept with the data."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qhy600_ophyd.contract import Fault, ProfileError
from qhy600_ophyd.datasets.compression import Compression
from qhy600_ophyd.datasets.json_text import plain
from qhy600_ophyd.datasets.storing.disk_room import Fsync


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SimulatedCameraProfile(_Part):
    """A simulated QHY600; sizes are those of the image area, 9576 × 6388 for the whole chip.

    ``clock = "system"`` paces it like the real one. ``drawn`` makes another specimen for each seed; what
    ``physics`` says (any parameter of the simulated sensor, by name) replaces what was drawn. A free clock
    starts with the present, or with ``starts_at`` [s since 1970]. The rest is as `SimulatedCamera` takes it.
    """

    backend: Literal["simulated"]
    model: str = "QHY600M-PH"
    seed: int = 0
    drawn: bool = False
    width: int = Field(default=1024, ge=16, le=9576)
    height: int = Field(default=1024, ge=16, le=6388)
    ambient: float = 20.0
    clock: Literal["free", "system"] = "free"
    starts_at: float | None = Field(default=None, ge=0.0)
    first_exposure: int = Field(default=0, ge=0)
    retries: int = Field(default=2, ge=0)
    supply_voltage: float = Field(default=12.0, ge=0.0, le=15.0)
    cable_resistance: float = Field(default=0.1, ge=0.0, le=10.0)
    serial: str = ""
    indirect_detection: bool = False
    gps_header: bool = False
    gps_locked: bool = False
    digests: bool = False
    threads: int | None = Field(default=None, ge=1)
    filters: tuple[float, ...] = ()
    isolated: bool = False
    physics: dict[str, Any] = Field(default_factory=dict)


class ReplayCameraProfile(_Part):
    """Recorded frames served as a camera."""

    backend: Literal["replay"]
    folder: str
    isolated: bool = False


class SdkCameraProfile(_Part):
    """A real QHY600 through QHYCCD's library, in a process of its own unless ``isolated = false``.

    Without ``library`` it is looked for; ``camera`` is the beginning of its name or serial number, needed
    where several are connected. ``gps_header`` has it number its frames, over the first pixels of each.
    """

    backend: Literal["sdk"]
    library: str = ""
    camera: str = ""
    retries: int = Field(default=2, ge=0)
    gps_header: bool = False
    isolated: bool = True


SURROUNDINGS = frozenset({"ambient", "supply_voltage", "cable_resistance"})
"""Of a simulated camera: what `SimulatedCamera.drawn` draws unless it is given."""

BACKENDS = ("simulated", "replay", "sdk")

CameraProfile = Annotated[
    SimulatedCameraProfile | ReplayCameraProfile | SdkCameraProfile, Field(discriminator="backend")
]


class LightProfile(_Part):
    """The simulated light: wavelength [nm], photon/pixel/s when on, scene, flicker [Hz and relative]."""

    wavelength: float = Field(default=530.0, ge=300.0, le=1000.0)
    irradiance: float = Field(default=20000.0, gt=0.0)
    scene: str = "flat"
    flicker_frequency: float = Field(default=0.0, ge=0.0)
    flicker_depth: float = Field(default=0.0, ge=0.0, le=1.0)


class SettingsProfile(_Part):
    """What the camera is set to when the bench opens; what is left out stays as the camera has it."""

    exposure: float | None = None
    gain: float | None = None
    offset: float | None = None
    readout_mode: str | int | None = None
    roi: tuple[int, int, int, int] | None = None
    binning: int | None = None
    bit_depth: int | None = None
    usb_traffic: float | None = None
    overscan: bool | None = None


class CoolerProfile(_Part):
    """Set point of the cooler [°C], reached before the first run; left out, the cooler stays as it is."""

    setpoint: float | None = None


class WatchProfile(_Part):
    """What plans wait for: a failed supply, K off a set point, K above dew, GB on a disk; none if empty."""

    supply: bool = False
    temperature: float | None = Field(default=None, gt=0)
    dew: float | None = Field(default=None, ge=0)
    disk: float | None = Field(default=None, gt=0)
    air: float = Field(default=20.0, ge=-40, le=60)
    period: float = Field(default=2.0, gt=0)


class FilterWheelProfile(_Part):
    """Names of the filters in the wheel on the camera, slot 1 first."""

    filters: tuple[str, ...] = ()


class LinearityProfile(_Part):
    """Steps of the linearity experiment; without exposures they are spread up to saturation."""

    exposures: tuple[float, ...] | None = None
    repeats: int = Field(default=2, ge=2)


class MetadataProfile(_Part):
    """Who, where and on what; goes into every start document."""

    operator: str = ""
    institution: str = ""
    sample: str = ""


class OutputProfile(_Part):
    """Where runs go, and how they are kept, as `RunFolders` takes it.

    A relative path counts from the folder that the program is started in.
    """

    directory: str = "runs"
    compression: Compression = "none"
    fsync: Fsync = "never"


class Profile(_Part):
    """A set-up.

    Raises
    ------
    ProfileError
        By `load`: an unknown key, an impossible value, a file that cannot be read.
    """

    camera: CameraProfile
    light: LightProfile = Field(default_factory=LightProfile)
    settings: SettingsProfile = Field(default_factory=SettingsProfile)
    cooler: CoolerProfile = Field(default_factory=CoolerProfile)
    watch: WatchProfile = Field(default_factory=WatchProfile)
    filter_wheel: FilterWheelProfile = Field(default_factory=FilterWheelProfile)
    linearity: LinearityProfile = Field(default_factory=LinearityProfile)
    metadata: MetadataProfile = Field(default_factory=MetadataProfile)
    output: OutputProfile = Field(default_factory=OutputProfile)
    faults: tuple[dict[str, Any], ...] = ()

    def as_tables(self) -> dict[str, Any]:
        """All of it as plain tables, defaults written out, from which `checked` makes the same set-up again.

        What a recorded or real camera, or a specimen that was drawn, must not be given stays out, and the
        folder of a recording is absolute.
        """
        tables: dict[str, Any] = plain(self.model_dump(exclude_none=True))
        camera = tables["camera"]
        if isinstance(self.camera, SimulatedCameraProfile):
            if self.camera.drawn:
                for name in SURROUNDINGS - self.camera.model_fields_set:
                    del camera[name]
        else:
            del tables["light"], tables["faults"]
        if isinstance(self.camera, ReplayCameraProfile):
            camera["folder"] = str(Path(self.camera.folder).expanduser().absolute())
        return tables

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profile:
        """Read a TOML file; the message of an error names the file and the key."""
        file = Path(path).expanduser()
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ProfileError(f"profile {file} cannot be read: {reason}") from None
        except tomllib.TOMLDecodeError as error:
            raise ProfileError(f"profile {file} is not TOML: {error}") from None
        return cls.checked(content, source=f"profile {file}")

    @classmethod
    def checked(cls, content: dict[str, Any], *, source: str = "profile") -> Profile:
        """Make a profile from plain tables; one line tells what is wrong, and what is allowed."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ProfileError(f"{source}: {_in_words(error)}") from None


def simulated_profile(**given: Any) -> Profile:
    """A profile with a simulated camera, from keys of its camera, its light and its physics in any order.

    Raises
    ------
    ProfileError
        A value is impossible. A key that is no camera's and no light's is left to the sensor to refuse.
    """
    camera = {name: value for name, value in given.items() if name in SimulatedCameraProfile.model_fields}
    light = {name: value for name, value in given.items() if name in LightProfile.model_fields}
    faults = [fault.as_mapping() if isinstance(fault, Fault) else fault for fault in given.get("faults", ())]
    others = {*camera, *light, "faults"}
    physics = {name: value for name, value in given.items() if name not in others}
    camera["physics"] = {**camera.get("physics", {}), **physics}
    content = {"camera": {**camera, "backend": "simulated"}, "light": light, "faults": faults}
    return Profile.checked(content, source="Bench.simulated")


def _in_words(error: ValidationError) -> str:
    complaints = []
    for item in error.errors():
        place = [str(p) for p in item["loc"]]
        # the tag of a kind of camera stands among the keys, and nobody has written it there
        written = [p for n, p in enumerate(place) if not (n == 1 and p in BACKENDS)]
        if item["type"] == "extra_forbidden":
            allowed = ", ".join(_allowed_keys(place[:-1]))
            hint = _right_place(written)
            complaints.append(f"unknown key {'.'.join(written)!r}; {hint}allowed here: {allowed}")
        elif item["type"].startswith("union_tag"):
            given = (item["input"] or {}).get("backend") if isinstance(item["input"], dict) else item["input"]
            asked = "missing" if given is None else f"{given!r}, unknown"
            complaints.append(f"camera.backend is {asked}; allowed: {', '.join(BACKENDS)}")
        else:
            got = "" if item["type"] == "missing" else f", not {item['input']!r}"
            complaints.append(f"{'.'.join(written)}: {item['msg'][0].lower()}{item['msg'][1:]}{got}")
    return "; ".join(complaints)


def _right_place(written: list[str]) -> str:
    """Which table a misplaced key belongs in, as the beginning of a remark; empty where there is none."""
    from qhy600_ophyd.backends.simulated import ChipParameters

    *table, key = written
    physics = [field.name for field in fields(ChipParameters)]
    places = {
        name: _allowed_keys([name]) for name in Profile.model_fields if name not in ("camera", "faults")
    }
    places |= {"camera": _allowed_keys(["camera", "simulated"]), "camera.physics": physics}
    found = [place for place, keys in places.items() if key in keys and place != ".".join(table)]
    return f"it stands under {' or '.join(f'[{place}]' for place in found)}; " if found else ""


def _allowed_keys(place: list[str]) -> list[str]:
    model: type[BaseModel] = Profile
    for name in place:
        if name == "simulated":
            model = SimulatedCameraProfile
        elif name == "replay":
            model = ReplayCameraProfile
        elif name == "sdk":
            model = SdkCameraProfile
        elif name in model.model_fields:
            annotation = model.model_fields[name].annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation
    return sorted(model.model_fields)
