"""Whatever the write to the file at which the process is killed, the acknowledged frames are there.

A write may also be done in part: Linux lets a killed process's write end where a page of its memory ends.
"""

import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from qhy600_ophyd.datasets import open_run, verify

SHAPE = (16, 16)
FRAMES = 6
"""Taken, of which two are cut off again; then as many once more."""
KEPT = FRAMES - 2
NEVER = 10**9
"""A place that no writer comes to."""

# Stands between HDF5 and the system: counts the calls that change a file, and kills at a chosen one; or the
# ends of pages within writes, and kills when the write came so far.
KILLER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

enum { PAGE = 4096 };
static long left[2] = {-1, -1}, count[2];
void kill_at(int within, long n) { left[0] = left[1] = -1; left[within] = n; count[0] = count[1] = 0; }
long counted(int within) { return count[within]; }
static int reached(int within) { count[within]++; return left[within] >= 0 && left[within]-- == 0; }

typedef ssize_t (*writing)(int, const void *, size_t, off64_t);
static ssize_t put(int file, const void *data, size_t size, off64_t place) {
    static writing real;
    if (!real) real = (writing)dlsym(RTLD_NEXT, "pwrite64");
    if (reached(0)) raise(SIGKILL);
    for (off64_t end = (place / PAGE + 1) * PAGE; end < place + (off64_t)size; end += PAGE)
        if (reached(1)) {
            real(file, data, end - place, place);
            raise(SIGKILL);
        }
    return real(file, data, size, place);
}
ssize_t pwrite(int f, const void *d, size_t n, off_t at) { return put(f, d, n, at); }
ssize_t pwrite64(int f, const void *d, size_t n, off64_t at) { return put(f, d, n, at); }

typedef int (*cutting)(int, off64_t);
static int cut(int file, off64_t size) {
    static cutting real;
    if (!real) real = (cutting)dlsym(RTLD_NEXT, "ftruncate64");
    if (reached(0)) raise(SIGKILL);
    return real(file, size);
}
int ftruncate(int f, off_t size) { return cut(f, size); }
int ftruncate64(int f, off64_t size) { return cut(f, size); }
"""

# Forks a writer for each place at which one is to be killed, "write-7" or "page-7"; what it acknowledged is
# left beside its file.
WRITERS = """
import ctypes, os, sys
from pathlib import Path
import numpy as np
from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import HDF5FrameSink

folder, interval, shape = Path(sys.argv[1]), float(sys.argv[2]), (int(sys.argv[3]),) * 2
frames, kept, compression = int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
places = sys.argv[7:]
killer = ctypes.CDLL(os.environ["LD_PRELOAD"])
killer.kill_at.argtypes, killer.counted.restype = [ctypes.c_int, ctypes.c_long], ctypes.c_long
layout = Layout(
    shape=shape, dtype="uint16", x=np.arange(float(shape[1])), y=np.arange(float(shape[0])),
    x_region=np.zeros(shape[1], np.int8), y_region=np.zeros(shape[0], np.int8),
    start={"uid": "0f7a1c52", "time": 0.0},
)

def write(path, told, place):
    sink = HDF5FrameSink(path, column_interval=interval, compression=compression)
    sink.open("primary", layout)
    what, number = place.split("-")
    killer.kill_at(what == "page", int(number))
    number = 0
    def take():
        nonlocal number
        for _ in range(frames):
            number += 1
            row = {"sequence": number, "exposure": number / 4}
            sink.append(Frame(np.full(shape, number, np.uint16), row))
            os.write(told, f"{number} ".encode())
            if number % 5 == 0:
                sink.annotate("event", {"data": {}})
    take()
    os.write(told, b"cutting ")
    sink.truncate(kept)
    os.write(told, b"cut ")
    take()
    sink.annotate("stop", {"exit_status": "success"})
    sink.close()
    os.write(told, f"done {killer.counted(0)} {killer.counted(1)}".encode())
    os._exit(0)

for place in places:
    own = folder / place
    own.mkdir()
    told = os.open(own / "told", os.O_CREAT | os.O_WRONLY)
    child = os.fork()
    if child == 0:
        write(own / "primary.h5", told, place)
    os.waitpid(child, 0)
    os.close(told)
