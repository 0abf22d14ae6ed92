#!/usr/bin/env python3
"""Run a command in the project's own virtual environment, which is set up first if need be.

    python3 in_venv.py [--extra NAME]... COMMAND [ARGUMENT]...

The environment is ``.venv`` beside this file. It is made once, and brought up to date when
``pyproject.toml`` has changed or an extra is asked for that it lacks. The command runs in the current
folder; its exit code is passed on. What this script itself has to say goes to standard error, so that
the command's output can be piped.
"""

# ruff: noqa: S603, S606  (to run what it is told is what this script is for)

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
VENV = PROJECT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "in_venv.json"
LOG = VENV / "in_venv.log"
OLDEST = (3, 11)
# What a bare Debian lacks; it must be asked for its version, since a leftover folder imports well.
CAN_MAKE = "import ensurepip, venv; ensurepip.version()"
OTHERS = ("python3.13", "python3.12", "python3.11", "python3.14")


def say(text):
    """Tell the user, beside the command's own output."""
    print("in_venv: " + text, file=sys.stderr, flush=True)


def environment():
    """The variables of an activated environment."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PIP_USER")}
    return {**env, "VIRTUAL_ENV": str(VENV), "PATH": str(BIN) + os.pathsep + env.get("PATH", os.defpath)}


def answers(python, code):
    """What a Python prints when it runs `code`; ``None`` if it cannot."""
    try:
        done = subprocess.run([str(python), "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout.decode().strip() if done.returncode == 0 else None


def suitable_python():
    """A Python that is new enough and can make environments; on a bare Debian the missing part is fetched."""
    incomplete = []
    for name in (getattr(sys, "_base_executable", sys.executable), *OTHERS):
        path = shutil.which(name) or name
        version = answers(path, "import platform; print('.'.join(platform.python_version_tuple()[:2]))")
        if version is None or tuple(map(int, version.split("."))) < OLDEST:
            continue
        if answers(path, CAN_MAKE) is not None:
            return path
        incomplete.append((path, version))
    if not incomplete:
        here, least = sys.version.split()[0], ".".join(map(str, OLDEST))
        sys.exit(f"in_venv: needs Python {least} or newer and this is {here}; install python3.12, say")
    path, version = incomplete[0]
    install = ["apt-get", "install", "-y", "--no-install-recommends", f"python{version}-venv"]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say(f"{install[-1]} is missing and is installed with apt-get")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], install):
            subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if answers(path, CAN_MAKE) is not None:
            return path
    sys.exit(f"in_venv: {path} cannot make environments (no ensurepip); as root, run: {' '.join(install)}")


def logged(command):
    """Run a step of the set-up; its output is kept, and its end shown if it fails."""
    with LOG.open("ab") as log:
        code = subprocess.call(command, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if code:
        lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-20:]), file=sys.stderr)
        sys.exit(f"in_venv: the set-up failed; all of its output is in {LOG}")


def offered(pyproject):
    """Names of the extras in the text of pyproject.toml; tomllib is younger than the oldest Python here."""
    table = re.search(r"(?ms)^\[project\.optional-dependencies\]$(.*?)(?=^\[|\Z)", pyproject)
    return re.findall(r"(?m)^([\w-]+) *=", table.group(1)) if table else []


def ready(extras):
    """Have the environment hold the project as it is now, with `extras` and those asked for before."""
    pyproject = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    known = offered(pyproject)
    for extra in extras:
        if extra not in known:
            sys.exit(f"in_venv: no extra {extra!r}; there are {', '.join(known)}")
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        had = set(stamp["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        stamp, had = {}, set()
    # Scripts hold the path of their Python, so an environment that was moved or copied is of no use.
    wanted = {
        "extras": sorted((had | set(extras)) & set(known)),
        "place": str(VENV),
        "pyproject": hashlib.sha256(pyproject.encode()).hexdigest(),
        "finished": True,
    }
    if stamp == wanted and PYTHON.exists():
        return
    started = time.monotonic()
    sound = stamp.get("finished", True) and stamp.get("place", str(VENV)) == str(VENV)
    if sound and answers(PYTHON, "import pip") is not None:
        say("bringing .venv up to date")
        LOG.write_bytes(b"")
    else:
        python = suitable_python()
        say(f"making .venv with {python} and installing what the project needs: a few minutes, once")
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(str(VENV))
        VENV.mkdir()
        STAMP.write_text(json.dumps({**wanted, "finished": False}), encoding="utf-8")
        logged([python, "-m", "venv", str(VENV)])
    # Until pip has done its work the stamp says so, and an interrupted set-up starts over.
    STAMP.write_text(json.dumps({**wanted, "finished": False}), encoding="utf-8")
    what = str(PROJECT) + (f"[{','.join(wanted['extras'])}]" if wanted["extras"] else "")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    logged([*pip, "install", "--editable", what])
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    say(f".venv is ready after {time.monotonic() - started:.0f} s")


def main():
    """Read the command line, have the environment ready, and become the command."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="such as test, notebook")
    parser.add_argument("command", help="what to run, such as qhy600, python or pytest")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to the command as they are")
    asked = parser.parse_args()
    try:
        ready(asked.extra)
    except KeyboardInterrupt:
        sys.exit("in_venv: interrupted; the next run starts the set-up over")
    env = environment()
    program = shutil.which(asked.command, path=env["PATH"])
    if program is None:
        say(f"no command {asked.command!r} in .venv or on the PATH; is an --extra missing?")
        sys.exit(127)
    command = [program, *asked.arguments]
    if os.name != "nt":
        os.execve(program, command, env)
    running = subprocess.Popen(command, env=env)
    while True:
        try:
            sys.exit(running.wait())
        except KeyboardInterrupt:
            continue  # the command has had the same Ctrl-C, and answers it in its own way


if __name__ == "__main__":
    main()
