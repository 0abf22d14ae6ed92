"""Where the vendor's library is looked for, and what is done when it is loaded."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest
from standin_library import Standin, fresh, setting, why_not

from qhy600_ophyd.backends.sdk import (
    LibraryNotFound,
    LibraryTooOld,
    SdkWarning,
    find_library,
    finding,
    load,
)

standin_only = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")
NAME = "qhyccd.dll" if sys.platform == "win32" else "libqhyccd.so"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A computer without any library."""
    monkeypatch.delenv(finding.VARIABLE, raising=False)
    monkeypatch.setattr(finding, "_FOLDERS", (str(tmp_path / "usual"),))
    monkeypatch.setattr(finding.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(finding, "find_spec", lambda name: None)


def place(folder, name=NAME):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"library")
    return folder / name


def test_what_is_given_comes_before_the_variable_before_the_usual_places_before_the_wheel(
    nowhere, monkeypatch, tmp_path
):
    wheel = types.SimpleNamespace(submodule_search_locations=[str(tmp_path / "site" / "qhyccd")])
    monkeypatch.setattr(finding, "find_spec", lambda name: wheel)
    in_wheel = place(
        tmp_path / "site" / "qhyccd.libs", "qhyccd-1.dll" if sys.platform == "win32" else f"{NAME}.20"
    )
    assert find_library().path == in_wheel
    usual = place(tmp_path / "usual")
    assert find_library().path == usual
    named = place(tmp_path / "named")
    monkeypatch.setenv(finding.VARIABLE, str(named.parent))
    assert find_library().path == named
    given = place(tmp_path / "given")
    for asked in (given, given.parent, str(given)):
        found = find_library(asked)
        assert (found.path, found.how) == (given, "as it was given")


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_what_is_named_and_is_not_there_is_refused_and_nothing_else_is_taken(
    nowhere, monkeypatch, tmp_path, by
):
    place(tmp_path / "usual")
    missing = str(tmp_path / "missing")
    if by == "variable":
        monkeypatch.setenv(finding.VARIABLE, missing)
    with pytest.raises(LibraryNotFound, match=NAME):
        find_library(missing if by == "argument" else None)


def test_without_any_library_the_message_says_where_it_was_looked_for_and_what_to_set(nowhere, tmp_path):
    with pytest.raises(LibraryNotFound) as refused:
        find_library()
    for told in (str(tmp_path / "usual"), "wheel qhyccd", finding.VARIABLE):
        assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_library_is_told_as_such(nowhere, tmp_path):
    with pytest.raises(LibraryNotFound, match="cannot be loaded"):
        load(place(tmp_path / "broken"))


@standin_only
def test_a_library_is_loaded_once_and_says_its_version(tmp_path):
    path = fresh(tmp_path)
    library = load(path)
    assert load(path.parent) is library
    assert library.version == (26, 6, 4, 16)
    assert str(path) in repr(library)


@standin_only
def test_a_library_from_before_2021_is_refused(tmp_path):
    with pytest.raises(LibraryTooOld, match=r"20\.8\.26\.0; needed is 21"):
        load(fresh(tmp_path, variant="old"))


@standin_only
def test_something_that_lacks_what_is_needed_is_refused(tmp_path, monkeypatch):
    from qhy600_ophyd.backends.sdk import prototypes

    wanted = prototypes.Prototype("QHYCCDMakeCoffee", prototypes.Result.CODE)
    monkeypatch.setitem(prototypes.PROTOTYPES, wanted.name, wanted)
    with pytest.raises(LibraryTooOld, match="has no QHYCCDMakeCoffee"):
        load(fresh(tmp_path))


@standin_only
def test_a_version_that_nobody_compared_warns_and_is_used(tmp_path):
    path = fresh(tmp_path)
    Standin(path).set(sdk_year=31, sdk_month=1)
    with pytest.warns(SdkWarning, match=r"31\.1\.4\.16 is not one"):
        assert load(path).cameras()


@standin_only
def test_a_stray_ini_file_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qhyccd.ini").write_text("[debug]\n")
    with pytest.warns(SdkWarning, match=r"qhyccd\.ini changes what"):
        load(fresh(tmp_path)).cameras()


@standin_only
def test_the_library_writes_nothing_into_the_terminal_although_it_would(tmp_path):
    program = (
        "import sys; from qhy600_ophyd.backends.sdk import load; library = load(sys.argv[1]);"
        "name = library.cameras()[0]; library.close(name) if library.open(name) else None"
    )
    path = fresh(tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert (told.stdout, told.stderr) == ("", "")
    chatter = (
        "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); library.InitQHYCCDResource();"
        "library.ScanQHYCCD()"
    )
    told = subprocess.run(
        [sys.executable, "-c", chatter, str(path)], capture_output=True, text=True, check=True
    )
    assert told.stdout, "left alone it chatters"


@standin_only
def test_a_camera_that_is_open_is_not_looked_for_anew(tmp_path):
    path = fresh(tmp_path)
    library, standin = load(path), Standin(path)
    (name,) = library.cameras()
    library.open(name)
    scans = standin["calls.ScanQHYCCD"]
    assert library.cameras() == (name,)
    assert standin["calls.ScanQHYCCD"] == scans
    library.close(name)
    library.cameras()
    assert standin["calls.ScanQHYCCD"] == scans + 1


@standin_only
def test_the_switches_of_a_stand_in_reach_a_child_process(tmp_path, monkeypatch):
    monkeypatch.setenv("QHYCCD_STANDIN", setting(cameras=0))
    assert load(fresh(tmp_path)).cameras() == ()
