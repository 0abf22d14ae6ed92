"""Who may use the camera and who does, and what loads its firmware, from files alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qhy600_ophyd.diagnosis import Places, Status
from qhy600_ophyd.diagnosis.access import holder, permission
from qhy600_ophyd.diagnosis.firmware import parts
from qhy600_ophyd.diagnosis.udev_rules import rules_in
from qhy600_ophyd.diagnosis.usb_device import UsbDevice

grp = pytest.importorskip("grp", reason="Windows has neither these files nor groups")


@pytest.fixture
def node(tmp_path) -> Path:
    path = tmp_path / "dev" / "bus" / "usb" / "002" / "004"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    return path


def camera(node: Path | None, **changes) -> UsbDevice:
    described = {
        "product": 0xC601,
        "bus": 2,
        "address": 4,
        "port": "2-1",
        "node": node,
        "drivers": ("usbfs",),
    }
    return UsbDevice(**described | changes)


def run_by(proc: Path, node: Path, program: str) -> Places:
    """A system in which process 123 has the node open."""
    (proc / "123" / "fd").mkdir(parents=True)
    (proc / "123" / "comm").write_text(f"{program}\n")
    (proc / "123" / "fd" / "5").symlink_to(node)
    (proc / "uptime").write_text("1 1\n")
    return Places(proc=proc)


def test_a_group_that_may_is_named_and_can_be_joined(node, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    node.chmod(0o660)
    group = grp.getgrall()[-1]
    real = Path.stat

    def stat_of_group(path, **how):
        found = list(real(path, **how))
        return os.stat_result([*found[:5], group.gr_gid, *found[6:]])

    monkeypatch.setattr(Path, "stat", stat_of_group)
    check = permission(camera(node), ())
    assert check.status is Status.FAILED
    assert f"  sudo usermod -aG {group.gr_name} $USER" in check.advice.splitlines()


def test_a_node_that_is_not_there_is_told_from_one_that_is_denied(node):
    check = permission(camera(node.with_name("005")), ())
    assert check.status is Status.FAILED
    assert check.found.endswith("005 does not exist")


@pytest.mark.parametrize(
    ("program", "advice"),
    [
        pytest.param("indi_qhy_ccd", "kill 123", id="another-driver"),
        pytest.param("gvfs-mtp-volume-monitor"[:15], "takes the camera for a phone", id="a-file-manager"),
        pytest.param("mtp-probe", "takes the camera for a phone", id="a-probe"),
    ],
)
def test_what_to_do_depends_on_who_holds_it(node, tmp_path, program, advice):
    check = holder(camera(node), run_by(tmp_path / "proc", node, program))
    assert check.status is Status.FAILED
    assert check.found == f"{program} (process 123) holds it"
    assert advice in check.advice


def test_a_process_that_has_another_file_open_holds_nothing(node, tmp_path):
    other = node.with_name("001")
    other.write_bytes(b"")
    check = holder(camera(node, drivers=()), run_by(tmp_path / "proc", other, "indi_qhy_ccd"))
    assert (check.status, check.found) == (Status.OK, "nobody")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not show who has a file open")
def test_this_very_program_is_recognised(node):
    with node.open("rb"):
        check = holder(camera(node), Places())
    assert f"(process {os.getpid()}, this very program) holds it" in check.found
    assert "bench.close()" in check.advice


def test_a_loader_that_may_not_be_run_is_told(tmp_path):
    program = tmp_path / "sbin" / "fxload"
    program.parent.mkdir()
    program.write_bytes(b"fx3")
    program.chmod(0o644)
    loaded = {check.name: check for check in parts(camera(None, product=0xC600), Places(root=tmp_path), ())}
    assert loaded["fxload"].status is Status.FAILED
    assert loaded["fxload"].advice == "  sudo chmod a+x /sbin/fxload"


def test_the_loader_and_the_image_are_looked_for_where_the_rule_says(tmp_path):
    rule = tuple(
        rules_in(
            "x.rules", 'ATTR{idVendor}=="1618", RUN+="/my/fxload -t fx3 -I /my/QHY600.img -D $env{DEVNAME}"'
        )
    )
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "fxload").write_text("#!/bin/sh\n")
    (tmp_path / "my" / "fxload").chmod(0o755)
    (tmp_path / "my" / "QHY600.img").write_bytes(b"")
    loaded = {check.name: check for check in parts(camera(None, product=0xC600), Places(root=tmp_path), rule)}
    # What a script calls cannot be seen in it, so it is not blamed.
    assert (loaded["fxload"].status, loaded["fxload"].found) == (Status.OK, "/my/fxload")
    assert loaded["firmware image"].found == "/my/QHY600.img is empty"
