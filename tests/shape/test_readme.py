"""The README does what it says: its blocks are run in their order, in one folder, as a reader would.

A block after the comment ``<!-- not run: reason -->`` is left out. The first two command blocks, which set
up an environment and run these very tests, are checked for their form only.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

SHELL = ("bash", "console", "sh")

READER = """
import json, subprocess, sys
names = {"__name__": "__main__"}
for line, code, commands in json.load(open(sys.argv[1], encoding="utf-8")):
    print(f"README.md:{line}", file=sys.stderr, flush=True)
    if code:
        exec(compile(chr(10) * line + code, "README.md", "exec"), names)
    for command in commands:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: the line of its fence, its language, its text, and why it is not run (None: it is)."""

    line: int
    language: str
    text: str
    not_run: str | None = None

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text, in order."""
    found: list[Block] = []
    body: list[str] | None = None
    opened, language, above, reason = 0, "", "", None
    for number, line in enumerate(text.splitlines(), 1):
        if body is not None and line.strip() == "```":
            found.append(Block(opened, language, "\n".join(body), reason))
            body, above = None, ""
        elif body is not None:
            body.append(line)
        elif line.startswith("```"):
            note = re.fullmatch(r"<!-- not run:(.*)-->", above)
            body, opened, language = [], number, line[3:].strip()
            reason = note.group(1).strip() if note else None
        elif line.strip():
            above = line.strip()
    assert body is None, f"the block that starts in line {opened} is never closed"
    return found


def commands(block: Block) -> list[list[str]]:
    """What a shell block has to run: its lines that start with ``qhy600`` or ``python``."""
    scripts = Path(sys.executable).parent
    joined = block.text.replace("\\\n", " ").splitlines()
    wanted = [line.strip().removeprefix("$ ") for line in joined]
    found = []
    for line in wanted:
        if not line.startswith(("qhy600 ", "python ")):
            continue
        assert not re.search(r"[|<>;&]", line), f"README.md:{block.line}: not one plain command: {line}"
        name, *arguments = shlex.split(line, comments=True)
        found.append(
            [sys.executable if name == "python" else str(shutil.which(name, path=scripts)), *arguments]
        )
    return found


def steps(found: list[Block]) -> list[tuple[int, str, list[list[str]]]]:
    """Line, Python code and commands of every block that is to be run."""
    shell_blocks = [block for block in found if block.language in (*SHELL, "")]
    by_form_only = shell_blocks[:2]
    run = [block for block in found if block.not_run is None and block not in by_form_only]
    return [
        (
            block.line,
            block.text if block.language == "python" else "",
            commands(block) if block in shell_blocks else [],
        )
        for block in run
    ]


@pytest.fixture(scope="module")
def readme(root) -> list[Block]:
    return blocks((root / "README.md").read_text(encoding="utf-8"))


def test_the_first_block_sets_up_and_measures_and_the_second_sets_up_and_tests_each_in_one_line(readme):
    first, second = readme[:2]
    assert len(first.lines) == len(second.lines) == 1
    assert first.lines[0].startswith("python3 in_venv.py qhy600 linearity")
    assert second.lines[0].startswith("python3 in_venv.py --extra test pytest")
    assert {first.language, second.language} <= {*SHELL, ""}


def test_every_block_says_its_language_and_every_block_left_out_says_why(readme):
    assert [block.line for block in readme[2:] if not block.language] == []
    assert [block.line for block in readme if block.not_run == ""] == []


def test_every_toml_block_can_be_read(readme):
    for block in readme:
        if block.language == "toml":
            tomllib.loads(block.text)


@pytest.mark.timeout(600)
def test_what_the_readme_shows_runs_in_its_order(readme, root, tmp_path):
    place = tmp_path / "reader"
    shutil.copytree(root / "profiles", place / "profiles")
    plan = tmp_path / "steps.json"
    plan.write_text(json.dumps(steps(readme)), encoding="utf-8")
    env = {**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # A reader has not set this; whatever needs it has to see to it.
    env.pop("OPHYD_CONTROL_LAYER", None)
    told = subprocess.run(
        [sys.executable, "-c", READER, str(plan)],
        cwd=place,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]


SAMPLE = """# Title
```
python3 in_venv.py one
```
```bash
python3 in_venv.py two
```
<!-- not run: needs a camera -->

```python
print(1 / 0)
```
```python
x = 1
```
```console
$ qhy600 info \\
    run  # a remark
pip install something
$ python tool.py "a b"
```
<!-- not run: -->
```python
```
"""


def test_blocks_are_found_with_their_line_language_and_reason():
    told = [(block.line, block.language, block.not_run) for block in blocks(SAMPLE)]
    assert told == [
        (2, "", None),
        (5, "bash", None),
        (10, "python", "needs a camera"),
        (13, "python", None),
        (16, "console", None),
        (23, "python", ""),
    ]


def test_what_is_run_is_python_and_the_two_programs_after_the_first_two_commands():
    ((line, code, none), (_, no_code, told)) = steps(blocks(SAMPLE))
    assert (line, code, none, no_code) == (13, "x = 1", [], "")
    assert [command[1:] for command in told] == [["info", "run"], ["tool.py", "a b"]]


def test_a_block_that_fails_names_its_line_in_the_readme(tmp_path):
    plan = tmp_path / "steps.json"
    plan.write_text(json.dumps(steps(blocks("a\n```python\nx = 1\n```\n```python\n\nx / 0\n```\n"))))
    told = subprocess.run([sys.executable, "-c", READER, str(plan)], capture_output=True, text=True)
    assert told.returncode == 1
    assert 'File "README.md", line 7' in told.stderr


def test_a_block_that_is_never_closed_is_refused():
    with pytest.raises(AssertionError, match="starts in line 2"):
        blocks("text\n```python\nx = 1\n")
