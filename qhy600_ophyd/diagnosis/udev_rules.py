"""The rules by which udev treats a device that was plugged in: who may use it, and what is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.usb_device import BARE, VENDOR

FOLDERS = (
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)
"""Where rules lie; of two files of one name the one in the earlier folder counts (man 7 udev)."""

ADVISED_FILE = "60-qhy600.rules"
"""It comes before 69-libmtp.rules, which would probe the camera."""

_PART = re.compile(r'([A-Z_]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"')
_ABOUT = {"idVendor": "vendor", "ID_VENDOR_ID": "vendor", "idProduct": "product", "ID_MODEL_ID": "product"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A condition or an assignment of a rule, such as ``ATTR{idVendor}=="1618"``.

    Parameters
    ----------
    key, attribute, operator, value
        Its pieces; the attribute may be empty.
    """

    key: str
    attribute: str
    operator: str
    value: str

    @property
    def sets(self) -> bool:
        """Whether it assigns."""
        return self.operator in ("=", ":=", "+=")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Where rules jump to (GOTO) is not followed: a rule is taken for one that is reached.

    Parameters
    ----------
    file
        Name of the file it stands in.
    parts
        Conditions and assignments.
    """

    file: str
    parts: tuple[Part, ...]

    def is_for(self, product: int) -> bool:
        """Whether it names QHYCCD and does not leave that product out."""
        names_vendor = False
        for part in self.parts:
            about = _ABOUT.get(part.attribute) if part.key in ("ATTR", "ATTRS", "ENV") else None
            if about is None or part.operator not in ("==", "!="):
                continue
            number = f"{VENDOR if about == 'vendor' else product:04x}"
            fits = any(fnmatchcase(number, pattern.lower()) for pattern in part.value.split("|"))
            if fits is not (part.operator == "=="):
                return False
            names_vendor = names_vendor or about == "vendor"
        return names_vendor

    @property
    def gives_access(self) -> bool:
        """Whether it lets users other than root use the device."""
        return any(
            part.sets and (part.key in ("MODE", "GROUP") or (part.key == "TAG" and part.value == "uaccess"))
            for part in self.parts
        )

    @property
    def forbids_probing(self) -> bool:
        """Whether it keeps libmtp from probing the device."""
        return any(
            part.sets and part.key == "ENV" and part.attribute == "MTP_NO_PROBE" and part.value == "1"
            for part in self.parts
        )

    @property
    def loader(self) -> tuple[str, ...]:
        """The words of the command with fxload in it that the rule runs; empty where there is none."""
        for part in self.parts:
            if part.key == "RUN" and part.sets and "fxload" in part.value:
                with suppress(ValueError):
                    return tuple(shlex.split(part.value))
        return ()


def rules(places: Places) -> tuple[Rule, ...]:
    """All rules that hold, in the order in which udev reads them."""
    return tuple(rule for path in _files(places) for rule in rules_in(path.name, _read(path)))


def rules_in(file: str, text: str) -> Iterator[Rule]:
    """The rules of a file."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found = [Part(key=k, attribute=a, operator=o, value=v) for k, a, o, v in _PART.findall(line)]
            yield Rule(file=file, parts=tuple(found))


def probing_file(found: tuple[Rule, ...], product: int) -> str:
    """Name of the file by which libmtp probes that product when it is plugged in; empty for none."""
    spared = [rule.file for rule in found if rule.forbids_probing and rule.is_for(product)]
    for rule in found:
        if any("mtp-probe" in part.value for part in rule.parts):
            return "" if any(file <= rule.file for file in spared) else rule.file
    return ""


def commands(found: tuple[Rule, ...]) -> str:
    """Commands that write a file of rules of our own and have it obeyed; lines that begin with two spaces.

    The file is the same for whatever is missing, so that it may be written again. It loads the firmware
    unless another file does.
    """
    usb = f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{VENDOR:04x}"'
    lines = [f'{usb}, MODE="0666", ENV{{MTP_NO_PROBE}}="1"']
    if not any(rule.loader and rule.is_for(BARE) and rule.file != ADVISED_FILE for rule in found):
        load = "/sbin/fxload -t fx3 -I /lib/firmware/qhy/QHY600.img -D $env{DEVNAME}"
        lines.append(f'{usb}, ATTR{{idProduct}}=="{BARE:04x}", ACTION=="add", RUN+="{load}"')
    quoted = " ".join(f"'{line}'" for line in lines)
    return "\n".join(
        (
            f"  printf '%s\\n' {quoted} | sudo tee /etc/udev/rules.d/{ADVISED_FILE}",
            "  sudo udevadm control --reload",
            f"  sudo udevadm trigger --action=add --subsystem-match=usb --attr-match=idVendor={VENDOR:04x}",
        )
    )


def _files(places: Places) -> list[Path]:
    by_name: dict[str, Path] = {}
    for folder in FOLDERS:
        with suppress(OSError):
            for path in places.under_root(folder).glob("*.rules"):
                by_name.setdefault(path.name, path)
    return [by_name[name] for name in sorted(by_name)]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
