"""What an import brings along, each seen in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "ophyd", "bluesky", "event_model", "xarray", "dask", "h5py", "numba", "scipy", "matplotlib")

NO_EPICS = "import os; os.environ['OPHYD_CONTROL_LAYER'] = 'dummy'"

WATCHED_IMPORT = """
import sys, threading
seen, threads = [], threading.active_count()
before = set(sys.modules)
READING = ("os.listdir", "os.scandir")  # how the import system looks for a module
def hook(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].endswith((".py", ".pyc")):
        seen.append(f"open {args[0]}")
    elif event.startswith(("socket.", "subprocess.", "ctypes.dlopen", "os.")) and event not in READING:
        seen.append(event)
sys.addaudithook(hook)
import qhy600_ophyd
print(*seen, sep="\\n")
print(*("thread " + t.name for t in threading.enumerate()[threads:]), sep="\\n")
new = sorted(set(sys.modules) - before)
print(*("module " + name for name in new if name.split(".")[0] in sys.argv[1:]), sep="\\n")
"""

BLOCKED_USE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")
BLOCKED = set(sys.argv[2].split(","))
sys.meta_path.insert(0, Blocked())
exec(sys.argv[1])
print(*sorted(BLOCKED & {m.split(".")[0] for m in sys.modules}))
"""


def interpreted(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_no_library_opens_nothing_and_starts_no_thread():
    assert interpreted(WATCHED_IMPORT, *HEAVY) == ""


def test_the_watch_on_an_import_sees_what_it_is_for():
    careless = WATCHED_IMPORT.replace(
        "import qhy600_ophyd\n",
        "import socket; import h5py; socket.socket().close(); open(sys.executable, 'rb').close()\n"
        "threading.Thread(target=threading.Event().wait, name='left', daemon=True).start()\n",
    )
    told = interpreted(careless, *HEAVY).splitlines()
    assert {"socket.__new__", f"open {sys.executable}", "thread left", "module h5py", "module numpy"} <= set(
        told
    )


@pytest.mark.parametrize("name", ["Bench", "QHY600", "Light", "SimulatedCamera", "ReplayCamera", "open_run"])
def test_a_root_name_is_the_one_of_its_room(name):
    home = interpreted(
        f"{NO_EPICS}; import sys, qhy600_ophyd\n"
        "thing = getattr(qhy600_ophyd, sys.argv[1])\n"
        "assert getattr(qhy600_ophyd, sys.argv[1]) is thing and sys.argv[1] in dir(qhy600_ophyd)\n"
        "print(thing.__module__.split('.')[0], thing.__name__)",
        name,
    )
    assert home == f"qhy600_ophyd {name}"


def test_an_unknown_root_name_is_refused_with_the_names_there_are():
    told = interpreted(
        "import qhy600_ophyd\n"
        "try:\n    qhy600_ophyd.Camera\n"
        "except AttributeError as error:\n    print(error)"
    )
    assert told.startswith("qhy600_ophyd has no 'Camera'; it has Bench, FilterWheel, IsolatedCamera")


def test_the_version_is_that_of_the_installed_distribution():
    told = interpreted(
        "import importlib.metadata, qhy600_ophyd\n"
        "print(qhy600_ophyd.__version__ == importlib.metadata.version('qhy600-ophyd'))"
    )
    assert told == "True"


TAKING = "ophyd,bluesky,event_model,ophyd_async"
PICTURES = "xarray,matplotlib,dask,h5netcdf,IPython,ipywidgets"


@pytest.mark.parametrize(
    ("statement", "blocked"),
    [
        pytest.param("import qhy600_ophyd.analysis", TAKING, id="analysis-without-the-taking-tower"),
        pytest.param("from qhy600_ophyd import open_run", TAKING, id="open_run-without-the-taking-tower"),
        pytest.param("import qhy600_ophyd.views", TAKING, id="views-without-the-taking-tower"),
        pytest.param(
            f"{NO_EPICS}; from qhy600_ophyd.device import QHY600, Light",
            PICTURES,
            id="device-without-xarray-and-matplotlib",
        ),
        pytest.param("import qhy600_ophyd.plans", PICTURES, id="plans-without-xarray-and-matplotlib"),
        pytest.param(
            "from qhy600_ophyd.backends import replay, simulated",
            f"{TAKING},{PICTURES}",
            id="backends-with-neither",
        ),
        pytest.param(
            "import qhy600_ophyd.diagnosis", f"{TAKING},{PICTURES},h5py,usb", id="diagnosis-with-neither"
        ),
        pytest.param("import qhy600_ophyd.contract", f"{TAKING},{PICTURES},h5py", id="contract-with-neither"),
    ],
)
def test_a_room_does_without_the_other_tower(statement, blocked):
    assert interpreted(BLOCKED_USE, statement, blocked) == ""


def test_a_blocked_library_cannot_be_imported():
    with pytest.raises(AssertionError, match="xarray is blocked"):
        interpreted(BLOCKED_USE, "import xarray", PICTURES)