"""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL"),
    pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not preload into its own calls"),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc to compile the killer with"),
]
KINDS = {
    "columns at once": (0, "none"),
    "columns in batches": (1e9, "none"),
    "compressed": (1e9, "bitshuffle-lz4"),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killer")
    (folder / "killer.c").write_text(KILLER)
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", "killer.so", "killer.c", "-ldl"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"gcc cannot compile the killer: {made.stderr.splitlines()[:1]}")
    return folder / "killer.so"


@pytest.fixture
def write_and_die(killer, tmp_path):
    """Runs a writer for each place, such as "write-7"; the folders that they left."""

    def run(kind, *places):
        interval, compression = kind
        arguments = [tmp_path, interval, SHAPE[0], FRAMES, KEPT, compression, *places]
        done = subprocess.run(
            [sys.executable, "-c", WRITERS, *map(str, arguments)],
            env={**os.environ, "LD_PRELOAD": str(killer)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [tmp_path / place for place in places]

    return run


def allowed(told):
    """The frames that may be there after what a writer told: all acknowledged ones, and perhaps the next."""
    if "done" in told:
        return [allowed(told[: told.index("done")])[0]]
    acknowledged = []
    for word in told:
        if word == "cut":
            del acknowledged[KEPT:]
        elif word != "cutting":
            acknowledged.append(int(word))
    last = max((int(word) for word in told if word.isdigit()), default=0)
    if told[-1:] == ["cutting"]:
        return [acknowledged, acknowledged[:KEPT]]
    return [acknowledged, [*acknowledged, last + 1]] if last < 2 * FRAMES else [acknowledged]


def fault_of(folder):
    """What is wrong with a file that a killed writer left; nothing if all is well."""
    told = (folder / "told").read_text().split()
    run = open_run(folder / "primary.h5")
    found = run.sequence.values
    if found.tolist() not in allowed(told):
        return f"{folder.name}: frames {found.tolist()}, told {told}"
    whole = np.all(run.counts.values == found[:, None, None])
    if not whole or not np.array_equal(run.exposure.values, found / 4):
        return f"{folder.name}: other values than were stored"
    with h5py.File(folder / "primary.h5", "r", swmr=True) as file:
        if not np.array_equal(file["counts"][: len(found), 0, 0], found):
            return f"{folder.name}: plain h5py finds other counts"
        if not np.array_equal(file["ledger/rows"]["sequence"][: len(found)], found):
            return f"{folder.name}: plain h5py finds other rows"
    verification = verify(folder / "primary.h5")
    if not verification.ok or verification.frames != len(found):
        return f"{folder.name}: {verification}"
    return None


def places_in(write_and_die, kind, what):
    """All places of a run at which its writer can be killed: at its writes, or at the pages within them."""
    (whole,) = write_and_die(kind, f"{what}-{NEVER}")
    assert fault_of(whole) is None
    *_, done, writes, pages = (whole / "told").read_text().split()
    assert done == "done"
    return [f"{what}-{number}" for number in range(int(writes if what == "write" else pages))]


@kinds
@pytest.mark.parametrize("what", ["write", "page"])
def test_a_kill_at_writes_spread_over_a_run_loses_nothing(write_and_die, kind, what):
    places = places_in(write_and_die, kind, what)
    folders = write_and_die(kind, *places[:: len(places) // 15])
    assert sum("done" not in (folder / "told").read_text() for folder in folders) == len(folders) >= 15
    assert [fault for folder in folders if (fault := fault_of(folder))] == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
@kinds
@pytest.mark.parametrize("what", ["write", "page"])
def test_a_kill_at_any_write_of_a_run_loses_nothing(write_and_die, kind, what, request):
    if "soak" not in request.config.getoption("markexpr"):
        pytest.skip("takes minutes: choose it with -m soak")
    faults = []
    places = places_in(write_and_die, kind, what)
    for first in range(0, len(places), 100):
        for folder in write_and_die(kind, *places[first : first + 100]):
            faults += [fault] if (fault := fault_of(folder)) else []
            shutil.rmtree(folder)
    assert faults == []
