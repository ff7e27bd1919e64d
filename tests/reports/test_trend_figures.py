"""Figures of a trend: what they show is what the analysis says, without overlaps, without a traffic light."""

from __future__ import annotations

import colorsys
import itertools
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Sheet

from telemetry.model import Diary, Treatment, TrendAnalysis
from telemetry.reports import sheet, trend_chart, trend_marks
from telemetry.reports import trend_axis as axis
from telemetry.reports.trend_figures import TREND_FIGURES, applicable, render
from tests.reports.trend_examples import NAMES, at, example

ALL = [(name, figure) for name in NAMES for figure in TREND_FIGURES]


def drawable() -> list[tuple[str, str]]:
    return [(name, figure) for name, figure in ALL if TREND_FIGURES[figure].applies(example(name))]


@cache
def drawn(name: str, figure: str, width: float | None = None) -> Sheet:
    return sheet.compose(TREND_FIGURES[figure], example(name), width_in=width)


def of(gid: str, figure: Sheet) -> list[Any]:
    found = [artist for axes in figure.axes for artist in axes.get_children()]
    return [artist for artist in found if artist.get_gid() == gid]


def test_a_full_record_has_every_figure_and_an_empty_one_none() -> None:
    assert applicable(example("rehab")) == tuple(TREND_FIGURES)
    assert applicable(example("nothing")) == ()
    assert applicable(example("empty"))[0] == "overview"  # pain without any class is still shown


@pytest.mark.parametrize(("name", "figure"), drawable())
def test_every_figure_is_drawn_with_words_for_who_cannot_see(name: str, figure: str) -> None:
    words = TREND_FIGURES[figure].alt(example(name))
    assert len(words) > 40
    assert "None" not in words
    assert "nan" not in words.split()
    svg = render(example(name), figure).decode()
    assert svg.startswith("<svg")
    assert "aria-label=" in svg


def test_the_same_trend_gives_the_same_bytes() -> None:
    for figure in applicable(example("rehab")):
        for format in ("svg", "png"):
            first, again = (render(example("rehab"), figure, format) for _ in range(2))  # type: ignore[arg-type]
            assert first == again


def test_each_class_is_a_point_of_the_kind_that_the_chart_says() -> None:
    trends = example("crowded")
    points = [point for point in trends.chart.points if point.value is not None]
    for kind, gid in (("above", "class-above"), ("below", "class-below"), ("usual", "class-usual")):
        expected = [point for point in points if trend_chart.kind(point) == kind]
        assert len(of(gid, drawn("crowded", "overview"))) == len(expected)
    assert len(of("class-baseline", drawn("crowded", "overview"))) == 12
    (gone,) = of("left-out", drawn("crowded", "overview"))
    assert len(gone.get_xdata()) == 2


def test_the_limits_stand_where_the_analysis_put_them() -> None:
    chart = example("rehab").chart
    for name, value in (("lower", chart.low), ("centre", chart.centre), ("upper", chart.high)):
        (line,) = of(f"limit-{name}", drawn("rehab", "overview"))
        assert set(line.get_ydata()) == {value}


def test_a_late_entry_is_hollow_and_leg_pain_has_a_mark_of_its_own() -> None:
    figure = drawn("crowded", "overview")
    back, leg = of("pain-back", figure), of("pain-leg", figure)
    faces = {tuple(to_rgb(line.get_markerfacecolor())) for line in back}
    assert (1.0, 1.0, 1.0) in faces
    assert len(faces) == 2
    late = next(line for line in back if to_rgb(line.get_markerfacecolor()) == (1.0, 1.0, 1.0))
    assert len(late.get_xdata()) == example("crowded").late_entries
    assert {line.get_marker() for line in leg}.isdisjoint({line.get_marker() for line in back})


def test_all_panels_share_one_time_axis() -> None:
    figure = drawn("rehab", "overview")
    spans = {tuple(axes.get_xlim()) for axes in figure.axes}
    sides = {(round(axes.get_position().x0, 9), round(axes.get_position().x1, 9)) for axes in figure.axes}
    assert spans == {(0.0, 84.0)}
    assert len(sides) == 1


