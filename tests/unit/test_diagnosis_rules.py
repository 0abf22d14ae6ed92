"""Rules of udev: which are for a QHY600, what they do, and what is advised."""

from __future__ import annotations

import shlex

import pytest

from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.udev_rules import ADVISED_FILE, commands, probing_file, rules, rules_in

BARE, READY = 0xC600, 0xC601


def only(text: str):
    (rule,) = rules_in("50-x.rules", text)
    return rule


@pytest.mark.parametrize(
    ("text", "products"),
    [
        pytest.param('ATTRS{idVendor}=="1618", MODE="0666"', {BARE, READY}, id="all-of-the-vendor"),
        pytest.param('ATTR{idVendor}=="1618", ATTR{idProduct}=="c600", RUN+="x"', {BARE}, id="one"),
        pytest.param('ATTR{idVendor}=="1618", ATTR{idProduct}=="C60[01]"', {BARE, READY}, id="pattern"),
        pytest.param('ATTR{idVendor}=="1618", ATTR{idProduct}!="c600"', {READY}, id="all-but-one"),
        pytest.param('ATTR{idVendor}=="04b4|1618", ATTR{idProduct}=="c601|c602"', {READY}, id="alternatives"),
        pytest.param('ENV{ID_VENDOR_ID}=="1618", MODE="0666"', {BARE, READY}, id="by-property"),
        pytest.param('ATTR{idVendor}=="04b4", MODE="0666"', set(), id="another-vendor"),
        pytest.param('SUBSYSTEM=="usb", MODE="0664"', set(), id="no-vendor"),
    ],
)
def test_a_rule_is_for_those_that_it_names(text, products):
    assert {product for product in (BARE, READY) if only(text).is_for(product)} == products


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        pytest.param('MODE="0666"', True, id="mode"),
        pytest.param('MODE:="0660", GROUP:="plugdev"', True, id="final"),
        pytest.param('TAG+="uaccess"', True, id="uaccess"),
        pytest.param('TAG+="systemd"', False, id="another-tag"),
        pytest.param('TAG=="uaccess", RUN+="x"', False, id="a-condition"),
    ],
)
def test_a_rule_gives_access_by_mode_group_or_tag(text, gives):
    assert only(f'ATTR{{idVendor}}=="1618", {text}').gives_access is gives


def test_a_rule_over_two_lines_is_one_and_a_comment_is_none():
    (rule,) = rules_in(
        "a.rules", '# ATTR{x}=="1"\n\n  # and so on\nATTR{idVendor}=="1618", \\\n  MODE="0666"\n'
    )
    assert rule.is_for(READY)
    assert rule.gives_access


def test_the_command_of_a_loader_is_taken_apart():
    rule = only('ATTR{idVendor}=="1618", RUN+="/some/fxload -t fx3 -I /some/where.img -D $env{DEVNAME}"')
    assert rule.loader == ("/some/fxload", "-t", "fx3", "-I", "/some/where.img", "-D", "$env{DEVNAME}")
    assert only('RUN+="/bin/echo x"').loader == ()


def test_a_file_hides_those_of_its_name_in_later_folders(tmp_path):
    for folder, mode in (("etc", "0600"), ("lib", "0666")):
        (tmp_path / folder / "udev" / "rules.d").mkdir(parents=True)
        (tmp_path / folder / "udev" / "rules.d" / "85-qhyccd.rules").write_text(f'MODE="{mode}"')
    (tmp_path / "lib" / "udev" / "rules.d" / "10-first.rules").write_text('TAG+="x"')
    found = rules(Places(root=tmp_path))
    assert [(rule.file, rule.parts[0].value) for rule in found] == [
        ("10-first.rules", "x"),
        ("85-qhyccd.rules", "0600"),
    ]


def test_a_computer_without_rules_has_none(tmp_path):
    assert rules(Places(root=tmp_path)) == ()


def written(found) -> str:
    """What the advised commands write, as a shell would."""
    words = shlex.split(commands(found).splitlines()[0].partition("|")[0])
    assert words[:2] == ["printf", "%s\\n"]
    return "\n".join(words[2:])


def test_the_advised_rules_give_access_load_the_firmware_and_forbid_probing():
    found = tuple(rules_in(ADVISED_FILE, written(())))
    for product in (BARE, READY):
        assert any(rule.gives_access and rule.is_for(product) for rule in found)
    assert [rule.loader[0] for rule in found if rule.loader and rule.is_for(BARE)] == ["/sbin/fxload"]
    assert not any(rule.loader and rule.is_for(READY) for rule in found)
    libmtp = tuple(rules_in("69-libmtp.rules", 'PROGRAM="mtp-probe x"'))
    assert probing_file(libmtp, READY) == "69-libmtp.rules"
    assert probing_file(found + libmtp, READY) == ""


def test_the_firmware_is_not_loaded_twice_and_advice_may_be_followed_twice():
    theirs = tuple(rules_in("85-qhyccd.rules", 'ATTR{idVendor}=="1618", RUN+="/sbin/fxload x"'))
    assert "fxload" not in written(theirs)
    ours = tuple(rules_in(ADVISED_FILE, written(())))
    assert written(ours) == written(())
