"""`in_venv.py` on a project of its own that needs nothing from anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PYPROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"

[project.optional-dependencies]
test = []
docs = []
"""

BACKEND = """
import pathlib, zipfile
def wheel(folder):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as out:
        out.writestr("tiny.pth", str(pathlib.Path.cwd()))
        info = "tiny-1.dist-info/"
        extras = "Provides-Extra: test\\nProvides-Extra: docs\\n"
        out.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n" + extras)
        out.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        out.writestr(info + "RECORD", "")
    return name
def build_wheel(folder, *_): return wheel(folder)
def build_editable(folder, *_): return wheel(folder)
"""


class Project:
    """A tiny project beside a copy of the script."""

    def __init__(self, folder: Path, script: Path):
        self.folder = folder
        folder.mkdir()
        shutil.copy(script, folder)
        (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        (folder / "backend.py").write_text(BACKEND, encoding="utf-8")

    def run(self, *arguments: str, python: str = sys.executable, **env: str):
        place = self.folder.parent / "elsewhere"
        place.mkdir(exist_ok=True)
        return subprocess.run(
            [python, str(self.folder / "in_venv.py"), *arguments],
            cwd=place,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )

    @property
    def stamp(self) -> Path:
        return self.folder / ".venv" / "in_venv.json"


WHERE = "import os, sys; print(sys.prefix, os.getcwd(), sep='\\n')"


@pytest.fixture(scope="module")
def kept(tmp_path_factory, root) -> Project:
    """A project that is set up once, over a set-up that was interrupted; tests leave it ready."""
    project = Project(tmp_path_factory.mktemp("set up") / "tiny", root / "in_venv.py")
    left = project.folder / ".venv" / "left"
    left.parent.mkdir()
    left.touch()
    unfinished = {"finished": False, "place": str(left.parent), "extras": [], "pyproject": ""}
    project.stamp.write_text(json.dumps(unfinished), encoding="utf-8")
    first = project.run("python", "-c", WHERE)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    assert not left.exists()
    return project


PRETEND = """
import os, sys
sys.argv = sys.argv[1:]
names = {"__name__": "in_venv", "__file__": sys.argv[0]}
exec(compile(open(sys.argv[0], encoding="utf-8").read(), sys.argv[0], "exec"), names)
names["OTHERS"] = ()
%s
names["main"]()
"""


def pretended(project: Project, pretence: str, path: str = os.defpath):
    """Run the script as on a machine that differs from this one."""
    code = project.folder.parent / "pretend.py"
    code.write_text(PRETEND % pretence, encoding="utf-8")
    command = [sys.executable, str(code), str(project.folder / "in_venv.py"), "python", "-c", "print('ran')"]
    env = {**os.environ, "PATH": path}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def would_be_made_anew(project: Project) -> bool:
    """Whether the script would throw the environment away, which is found without the time that takes."""
    told = pretended(project, "names['suitable_python'] = lambda: sys.exit('made anew')")
    assert told.returncode == (1 if told.stderr else 0)
    return told.stderr.strip() == "made anew"


def test_the_command_runs_in_the_environment_beside_the_script_and_in_the_callers_folder(kept):
    told = kept.run("python", "-c", WHERE)
    assert [Path(line).resolve() for line in told.stdout.splitlines()] == [
        (kept.folder / ".venv").resolve(),
        (kept.folder.parent / "elsewhere").resolve(),
    ]


def test_a_second_run_says_and_installs_nothing(kept):
    before = (kept.folder / ".venv" / "in_venv.log").stat().st_mtime_ns
    told = kept.run("python", "-c", "print('here')")
    assert (told.stdout.strip(), told.stderr) == ("here", "")
    assert (kept.folder / ".venv" / "in_venv.log").stat().st_mtime_ns == before


def test_the_exit_code_and_the_arguments_are_passed_on(kept):
    told = kept.run(
        "python", "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "--extra", "a b", "--help"
    )
    assert (told.returncode, told.stdout.strip()) == (7, "['--extra', 'a b', '--help']")


def test_a_command_that_does_not_exist_is_named(kept):
    told = kept.run("no-such-command")
    assert told.returncode == 127
    assert told.stderr.strip().count("\n") == 0
    assert "no-such-command" in told.stderr


def test_an_extra_that_does_not_exist_is_refused_with_those_that_do_and_changes_nothing(kept):
    before = kept.stamp.read_bytes()
    told = kept.run("--extra", "tests", "python", "-c", "")
    assert told.returncode == 1
    assert "no extra 'tests'; there are test, docs" in told.stderr
    assert kept.stamp.read_bytes() == before


def test_extras_add_up_and_a_changed_project_is_installed_again(kept):
    assert "up to date" in kept.run("--extra", "test", "python", "-c", "").stderr
    assert "up to date" in kept.run("--extra", "docs", "python", "-c", "").stderr
    assert json.loads(kept.stamp.read_text())["extras"] == ["docs", "test"]
    assert kept.run("--extra", "test", "python", "-c", "").stderr == ""
    with (kept.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert "up to date" in kept.run("python", "-c", "").stderr
    assert kept.run("python", "-c", "").stderr == ""


def test_a_failing_pip_shows_the_end_of_what_it_said_and_the_next_run_starts_over(kept):
    stamp = kept.stamp.read_bytes()
    pyproject = (kept.folder / "pyproject.toml").read_bytes()
    (kept.folder / "backend.py").write_text("raise SystemExit('the build is broken')\n", encoding="utf-8")
    (kept.folder / "pyproject.toml").write_bytes(pyproject + b"# changed again\n")
    told = kept.run("python", "-c", "print('not reached')")
    assert (told.returncode, told.stdout) == (1, "")
    assert "the build is broken" in told.stderr
    assert would_be_made_anew(kept)
    (kept.folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (kept.folder / "pyproject.toml").write_bytes(pyproject)
    kept.stamp.write_bytes(stamp)
    assert not would_be_made_anew(kept)


@pytest.mark.parametrize("harm", ["python-gone", "moved", "interrupted", "stamp-damaged-and-pip-gone"])
def test_an_environment_that_cannot_work_is_made_anew(kept, harm):
    venv, text = kept.folder / ".venv", kept.stamp.read_text()
    taken = venv / ("Scripts" if os.name == "nt" else "bin")
    if harm == "moved":
        kept.stamp.write_text(json.dumps({**json.loads(text), "place": "elsewhere"}))
    elif harm == "interrupted":
        kept.stamp.write_text(json.dumps({**json.loads(text), "finished": False}))
    elif harm == "stamp-damaged-and-pip-gone":
        kept.stamp.write_text("[")
        taken = next(venv.glob("[Ll]ib/**/site-packages/pip"))
    if "gone" in harm:
        taken.rename(kept.folder / "taken")
    anew = would_be_made_anew(kept)
    if "gone" in harm:
        (kept.folder / "taken").rename(taken)
    kept.stamp.write_text(text)
    assert anew
    assert not would_be_made_anew(kept)


def test_an_environment_that_somebody_else_made_is_kept_and_used(kept):
    kept.stamp.unlink()
    mark = kept.folder / ".venv" / "mine"
    mark.touch()
    told = kept.run("python", "-c", "print('used')")
    assert told.stdout.strip() == "used"
    assert mark.exists()


@pytest.fixture
def fresh(tmp_path, root) -> Project:
    return Project(tmp_path / "tiny", root / "in_venv.py")


def test_a_python_that_is_too_old_is_told_what_is_needed(fresh):
    told = pretended(fresh, 'names["OLDEST"] = (9, 0)', path="")
    assert told.returncode == 1
    assert told.stderr.startswith("in_venv: needs Python 9.0 or newer and this is 3.")
    assert told.stderr.strip().count("\n") == 0
    assert not (fresh.folder / ".venv").exists()


WITHOUT_ENSUREPIP = """
names["ready"] = lambda extras: (print(names["suitable_python"]()), sys.exit(0))
real = names["answers"]
installed = os.path.join(os.path.dirname(os.path.dirname(sys.argv[0])), "installed")
def answers(python, code):
    return None if "ensurepip" in code and not os.path.exists(installed) else real(python, code)
names["answers"] = answers
os.geteuid = lambda: %d
"""


@pytest.mark.skipif(os.name == "nt", reason="apt-get is Debian's")
@pytest.mark.parametrize(
    ("user", "works"), [pytest.param(0, True, id="root"), pytest.param(1, False, id="user")]
)
def test_on_a_bare_debian_root_gets_the_missing_package_and_others_are_told_its_name(fresh, user, works):
    scripts = fresh.folder.parent / "bin"
    scripts.mkdir()
    apt = scripts / "apt-get"
    apt.write_text(f'#!/bin/sh\n[ "$1" = update ] || echo "$@" > "{fresh.folder.parent}/installed"\n')
    apt.chmod(0o755)
    told = pretended(fresh, WITHOUT_ENSUREPIP % user, path=f"{scripts}{os.pathsep}{os.defpath}")
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert package in told.stderr
    if works:
        assert Path(told.stdout.strip()).is_file(), told.stderr
        asked = (fresh.folder.parent / "installed").read_text().split()
        assert asked == ["install", "-y", "--no-install-recommends", package]
    else:
        assert told.returncode == 1
        assert told.stderr.strip().count("\n") == 0
        assert not (fresh.folder / ".venv").exists()
