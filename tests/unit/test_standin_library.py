"""The rig that builds the stand-in: built once, as many states as copies, every switch explained."""

from __future__ import annotations

import re

import pytest
import standin_library
from standin_library import SOURCES, Standin, build, fresh, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

LONGEST = 400


def test_the_same_sources_are_compiled_once(tmp_path):
    first = build(tmp_path)
    made = first.stat().st_mtime_ns
    assert build(tmp_path) == first
    assert first.stat().st_mtime_ns == made
    assert list(tmp_path.iterdir()) == [first]


def test_its_variants_are_libraries_of_their_own():
    assert build(variant="old") != build(variant="recent")


def test_a_fresh_copy_has_a_state_of_its_own(tmp_path):
    one, other = Standin(fresh(tmp_path)), Standin(fresh(tmp_path))
    one["zero_frame"] = 5
    assert (one["zero_frame"], other["zero_frame"], Standin(one.path)["zero_frame"]) == (5, 0, 5)


def test_without_a_compiler_it_says_why(monkeypatch):
    monkeypatch.setattr(standin_library.shutil, "which", lambda _: None)
    assert "C compiler" in why_not()


def test_on_windows_it_says_why(monkeypatch):
    monkeypatch.setattr(standin_library.sys, "platform", "win32")
    assert "Windows" in why_not()


def test_every_switch_and_result_has_its_meaning_beside_it():
    text = (SOURCES / "switches.h").read_text()
    entries = re.findall(r"^    [SR]\((\w+).*?\)\s*(/\*.*\*/)?\s*\\?$", text, flags=re.MULTILINE)
    unexplained = {name for name, meaning in entries if not meaning}
    assert len(entries) > 60
    # These three follow one that is explained for all of them.
    assert unexplained <= {"sdk_month", "sdk_day", "sdk_subday", "frame_offset", "frame_exposure_us"} | {
        "true_offset", "ini_found",
    }  # fmt: skip


def test_no_file_of_its_sources_is_longer_than_400_lines():
    lengths = {path.name: len(path.read_text().splitlines()) for path in SOURCES.rglob("*.[ch]")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
