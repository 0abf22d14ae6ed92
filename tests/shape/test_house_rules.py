"""What holds for every file of the project."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST = 300
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "core"}
TEXT = {".py", ".md", ".toml", ".ipynb", ".cff", ".json", ".csv", ".txt", ".yml", ".yaml", "", ".cfg"}
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|work|workspace|mnt|opt|srv|tmp|var/tmp)/[\w.-]+|\b[A-Z]:\\\\?Users\b"
)
REGISTRY = re.compile(
    r"https?://[^\s)\"']+/(?:simple|packages)\b|\b(?:extra-)?index-url\b|\bfind-links\b|files\.pythonhosted\.org"
)


def parsed(files: list[Path], folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in files:
        if path.suffix == ".py" and folder in path.parents:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def found_in_text(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """``file:line: text`` of every match; this file, which spells the patterns, is left out."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in files
        if path.suffix in TEXT and path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public functions, classes and methods without a docstring; overloads and protocol stubs included."""
    if ast.get_docstring(tree) is None:
        yield "(module)"
    stack: list[tuple[str, ast.AST]] = [("", tree)]
    while stack:
        prefix, parent = stack.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if node.name.startswith(("_", "test_")):  # a test's name is its docstring
                    continue
                if ast.get_docstring(node) is None and not _set_of_a_property(node):
                    yield f"{prefix}{node.name} (line {node.lineno})"
                if isinstance(node, ast.ClassDef):
                    stack.append((f"{prefix}{node.name}.", node))


def _set_of_a_property(node: ast.AST) -> bool:
    return any(
        isinstance(mark, ast.Attribute) and mark.attr in ("setter", "deleter")
        for mark in getattr(node, "decorator_list", [])
    )


def sleeps(tree: ast.Module) -> int:
    """Uses of `time.sleep`, by whatever name it was imported."""
    modules, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "time"}
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "sleep"}
    return sum(
        (isinstance(node, ast.Name) and node.id in names)
        or (
            isinstance(node, ast.Attribute)
            and node.attr == "sleep"
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        )
        for node in ast.walk(tree)
    )


def test_no_python_file_is_longer_than_300_lines(files):
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in files if p.suffix == ".py"}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST} == {}


def test_no_file_or_folder_is_named_after_nothing(files, root):
    parts = {part for path in files for part in path.relative_to(root).parts}
    assert {part for part in parts if part.split(".")[0].lstrip("_").lower() in NAMELESS} == set()


def test_time_sleep_stands_once_in_the_clock(files, root):
    used = {path: n for path, tree in parsed(files, root / "qhy600_ophyd") if (n := sleeps(tree))}
    assert used == {root / "qhy600_ophyd" / "contract" / "clock.py": 1}


def test_nothing_is_left_for_later(files):
    assert found_in_text(files, LATER) == []


def test_no_file_names_a_place_on_somebodys_machine(files):
    assert found_in_text(files, MACHINE) == []


def test_no_file_names_a_package_registry(files):
    assert found_in_text(files, REGISTRY) == []


def test_every_public_module_class_and_function_of_the_package_says_what_it_is(files, root):
    silent = {
        str(path): names
        for path, tree in parsed(files, root / "qhy600_ophyd")
        if (names := list(undocumented(tree)))
    }
    assert silent == {}


def test_every_python_file_among_the_tests_is_one_that_pytest_collects(files, root):
    odd = [p for p in files if root / "tests" in p.parents and p.suffix == ".py" and p.name != "conftest.py"]
    # What several files of tests share, and a script that runs in another environment, are no tests.
    elsewhere = (root / "tests" / "rigs", root / "tests" / "truth" / "others")
    odd = [path for path in odd if path.parent not in elsewhere]
    assert [path for path in odd if not path.name.startswith("test_")] == []


def test_the_licence_is_bsd_3_clause_in_the_file_and_in_the_metadata(root):
    licence = (root / "LICENSE").read_text(encoding="utf-8")
    assert "Redistribution and use in source and binary forms" in licence
    assert "Neither the name of the copyright holder" in licence
    assert 'license = "BSD-3-Clause"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert "license: BSD-3-Clause" in (root / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(LATER, "# TO" "DO: later", id="left-for-later"),
        pytest.param(MACHINE, 'folder = "/ho' 'me/somebody/data"', id="posix-home"),
        pytest.param(MACHINE, 'folder = "C:' '\\\\Users\\\\somebody"', id="windows-home"),
        pytest.param(REGISTRY, "pip install --index-" "url https://example.org", id="registry-option"),
        pytest.param(REGISTRY, "https://example.org/pypi/sim" "ple/", id="registry-address"),
    ],
)  # fmt: skip
def test_the_patterns_find_what_they_are_for(pattern, text):
    assert pattern.search(text)


@pytest.mark.parametrize(
    "text", ["https://host/home/user", "docs/root/a", "file://localhost/tmp/a", "and/or"]
)
def test_addresses_and_relative_paths_are_not_taken_for_a_machine(text):
    assert not MACHINE.search(text)


def test_every_way_of_writing_sleep_is_counted():
    source = "import time as t\nfrom time import sleep as nap\nt.sleep(1)\nnap(1)\nt.time()\n"
    assert sleeps(ast.parse(source)) == 2


def test_a_missing_docstring_is_found_where_it_is_public():
    source = (
        '"""Module."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\ndef _d(): ...\n'
    )
    assert list(undocumented(ast.parse(source))) == ["A.b (line 4)"]
