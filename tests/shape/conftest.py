"""The tree that these tests look at: the files under version control, or all that are not products."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = {"build", "dist", "runs", "__pycache__"}


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file of the project, new ones included, products and ignored ones left out."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        command = [git, "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(
            [*command, "--cached", "--others", "--exclude-standard"], capture_output=True, check=True
        ).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    else:
        found = [
            p for p in ROOT.rglob("*") if not any(_is_product(part) for part in p.relative_to(ROOT).parts)
        ]
    return sorted({path for path in found if path.is_file()})


def _is_product(part: str) -> bool:
    return part in PRODUCTS or part.endswith(".egg-info") or (part.startswith(".") and part != ".ci")
