"""Asking a process: its answer, and how it can end."""

from __future__ import annotations

import sys
import time

import pytest

from qhy600_ophyd.diagnosis.child import ask


def asked(code: str, timeout: float = 60.0):
    return ask(["-c", code], timeout=timeout)


def test_the_last_object_is_the_answer_whatever_else_is_printed():
    answer = asked("print('{\"a\": 1}'); print('chatter'); print('{\"a\": 2}'); print('[3]'); print('{half')")
    assert answer.said == {"a": 2}
    assert answer.trouble == ""


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        pytest.param("print('no object')", "no answer that can be understood", id="garbage"),
        pytest.param("", "no answer that can be understood", id="nothing"),
        pytest.param(
            "import sys; sys.exit('oh no')", "failed (exit code 1); its last words: oh no", id="exit"
        ),
        pytest.param("raise KeyError('x')", "last words: KeyError: 'x'", id="traceback"),
        pytest.param(
            "import os, sys; os.write(1, bytes(range(128, 256))); sys.exit(3)", "exit code 3", id="bytes"
        ),
    ],
)
def test_a_bad_end_is_told_in_words(code, trouble):
    answer = asked(code)
    assert trouble in answer.trouble
    assert answer.said == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has exception numbers in place of signals")
def test_a_crash_is_told_by_its_signal_and_what_was_said_before_is_kept():
    answer = asked(
        "print('{\"step\": 1}', flush=True); import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    )
    assert answer.said == {"step": 1}
    assert answer.trouble.startswith("crashed (SIGSEGV)")


def test_one_that_hangs_is_ended_and_what_was_said_before_is_kept():
    begun = time.monotonic()
    answer = asked("print('{\"step\": 1}', flush=True); import threading; threading.Event().wait()", 3.0)
    assert answer.said == {"step": 1}
    assert answer.trouble.startswith("gave no answer in 3 s and was ended")
    assert time.monotonic() - begun < 30.0


def test_no_file_in_the_current_folder_is_taken_for_a_module(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert asked("import json; print(json.dumps({'right': True}))").said == {"right": True}
