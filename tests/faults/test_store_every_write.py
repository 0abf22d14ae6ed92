"""Whatever the write to the file at which the process is killed, the acknowledged frames are there."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from qhy600_ophyd.datasets import open_run, verify

SHAPE = (16, 16)
FRAMES = 6
"""Taken, of which two are cut off again; then as many once more."""
KEPT = FRAMES - 2

# Stands between HDF5 and the system: counts the calls that change a file, and kills at a chosen one.
KILLER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

static long left = -1, count = 0;
void kill_at(long n) { left = n; count = 0; }
long counted(void) { return count; }
static void reached(void) { count++; if (left >= 0 && left-- == 0) raise(SIGKILL); }

typedef ssize_t (*writing)(int, const void *, size_t, off64_t);
static ssize_t put(int file, const void *data, size_t size, off64_t place) {
    static writing real;
    if (!real) real = (writing)dlsym(RTLD_NEXT, "pwrite64");
    reached();
    return real(file, data, size, place);
}
ssize_t pwrite(int f, const void *d, size_t n, off_t at) { return put(f, d, n, at); }
ssize_t pwrite64(int f, const void *d, size_t n, off64_t at) { return put(f, d, n, at); }

typedef int (*cutting)(int, off64_t);
static int cut(int file, off64_t size) {
    static cutting real;
    if (!real) real = (cutting)dlsym(RTLD_NEXT, "ftruncate64");
    reached();
    return real(file, size);
}
int ftruncate(int f, off_t size) { return cut(f, size); }
int ftruncate64(int f, off64_t size) { return cut(f, size); }
"""

# Forks a writer for each place at which one is to be killed; what it acknowledged is left beside its file.
WRITERS = """
import ctypes, os, sys
from pathlib import Path
import numpy as np
from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import HDF5FrameSink

folder, interval, shape = Path(sys.argv[1]), float(sys.argv[2]), (int(sys.argv[3]),) * 2
frames, kept, compression = int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
places = [int(place) for place in sys.argv[7:]]
killer = ctypes.CDLL(os.environ["LD_PRELOAD"])
killer.kill_at.argtypes, killer.counted.restype = [ctypes.c_long], ctypes.c_long
layout = Layout(
    shape=shape, dtype="uint16", x=np.arange(float(shape[1])), y=np.arange(float(shape[0])),
    x_region=np.zeros(shape[1], np.int8), y_region=np.zeros(shape[0], np.int8),
    start={"uid": "0f7a1c52", "time": 0.0},
)

def write(path, told, place):
    sink = HDF5FrameSink(path, column_interval=interval, compression=compression)
    sink.open("primary", layout)
    killer.kill_at(place)
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
    os.write(told, f"done {killer.counted()}".encode())
    os._exit(0)

for place in places:
    own = folder / str(place)
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
    """Runs a writer for each place, -1: not killed; the folders that they left."""

    def run(kind, *places):
        interval, compression = kind
        arguments = [tmp_path, interval, SHAPE[0], FRAMES, KEPT, compression, *places]
        done = subprocess.run(
            [sys.executable, "-c", WRITERS, *map(str, arguments)],
            env={**os.environ, "LD_PRELOAD": str(killer)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [tmp_path / str(place) for place in places]

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
    verification = verify(folder / "primary.h5")
    if not verification.ok or verification.frames != len(found):
        return f"{folder.name}: {verification}"
    return None


def writes_in_all(write_and_die, kind):
    (whole,) = write_and_die(kind, -1)
    assert fault_of(whole) is None
    *_, done, count = (whole / "told").read_text().split()
    assert done == "done"
    return int(count)


@kinds
def test_a_kill_at_writes_spread_over_a_run_loses_nothing(write_and_die, kind):
    writes = writes_in_all(write_and_die, kind)
    folders = write_and_die(kind, *range(0, writes, writes // 15))
    assert sum("done" not in (folder / "told").read_text() for folder in folders) == len(folders) >= 15
    assert [fault for folder in folders if (fault := fault_of(folder))] == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
@kinds
def test_a_kill_at_any_write_of_a_run_loses_nothing(write_and_die, kind, request):
    if "soak" not in request.config.getoption("markexpr"):
        pytest.skip("takes minutes: choose it with -m soak")
    faults = []
    writes = writes_in_all(write_and_die, kind)
    for first in range(0, writes, 100):
        for folder in write_and_die(kind, *range(first, min(first + 100, writes))):
            faults += [fault] if (fault := fault_of(folder)) else []
            shutil.rmtree(folder)
    assert faults == []
