"""What the package imports is what it asks for: a user has nothing of what only the tests require."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

import pytest

DISTRIBUTION = {"PIL": "pillow", "event_model": "event-model", "usb": "pyusb", "llvmlite": "numba"}
"""Import name: who brings it, where the two differ; numba comes with the llvmlite that it needs."""

OF_AUTHORS = {"hypothesis", "pytest"}
"""Needed by `testing` alone, for people who write a backend; loaded when a name of it is first used."""


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of the libraries that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.fixture(scope="module")
def required(root) -> set[str]:
    """Names of the distributions that every user gets."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.match(r"[\w.-]+", line).group().lower() for line in project["dependencies"]}


def test_every_library_that_the_package_imports_is_required_for_every_user(files, root, required):
    package = root / "qhy600_ophyd"
    missing = {}
    for path in (path for path in files if path.suffix == ".py" and package in path.parents):
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        if package / "testing" in path.parents:
            names -= OF_AUTHORS
        names -= {"qhy600_ophyd", *sys.stdlib_module_names}
        if lacking := {name for name in names if DISTRIBUTION.get(name, name) not in required}:
            missing[str(path.relative_to(root))] = lacking
    assert missing == {}


def test_imports_are_found_wherever_they_stand():
    source = "import a.b as c\nfrom d.e import f\ndef g():\n    import h\n    from . import i\n"
    assert set(imported(ast.parse(source))) == {"a", "d", "h"}
