"""The page about the simulated camera says what is there, all of it, and its blocks run."""

from __future__ import annotations

import inspect
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import KNOWN_FAULTS, ChipParameters, SimulatedCamera
from qhy600_ophyd.backends.simulated.body import regulation, thermometer
from qhy600_ophyd.backends.simulated.body.supply import DROPOUT
from qhy600_ophyd.backends.simulated.body.two_nodes import course
from qhy600_ophyd.backends.simulated.chip import Chip
from qhy600_ophyd.backends.simulated.head import EVIDENCE
from qhy600_ophyd.backends.simulated.scene import SCENES, scene_named
from qhy600_ophyd.bench.profile import Profile
from qhy600_ophyd.bench.wiring import make_camera
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Geometry, Region
from qhy600_ophyd.sensor.cooling import cooling, thermal_constants
from qhy600_ophyd.sensor.disagreements import Figure, disagreements
from qhy600_ophyd.sensor.models import models
from qhy600_ophyd.sensor.noise import read_noise_distribution
from qhy600_ophyd.sensor.readout_modes import readout_modes
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well, read_noise
from qhy600_ophyd.sensor.supply import supply
from qhy600_ophyd.sensor.timing import timing

SPAN = re.compile(r"`([^`\n]+)`")
MARKS = {"published", "measured", "assumed", "off"}
SIMULATED = Path("qhy600_ophyd", "backends", "simulated")
ROWS_OF_THE_MAKERS_PAGE = 57

REGIONS = {
    "image": (Region.IMAGE, Region.IMAGE),
    "dark columns": (Region.DARK, Region.IMAGE),
    "transition columns": (Region.TRANSITION, None),
    "transition rows": (None, Region.TRANSITION),
    "overscan rows": (None, Region.OVERSCAN),
}


@dataclass(frozen=True)
class Page:
    """A Markdown text: its blocks of code by language, and its tables by the heading above them."""

    text: str

    def blocks(self, language: str) -> list[str]:
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", self.text)

    def tables(self, heading: str) -> list[list[list[str]]]:
        """The tables below a heading: rows of cells, without the titles."""
        part = re.split(rf"(?m)^## {re.escape(heading)}$", self.text)[1]
        part = re.split(r"(?m)^## ", part)[0]
        lines = [found.splitlines() for found in re.findall(r"(?m)(?:^\|.*\n)+", part)]
        return [[_cells(line) for line in table[2:]] for table in lines]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _spans(cell: str) -> list[str]:
    return SPAN.findall(cell)


@pytest.fixture(scope="module")
def page(root) -> Page:
    return Page((root / "docs" / "camera.md").read_text(encoding="utf-8"))


def test_what_the_page_shows_runs_in_its_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    blocks = page.blocks("python")
    assert blocks
    for block in blocks:
        exec(compile(block, "camera.md", "exec"), names)


def test_profiles_on_the_page_make_cameras(page):
    blocks = page.blocks("toml")
    assert blocks
    for block in blocks:
        assert make_camera(Profile.checked(tomllib.loads(block)))


def test_the_sensors_parameters_are_all_there_with_their_defaults_and_a_source(page):
    table, _ = page.tables("The sensor's parameters")
    said = {_spans(name)[0]: default for name, default, *_ in table}
    assert said == {field.name: str(field.default) for field in fields(ChipParameters)}
    assert {source for _, _, _, source, _ in table} == MARKS


def test_the_pixels_read_noise_is_what_the_page_says(page):
    measured = read_noise_distribution()
    like_it = ChipParameters(read_noise_scale=measured.rms / read_noise("high_gain", 60))
    chip = Chip(like_it, seed=3, geometry=Geometry.imx455(2000, 1600), threads=2)
    noise = chip.maps(chip.geometry.image, gain=60)["read_noise"].astype(float)
    median, mean, rms = np.median(noise), noise.mean(), np.square(noise).mean() ** 0.5
    said = f"a median, mean and RMS of {median:.2f}, {mean:.2f} and {rms:.2f} e-"
    assert said in " ".join(page.text.split())
    tail = [(e, 100 * part, 100 * (noise > e).mean()) for e, part in measured.tail]
    _, table = page.tables("The sensor's parameters")
    assert table == [[f"{e:g}", f"{part:.3g}", f"{found:.2g}"] for e, part, found in tail]