def test_a_week_without_a_class_says_so_and_counts_as_zero() -> None:
    assert len(of("no-class", drawn("rehab", "overview"))) == 1  # two in a row, said once
    zeros = [text for text in of("week", drawn("rehab", "weeks")) if text.get_text() == "0"]
    assert len(zeros) == 2


@pytest.mark.parametrize(("name", "figure"), drawable())
@pytest.mark.parametrize("width", [3.9, 4.3, 9.0])
def test_no_words_stand_on_each_other_or_leave_the_sheet(name: str, figure: str, width: float) -> None:
    made = drawn(name, figure, width)
    made.draw_without_rendering()
    renderer = made.canvas.get_renderer()  # type: ignore[attr-defined]
    wide, high = (made.get_size_inches() * made.dpi).tolist()
    boxes = []
    texts = [
        text for text in made.findobj(match=lambda item: hasattr(item, "get_text")) if text.get_visible()
    ]
    for text in texts:
        if text.get_text().strip():
            box = text.get_window_extent(renderer)
            boxes.append((text.get_text(), box.x0, box.y0, box.x1, box.y1))
    for words, left, bottom, right, top in boxes:
        assert left >= -1.0, words
        assert right <= wide + 1.0, words
        assert bottom >= -1.0, words
        assert top <= high + 1.0, words
    for (one, *a), (other, *b) in itertools.combinations(boxes, 2):
        across = min(a[2], b[2]) - max(a[0], b[0])
        along = min(a[3], b[3]) - max(a[1], b[1])
        assert not (across > 1.5 and along > 3.0), (one, other)


def test_nothing_is_green_or_red() -> None:
    for name, figure in drawable():
        for code in set(re.findall(r"#[0-9a-f]{6}", render(example(name), figure).decode())):
            hue, light, strength = colorsys.rgb_to_hls(*to_rgb(code))
            if strength > 0.25 and 0.1 < light < 0.93:
                assert not 0.22 < hue < 0.45, code
                assert 0.03 <= hue <= 0.97, code


def test_marks_that_would_collide_get_rows_of_their_own() -> None:
    spans = [(0.0, 4.0), (1.0, 3.0), (4.0, 6.0), (2.0, 5.0)]
    rows = axis.lanes(spans)
    for (i, one), (j, other) in itertools.combinations(enumerate(spans), 2):
        if one[0] < other[1] and other[0] < one[1]:
            assert rows[i] != rows[j]
    assert rows[2] == rows[0]  # it begins where the first ends


def with_treatments(trends: TrendAnalysis, *days: int) -> TrendAnalysis:
    kinds = ("adjustment", "massage")
    done = [Treatment(at(day, 9.0), kinds[i % 2]) for i, day in enumerate(days)]
    diary = Diary.of([entry for entry in trends.diary if not isinstance(entry, Treatment)] + done)
    return replace(trends, diary=diary)


def test_two_treatments_of_a_day_are_one_mark_with_both_letters() -> None:
    marks = trend_marks.treatments(with_treatments(example("rehab"), 120, 120, 150))
    assert [mark.text for mark in marks] == ["AM", "A"]


def test_a_treatment_a_day_still_fits_above_the_panels() -> None:
    trends = with_treatments(example("rehab"), *range(100, 140))
    made = sheet.compose(TREND_FIGURES["overview"], trends)
    inside = [mark for mark in trend_marks.treatments(trends) if 0 <= mark.start <= 84]
    assert len(of("mark", made)) >= len(inside) > 30


def test_days_before_the_record_are_marked_as_unknown() -> None:
    first = example("growing").record_first_day
    assert first is not None
    assert example("growing").first_day < first
    assert of("before-record", drawn("growing", "overview"))
    late = replace(example("rehab"), record_first_day=example("rehab").last_day + timedelta(days=1))
    assert sheet.compose(TREND_FIGURES["overview"], late)
