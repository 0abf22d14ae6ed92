"""The documents hold together: their links lead somewhere, their records are counted and listed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)[^)]*\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"(?ms)^```.*?^```\s*$|`[^`\n]+`")
PARTS = ("## Context", "## Decision", "## Consequences", "## Alternatives")


def links(text: str) -> list[str]:
    """Targets of the links and pictures of a Markdown text, outside code."""
    return [link or picture for link, picture in LINK.findall(FENCE.sub("", text))]


def anchors(text: str) -> set[str]:
    """What a heading can be reached by."""
    headings = re.findall(r"(?m)^#+\s+(.*?)\s*$", FENCE.sub(lambda m: m.group().strip("`"), text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead(path: Path) -> list[str]:
    """Links of a document that lead to no file, or to no heading of it."""
    gone = []
    for target in links(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        goal = (path.parent / name) if name else path
        if not goal.exists() or (
            heading and goal.suffix == ".md" and heading not in anchors(goal.read_text(encoding="utf-8"))
        ):
            gone.append(target)
    return gone


@pytest.fixture(scope="module")
def decisions(root) -> list[Path]:
    return sorted(path for path in (root / "docs" / "decisions").glob("*.md") if path.name != "README.md")


def test_every_relative_link_leads_to_a_file_and_a_heading(files):
    documents = [path for path in files if path.suffix == ".md"]
    assert documents
    assert {str(path): gone for path in documents if (gone := dead(path))} == {}


def test_decision_records_are_numbered_without_a_gap_and_have_all_their_parts(decisions):
    assert [path.name[:4] for path in decisions] == [f"{n:04d}" for n in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path
        assert [part for part in PARTS if f"\n{part}\n" not in text] == [], path


def test_every_decision_record_is_in_the_index(decisions, root):
    listed = links((root / "docs" / "decisions" / "README.md").read_text(encoding="utf-8"))
    assert [path.name for path in decisions] == [name for name in listed if re.match(r"\d{4}-", name)]


def test_every_record_that_the_code_points_to_exists(files, decisions):
    numbers = {path.name[:4] for path in decisions}
    pointed = {
        number
        for path in files
        if path.suffix in (".py", ".toml", ".md")
        for number in re.findall(r"docs/decisions/(\d{4})", path.read_text(encoding="utf-8"))
    }
    assert pointed <= numbers


def test_the_picture_of_the_architecture_has_every_room_of_the_package(root):
    picture = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (root / "qhy600_ophyd").glob("*/__init__.py")}
    assert rooms
    assert {room for room in rooms if f"`{room}/`" not in picture} == set()


def test_changelog_and_citation_speak_of_the_version_in_the_metadata(root):
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")


def test_links_are_found_outside_code_and_dead_ones_are_told(tmp_path):
    (tmp_path / "there.md").write_text("# A `fine` Heading!\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](gone.md) ![c](gone.png) `[d](code.md)` [e](https://example.org)\n"
        "```\n[f](fenced.md)\n```\n[g](there.md#a-fine-heading) [h](there.md#none) [i](#here)\n",
        encoding="utf-8",
    )
    assert dead(page) == ["gone.md", "gone.png", "there.md#none", "#here"]