def test_the_cameras_parameters_are_all_there_with_their_defaults(page):
    (table,) = page.tables("The camera's parameters")
    said = {}
    for names, defaults, *_ in table:
        values = [value.strip("`").replace('"', "'") for value in defaults.split(", ")]
        said |= dict(zip(_spans(names), values, strict=True))
    given = inspect.signature(SimulatedCamera).parameters.values()
    assert said == {one.name: repr(one.default) for one in given if one.kind is not one.VAR_KEYWORD}


def test_the_readout_modes_are_all_there_with_their_figures(page):
    (table,) = page.tables("Readout modes")
    assert table == [
        [
            f"`{mode.id}`",
            f"{index}: `{mode.name}`",
            f"{mode.width} × {mode.height}",
            str(mode.bits),
            f"{electrons_per_count(mode.id, 0):#.3g}",
            f"{read_noise(mode.id, 0):.2f}",
            f"{(2**mode.bits - 1) * electrons_per_count(mode.id, 0) / 1000:.1f}",
            f"{pixel_well(mode.id) / 1000:.1f}",
            mode.response_source,
            "refused" if mode.fibre else "yes",
        ]
        for index, mode in enumerate(readout_modes())
    ]


def test_the_models_are_all_there_with_what_differs(page):
    (table,) = page.tables("Models")
    said = [
        [f"QHY600{letter}-{_spans(name)[0]}", *others]
        for name, letters, *others in table
        for letter in letters.split(", ")
    ]
    assert sorted(said) == sorted(
        [
            str(model),
            f"{model.body_length_mm:g}",
            f"{model.back_focal_length_mm:g} + {model.adapter_mm:g}",
            model.cooling,
            str(model.buffer_bytes // 2**30),
            "yes" if model.fibre else "–",
            "yes" if model.camera_link else "–",
            model.status,
        ]
        for model in models()
    )


def test_the_faults_are_all_there_with_when_they_strike_and_what_shows_them(page):
    (table,) = page.tables("Faults by name")
    every = set().union(*(calls for calls, _ in KNOWN_FAULTS.values() if len(calls) > 3))
    said = {_spans(name)[0]: (set(_spans(when)) or every, shown) for name, when, _, shown in table}
    assert said == {name: (set(calls), EVIDENCE[name]) for name, (calls, _) in KNOWN_FAULTS.items()}


def test_the_areas_are_those_of_the_chip(page):
    (table,) = page.tables("Areas")
    total = QHY600_GEOMETRY.total
    columns, rows = QHY600_GEOMETRY.x_region(total), QHY600_GEOMETRY.y_region(total)
    expected = [[name, _extent(columns, x), _extent(rows, y)] for name, (x, y) in REGIONS.items()]
    assert [row[:3] for row in table] == expected


def _extent(kinds: np.ndarray, wanted: Region | None) -> str:
    (found,) = np.nonzero((kinds == wanted) | (wanted is None))
    return f"{found[0]}–{found[-1]}"


def test_the_scenes_are_all_there_with_their_parameters(page):
    (table,) = page.tables("Light")
    said = {_spans(name)[0]: _spans(given) for name, given, _ in table}
    assert said == {name: [field.name for field in fields(scene_named(name))] for name in SCENES}


def test_the_figures_of_cooler_and_supply_are_those_of_the_model(page):
    (table,) = page.tables("Cooling and supply")
    cool, needs, nodes = cooling(), supply(), thermal_constants()
    full = course(nodes, cold=293, hot=293, duty=1, ambient=293, heat=nodes.heat_long)
    low, high = cool.setpoint
    assert [value for _, value, _ in table] == [
        f"{cool.depth:g} K",
        f"{cool.depth_fast:g} K",
        f"{cool.liquid_gain:g} K more",
        ", ".join(f"{watts:g}" for watts in needs.power) + " W",
        f"{-1 / full.slow:.0f} s, {-1 / full.fast:.0f} s",
        f"{low:g} to {high:g} °C".replace("-", "−"),
        f"{regulation.FULL * regulation.RAMP:g}/{regulation.FULL} a second",
        f"steps of {thermometer.RESOLUTION} K, noise of {thermometer.NOISE} K",
        f"{needs.undervoltage} V, {needs.warning} V at the camera",
        f"{needs.latched_duty:.0%}, until reset".replace("%", " %"),
        f"{DROPOUT:g} V",
    ]


def test_the_figures_of_link_and_memory_are_those_of_the_model(page):
    law = timing()
    assert [value for _, value, _ in page.tables("Link, memory and pace")[0]] == [
        f"{1e6 * law.line_time:.2f} µs",
        f"{law.overhead_lines:g}",
        f"{law.usb_rate / 1e6:.1f} MB/s",
        f"{law.single_frame_delay:g} s, {law.single_frame_readout:g} s",
        f"{law.live_delay:g} s",
        f"{law.initialisation:g} s",
        " or ".join(str(n) for n in sorted({m.buffer_bytes // 2**30 for m in models()})[::-1])
        + " GiB by model",
    ]


def test_usb_traffic_lengthens_lines_and_frames_as_the_page_says(page):
    (_, *lines), (_, *frames) = page.tables("Link, memory and pace")[1]
    law, total = timing(), QHY600_GEOMETRY.total
    assert lines == [f"{1e6 * law.line_time_at(traffic):.2f}" for traffic in (0, 30, 60)]
    assert frames == [f"{law.frame_time(total.height, 2 * total.width, k):.3f}" for k in (0, 30, 60)]


def test_every_disagreement_is_there_with_all_figures_and_the_one_used(page):
    (table,) = page.tables("Where sources disagree")
    cases = {case.quantity: case for case in disagreements()}
    assert [quantity for quantity, *_ in table] == list(cases)
    for quantity, figures, used in table:
        assert used == _figure(cases[quantity].chosen)
        assert [figure for figure in cases[quantity].figures if _figure(figure) not in figures] == []


def _figure(figure: Figure) -> str:
    return f"{figure.value:g}" + ("" if figure.unit == "1" else f" {figure.unit}")


def test_every_file_of_the_simulation_stands_on_the_way_from_the_lamp_to_the_counts(page, root):
    (table,) = page.tables("From the lamp to the counts")
    said = [name for _, files in table for name in _spans(files)]
    there = {
        path.relative_to(root / SIMULATED).as_posix()
        for path in (root / SIMULATED).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert there
    assert there - set(said) == set()
    assert [name for name in said if name not in there] == []


def test_every_row_of_the_makers_page_is_answered_by_files_that_exist(page, root):
    (table,) = page.tables("What the camera's page names, row by row")
    assert [int(number) for number, *_ in table] == list(range(1, ROWS_OF_THE_MAKERS_PAGE + 1))
    known = {field.name for field in fields(ChipParameters)} | set(KNOWN_FAULTS)
    for number, _, where, shown in table:
        if where.startswith("not here: "):
            assert shown == "–", number
            continue
        files = [name for name in _spans(where) if "/" in name]
        assert files, number
        assert [name for name in files if not (root / "qhy600_ophyd" / name).is_file()] == [], number
        assert {name for name in _spans(where) if "/" not in name} <= known, number
        assert _spans(shown), number
        assert [name for name in _spans(shown) if not (root / name).is_file()] == [], number


def test_pixels_are_of_the_size_that_the_makers_page_gives():
    camera = SimulatedCamera(width=64, height=64)
    camera.open()
    assert camera.capabilities.pixel_size == 3.76
    camera.close()


def test_every_path_on_the_page_leads_to_a_file(page, root):
    paths = [
        path for path in _spans(page.text) if re.match(r"(tests|benchmarks|qhy600_ophyd|notebooks)/", path)
    ]
    assert paths
    assert [path for path in paths if not (root / path).exists()] == []


def test_the_page_says_that_nothing_was_tried_on_a_camera(page):
    assert "not yet tried on a camera" in page.text
