"""Every figure of every class: drawn, the same twice, fit to stand in a page, no word on another."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure as Sheet
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from telemetry.model import Lap
from telemetry.reports import figures
from tests.reports.examples import NAMES, example

SVG = "{http://www.w3.org/2000/svg}"
EVERY = [(name, figure) for name in NAMES for figure in figures.applicable(example(name))]
WIDTHS = (None, figures.PHONE_WIDTH_IN)


def texts(sheet: Sheet) -> list[Text]:
    return [text for text in sheet.findobj(Text) if text.get_visible() and text.get_text().strip()]


def drawn_boxes(sheet: Sheet) -> list[tuple[str, Bbox]]:
    """Every text that is really drawn, with its box in pixels; a tick outside its axis is not drawn."""
    sheet.draw_without_rendering()
    for axes in sheet.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    tick.label1.set_visible(False)
    return [(text.get_text(), text.get_window_extent()) for text in texts(sheet)]


WITH_TORQUE = {"timeline", "torque_cadence", "load", "mean_maximal_torque"}


@pytest.mark.parametrize(("name", "expected"), [
    ("usual", WITH_TORQUE | {"drift"}),
    ("grinder", WITH_TORQUE | {"drift", "reason_R2", "reason_R4"}),
    ("dual_sided", WITH_TORQUE | {"drift", "balance"}),
    ("short", WITH_TORQUE),
    ("cadence_only", {"timeline"}),
    ("heart_rate_only", {"timeline"}),
])  # fmt: skip
def test_a_figure_without_anything_to_show_does_not_apply(name: str, expected: set[str]) -> None:
    assert set(figures.applicable(example(name))) == expected


def test_a_figure_that_does_not_apply_is_refused_rather_than_drawn_empty() -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        figures.render(example("heart_rate_only"), "load")
    with pytest.raises(ValueError, match="svg, png or pdf"):
        figures.render(example("usual"), "load", "jpg")  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "figure"), EVERY)
def test_no_panel_is_drawn_empty(name: str, figure: str) -> None:
    sheet = figures.compose(example(name), figure)
    panels = [axes for axes in sheet.axes if (axes.get_gid() or "").startswith("panel-")]
    assert panels
    for axes in panels:
        values = [np.asarray(line.get_ydata(), float) for line in axes.lines]
        assert any(np.isfinite(found).any() for found in values) or axes.patches


@pytest.mark.parametrize("width_in", WIDTHS)
@pytest.mark.parametrize(("name", "figure"), EVERY)
def test_no_words_collide_or_leave_the_figure(name: str, figure: str, width_in: float | None) -> None:
    sheet = figures.compose(example(name), figure, width_in=width_in)
    boxes = drawn_boxes(sheet)
    wide, high = sheet.get_size_inches() * sheet.dpi
    for text, box in boxes:
        cut = min(box.x0, box.y0, wide - box.x1, high - box.y1) < -1.0
        assert not cut, f"{text!r} leaves the figure"
    for (one, first), (two, second) in combinations(boxes, 2):
        # a pixel of slack: boxes hold room for letters that the words do not have
        inner = Bbox.from_extents(first.x0 + 1, first.y0 + 1.5, first.x1 - 1, first.y1 - 1.5)
        assert not inner.overlaps(second), f"{one!r} stands on {two!r}"


@pytest.mark.parametrize(("name", "figure"), EVERY)
def test_an_svg_is_the_same_twice_and_can_stand_in_a_page(name: str, figure: str) -> None:
    analysis = example(name)
    svg = figures.render(analysis, figure)
    assert svg == figures.render(analysis, figure)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("aria-label") == figures.alt(analysis, figure)
    text = svg.decode()
    assert not re.search(r"<!DOCTYPE|<\?xml|<metadata|<style|<script|<image|@import|\bon\w+=", text)
    links = {value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")}
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"url\((?!#)", text)


def test_ids_never_meet_when_all_figures_stand_in_one_page() -> None:
    analysis = example("grinder")
    pictures = [figures.render(analysis, name) for name in figures.applicable(analysis)]
    pictures.append(figures.render(analysis, "timeline", width_in=3.9, prefix="phone"))
    found: list[str] = []
    for picture in pictures:
        root = ET.fromstring(picture)
        ids = [node.get("id", "") for node in root.iter() if node.get("id")]
        used = re.findall(r'(?:url\(#|href="#)([^)"]+)', picture.decode())
        assert set(used) <= set(ids)
        found += ids
    assert len(found) == len(set(found))


def test_words_from_a_file_stay_words() -> None:
    analysis = example("usual")
    evil = '<script>alert("x")</script>'
    names = (evil, "$\\frac{1}{0}$", "日本語\x00\n", "&amp; id=\"a\" url(#b) 1.23456", "x" * 500)  # fmt: skip
    laps = tuple(Lap(i * 560.0, (i + 1) * 560.0, name) for i, name in enumerate(names))
    analysis = replace(analysis, recording=replace(analysis.recording, laps=laps))
    svg = figures.render(analysis, "timeline").decode()
    root = ET.fromstring(svg)
    said = [node.text or "" for node in root.iter(f"{SVG}text")]
    assert "<script" not in svg
    assert any(text.startswith("<scr") for text in said)
    assert any(text.startswith("$\\f") for text in said)
    assert "3" in said, "a name without a single letter of the font falls back to the lap's number"


def test_a_png_and_a_pdf_are_the_same_twice() -> None:
    analysis = example("short")
    for format, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        one = figures.render(analysis, "load", format)  # type: ignore[arg-type]
        assert one.startswith(magic)
        assert one == figures.render(analysis, "load", format)  # type: ignore[arg-type]
        assert b"2026" not in one[:600]


def test_settings_of_the_user_change_nothing_and_are_left_alone() -> None:
    analysis = example("short")
    plain = figures.render(analysis, "mean_maximal_torque")
    with mpl.rc_context({"axes.grid": True, "font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        assert figures.render(analysis, "mean_maximal_torque") == plain
        assert dict(mpl.rcParams) == before


def test_threads_may_draw_at_the_same_time() -> None:
    names = ["short", "usual", "heart_rate_only", "not_enough_data"] * 3
    alone = {name: figures.render(example(name), "timeline") for name in names}
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda name: figures.render(example(name), "timeline"), names))
    assert drawn == [alone[name] for name in names]


def test_pyplot_and_windows_are_never_loaded() -> None:
    code = (
        "import sys; from tests.reports.examples import example; analysis = example('short');"
        "before = set(sys.modules); from telemetry.reports import figures;"
        "figures.render(analysis, 'timeline');"
        "heavy = ('matplotlib.pyplot', 'pandas', 'scipy', 'tkinter', 'PyQt5');"
        "print([name for name in heavy if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("name", "figure"), EVERY)
def test_the_map_says_where_the_panels_lie(name: str, figure: str) -> None:
    analysis = example(name)
    panels = figures.axes_map(analysis, figure)
    root = ET.fromstring(figures.render(analysis, figure))
    _, _, wide, high = (float(value) for value in root.get("viewBox", "").split())
    assert json.loads(html.unescape(root.get("data-panels", ""))) == [
        {key: getattr(panel, key) for key in figures.Panel.__slots__} for panel in panels.values()
    ]
    for panel in panels.values():
        assert 0 <= panel.left < panel.left + panel.width <= wide
        assert 0 <= panel.top < panel.top + panel.height <= high
        assert panel.x_low < panel.x_high
        assert panel.y_low < panel.y_high


def test_a_trace_can_be_read_back_off_the_svg_with_the_map() -> None:
    analysis = example("short")
    panel = figures.axes_map(analysis, "timeline")["power_w"]
    root = ET.fromstring(figures.render(analysis, "timeline"))
    trace = next(node for node in root.iter() if node.get("id") == "timeline-trace-power_w")
    path = trace.find(f"{SVG}path")
    assert path is not None
    points = np.array(re.findall(r"[ML] (\S+) (\S+)", path.get("d", "")), float)
    minutes = panel.x_low + (points[:, 0] - panel.left) / panel.width * (panel.x_high - panel.x_low)
    watts = panel.y_high - (points[:, 1] - panel.top) / panel.height * (panel.y_high - panel.y_low)
    samples = analysis.samples
    assert samples is not None
    power = samples["power_w"].to_numpy()
    assert watts.max() == pytest.approx(power.max(), abs=0.5)
    assert minutes[np.argmax(watts)] * 60 == pytest.approx(float(np.argmax(power)), abs=1.0)


@pytest.mark.parametrize(("name", "figure"), EVERY)
def test_the_alternative_text_has_numbers_and_no_forbidden_words(name: str, figure: str) -> None:
    words = figures.alt(example(name), figure)
    assert re.search(r"\d", words)
    assert words.endswith(".")
    assert "nan" not in words.lower()
    assert not re.search(r"danger|\bsafe|damage|your back|spinal|probab", words, re.IGNORECASE)


def test_a_title_stands_above_and_can_be_left_to_the_page() -> None:
    analysis = example("usual")
    with_title, without = (figures.compose(analysis, "load", title=choice) for choice in (True, False))
    assert "Load over the class" in {text.get_text() for text in texts(with_title)}
    assert "Load over the class" not in {text.get_text() for text in texts(without)}
    shorter = with_title.get_size_inches()[1] - without.get_size_inches()[1]
    assert shorter == pytest.approx(figures.TITLE_IN)
