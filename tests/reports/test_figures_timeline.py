"""The timeline by what it draws: panels, limits, bouts, silence, trust, laps; and the thinning of lines."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Sheet

from telemetry.model import CHANNELS, ClassAnalysis, Lap, Pause
from telemetry.reports import figure_parts as parts
from telemetry.reports import figure_strips, figure_timeline, figures
from tests.reports.examples import example


def panel(sheet: Sheet, name: str) -> Axes:
    return next(axes for axes in sheet.axes if axes.get_gid() == f"panel-{name}")


def strips(sheet: Sheet) -> Axes:
    return next(axes for axes in sheet.axes if axes.get_gid() == "strips")


def spans(axes: Axes, gid: str) -> list[tuple[float, float]]:
    """First and last minute of every box of the collections with that name."""
    found = []
    for collection in axes.collections:
        if collection.get_gid() == gid:
            assert isinstance(collection, PolyCollection)
            for path in collection.get_paths():
                x = path.vertices[:, 0]
                found.append((float(x.min()), float(x.max())))
    return found


def line(axes: Axes, gid: str) -> np.ndarray:
    (drawn,) = (one for one in axes.lines if one.get_gid() == gid)
    return np.asarray(drawn.get_xydata(), float)


# --- panels and limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "channels"), [
    ("usual", ["power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm"]),
    ("no_heart_rate", ["power_w", "cadence_rpm", "torque_nm"]),
    ("cadence_only", ["cadence_rpm"]),
    ("heart_rate_only", ["heart_rate_bpm"]),
])  # fmt: skip
def test_a_panel_for_each_recorded_channel_and_no_other(name: str, channels: list[str]) -> None:
    sheet = figures.compose(example(name), "timeline")
    drawn = [axes for axes in sheet.axes if (axes.get_gid() or "").startswith("panel-")]
    drawn.sort(key=lambda axes: -axes.get_position().y0)
    assert [axes.get_gid() for axes in drawn] == [f"panel-{channel}" for channel in channels]
    for axes, channel in zip(drawn, channels, strict=True):
        assert axes.get_ylabel() == f"{CHANNELS[channel].label} ({CHANNELS[channel].unit})"
        assert sum((one.get_gid() or "").startswith("trace-") for one in axes.lines) == 1
    assert drawn[-1].get_xlabel() == "Time since the start (min)"
    assert all(not axes.get_xlabel() for axes in drawn[:-1])


@pytest.mark.parametrize(("channel", "height", "words"), [
    ("power_w", 200.0, "FTP\n200 W"),
    ("cadence_rpm", 60.0, "grinding\n≤ 60 rpm"),
    ("torque_nm", 1.2 * 21.2207, "grinding\n≥ 25.5 N·m"),
])  # fmt: skip
def test_the_limit_line_stands_at_its_height(channel: str, height: float, words: str) -> None:
    axes = panel(figures.compose(example("grinder"), "timeline"), channel)
    (limit,) = (one for one in axes.lines if (one.get_gid() or "").startswith("limit-"))
    assert list(limit.get_ydata()) == pytest.approx([height, height], rel=1e-4)
    assert words in {text.get_text() for text in axes.texts}
    low, high = axes.get_ylim()
    assert low < height < high


def test_without_torque_slow_legs_are_not_called_grinding() -> None:
    axes = panel(figures.compose(example("cadence_only"), "timeline"), "cadence_rpm")
    words = " ".join(text.get_text() for text in axes.texts)
    assert "slow legs" in words
    assert "grinding" not in words


def test_an_unknown_ftp_draws_no_line() -> None:
    axes = panel(figures.compose(example("no_heart_rate"), "timeline"), "power_w")
    assert not [one for one in axes.lines if (one.get_gid() or "").startswith("limit-")]


def test_minute_30_is_marked_where_the_class_reaches_it() -> None:
    def named(name: str) -> list[str]:
        axes = panel(figures.compose(example(name), "timeline"), "power_w")
        return [text.get_text() for text in axes.texts if text.get_gid() == "late-minute"]

    assert named("grinder") == ["minute 30"]
    assert named("long") == ["minute 30"]
    assert named("short") == []


def test_long_classes_read_in_hours() -> None:
    axes = panel(figures.compose(example("long"), "timeline"), "heart_rate_bpm")
    assert axes.get_xlabel() == "Time since the start (h:mm)"
    assert "1:00" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize("length", [0.3, 1.0, 3.0, 8.0, 20.0, 45.0, 99.0, 101.0, 180.0, 600.0, 3000.0])
@pytest.mark.parametrize("width_in", [2.5, 4.7])
def test_time_ticks_are_round_and_have_room(length: float, width_in: float) -> None:
    ticks, labels, _ = parts.time_ticks((0.0, length), width_in)
    assert 2 <= len(ticks) <= 13
    assert len(set(labels)) == len(labels)
    gap = width_in * (ticks[1] - ticks[0]) / length
    assert all(parts.text_width_in(label, 9.0) < gap for label in labels)


# --- bouts, silence, trust ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["grinder", "long", "short"])
def test_every_bout_is_shaded_in_every_panel_and_in_the_strip(name: str) -> None:
    analysis = example(name)
    sheet = figures.compose(analysis, "timeline")
    for tier in ("loaded", "grinding", "heavy"):
        expected = [(b.start_s / 60, b.stop_s / 60) for b in analysis.bouts if b.tier == tier]
        for channel in figure_strips.panels(analysis):
            drawn = spans(panel(sheet, channel), f"bouts-{tier}")
            assert len(drawn) == len(expected)
            np.testing.assert_allclose(drawn, expected)
        np.testing.assert_allclose(spans(strips(sheet), f"bout-strip-{tier}"), expected)


def test_tiers_can_be_told_by_hatch_and_by_height() -> None:
    sheet = figures.compose(example("grinder"), "timeline")
    hatches, heights = {}, {}
    for tier in ("loaded", "grinding", "heavy"):
        (shade,) = (c for c in panel(sheet, "torque_nm").collections if c.get_gid() == f"bouts-{tier}")
        hatches[tier] = shade.get_hatch()
        (strip,) = (c for c in strips(sheet).collections if c.get_gid() == f"bout-strip-{tier}")
        heights[tier] = float(np.ptp(strip.get_paths()[0].vertices[:, 1]))
    assert len(set(hatches.values())) == 3
    assert heights["loaded"] < heights["grinding"] < heights["heavy"]


def test_without_bouts_there_is_no_strip_and_no_key_for_them() -> None:
    sheet = figures.compose(example("cadence_only"), "timeline")
    assert not [axes for axes in sheet.axes if axes.get_gid() == "strips"]
    assert not [text for text in sheet.texts if text.get_gid() == "key"]


def test_a_gap_breaks_every_line_and_is_marked() -> None:
    sheet = figures.compose(example("grinder"), "timeline")
    for channel in ("power_w", "heart_rate_bpm"):
        axes = panel(sheet, channel)
        assert spans(axes, "gaps") == [pytest.approx((1504 / 60, 1548 / 60))]
        xy = line(axes, f"trace-{channel}")
        inside = (xy[:, 0] > 1504.5 / 60) & (xy[:, 0] < 1547.5 / 60)
        assert not np.isfinite(xy[inside, 1]).any()
        before, after = (
            np.flatnonzero(xy[:, 0] <= 1504.5 / 60)[-1],
            np.flatnonzero(xy[:, 0] >= 1547.5 / 60)[0],
        )
        assert np.isnan(xy[before : after + 1, 1]).any()


def test_a_pause_is_a_pause_and_not_a_gap() -> None:
    axes = panel(figures.compose(example("long"), "timeline"), "power_w")
    assert spans(axes, "pauses") == [pytest.approx((70.0, 75.0))]
    assert spans(axes, "gaps") == [pytest.approx((7199 / 60, 7290 / 60))]


def test_a_coasting_rider_has_no_torque_rather_than_none_of_it() -> None:
    analysis = example("usual")
    found = figure_timeline.trace(analysis, "torque_nm")
    assert found is not None
    assert np.nanmin(found[1]) > 0.0
    assert np.isnan(found[1]).any()


def test_trust_is_shown_where_samples_were_not_simply_measured() -> None:
    analysis = example("grinder")
    samples = analysis.samples
    assert samples is not None
    state = samples["power_w_state"].cast(pl.String)
    time = samples["time_s"]
    for name, start, stop in (("masked", 300.0, 304.0), ("estimated", 400.0, 460.0)):
        state = pl.select(
            pl.when((time >= start) & (time < stop)).then(pl.lit(name)).otherwise(state)
        ).to_series()
    marked = replace(analysis, samples=samples.with_columns(state.alias("power_w_state")))
    sheet = figures.compose(marked, "timeline")
    axes = panel(sheet, "power_w")
    for name, start, stop in (
        ("masked", 300, 304),
        ("estimated", 400, 460),
        ("interpolated", 905, 908),
        ("missing", 2600, 2645),
    ):
        assert (start / 60, stop / 60) in [pytest.approx(span) for span in spans(axes, f"trust-{name}")]
    heart = panel(sheet, "heart_rate_bpm")
    assert not [one for one in heart.collections if (one.get_gid() or "").startswith("trust-")]
    key = {text.get_text() for text in sheet.texts if text.get_gid() == "key"}
    assert {f"samples {name}" for name in ("masked", "estimated", "interpolated", "missing")} <= key


def test_the_key_names_what_is_drawn_and_nothing_else() -> None:
    def key(name: str) -> list[str]:
        sheet = figures.compose(example(name), "timeline")
        return [text.get_text() for text in sheet.texts if text.get_gid() == "key"]

    marks = {"L loaded bout", "G grinding bout", "H heavy bout", "no data"}
    assert set(key("grinder")) == marks | {"samples interpolated", "samples missing"}
    assert set(key("long")) == {"G grinding bout", "H heavy bout", "no data", "paused"}
    assert key("usual") == []


def test_standing_is_drawn_only_where_it_was_recorded() -> None:
    standing = spans(strips(figures.compose(example("dual_sided"), "timeline")), "standing")
    assert len(standing) == 5
    assert "standing" not in figure_strips.strips(example("usual"))


# --- laps ---------------------------------------------------------------------------------------------------


def with_laps(count: int, label: str = "") -> ClassAnalysis:
    analysis = example("usual")
    edges = np.linspace(0.0, 2820.0, count + 1)
    laps = tuple(Lap(float(a), float(b), label) for a, b in pairwise(edges))
    return replace(analysis, recording=replace(analysis.recording, laps=laps))


@pytest.mark.parametrize("count", [2, 7, 30, 100, 400])
@pytest.mark.parametrize("width_in", [2.6, 4.7])
@pytest.mark.parametrize("label", ["", "Interval with a long name"])
def test_lap_labels_never_collide(count: int, width_in: float, label: str) -> None:
    labels = figure_strips.lap_labels(with_laps(count, label), width_in)
    scale = width_in / 47.0
    boxes = sorted(
        (x * scale - w / 2, x * scale + w / 2)
        for x, text in labels
        for w in (parts.text_width_in(text, 8.5),)
    )
    assert all(one[1] < two[0] for one, two in pairwise(boxes))
    if count <= 100 and not label:
        assert labels


def test_one_lap_over_the_whole_class_is_no_strip() -> None:
    assert "laps" not in figure_strips.strips(with_laps(1))
    assert "laps" in figure_strips.strips(with_laps(2))


def test_a_long_name_is_cut_and_a_short_cell_shows_its_number() -> None:
    assert parts.shortened("Cool-down", 5.0, 8.5) == "Cool-down"
    assert parts.shortened("Cool-down", 0.45, 8.5).endswith("…")
    assert parts.shortened("Cool-down", 0.1, 8.5) == ""
    labels = dict(map(reversed, figure_strips.lap_labels(with_laps(30, "Interval"), 4.7)))
    assert set(labels) <= {str(i) for i in range(1, 31)}


# --- lines --------------------------------------------------------------------------------------------------


def test_a_short_line_is_left_as_it_is() -> None:
    time, values = np.arange(2000.0), np.arange(2000.0) ** 2
    assert parts.decimate(time, values)[1] is values


@given(
    n=st.integers(1, 30_000),
    most=st.sampled_from([50, 500, 2000]),
    holes=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_thinning_keeps_extremes_ends_the_order_and_the_holes(
    n: int, most: int, holes: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n).cumsum()
    start = rng.integers(0, n)
    values[start : start + int(holes * n / 4)] = np.nan
    values[rng.random(n) < holes * 0.01] = np.nan
    time, thin = parts.decimate(np.arange(n, dtype=float), values, most)
    assert len(thin) <= max(most, 1)
    assert (np.diff(time) > 0).all()
    finite = values[np.isfinite(values)]
    if finite.size:
        assert np.nanmin(thin) == finite.min()
        assert np.nanmax(thin) == finite.max()
    assert np.isnan(thin).any() == np.isnan(values).any()
    np.testing.assert_array_equal(values[time.astype(int)], thin)
    so_far = np.cumsum(np.isnan(values))[time.astype(int)]
    bridged = np.isfinite(thin[1:]) & np.isfinite(thin[:-1]) & (np.diff(so_far) > 0)
    assert not bridged.any(), "no line is drawn over a hole"


def test_every_drawn_line_has_at_most_two_thousand_points() -> None:
    for name in figures.applicable(example("long")):
        for axes in figures.compose(example("long"), name).axes:
            for drawn in axes.lines:
                assert len(drawn.get_xdata()) <= parts.MAX_POINTS


def test_runs_end_at_a_break_and_merge_where_they_cannot_be_seen_apart() -> None:
    time = np.array([0.0, 1.0, 2.0, 3.0, 60.0, 61.0, 62.0])
    mask = np.array([False, True, True, True, False, True, False])
    assert parts.runs(mask, time) == [(1.0, 4.0), (61.0, 62.0)]
    assert parts.runs(mask, time, merge=100.0) == [(1.0, 62.0)]
    assert parts.runs(np.zeros(7, bool), time) == []
    assert parts.runs(np.ones(7, bool), np.arange(7.0)) == [(0.0, 7.0)]


# --- what silence means -------------------------------------------------------------------------------------


def test_raw_samples_are_drawn_where_conditioned_ones_are_not_there() -> None:
    analysis = replace(example("heart_rate_only"), samples=None)
    assert figures.applicable(analysis) == ("timeline",)
    assert figures.render(analysis, "timeline").startswith(b"<svg")


def test_a_column_of_nulls_is_no_channel() -> None:
    analysis = example("usual")
    assert analysis.samples is not None
    silent = analysis.samples.with_columns(pl.lit(None, pl.Float64).alias("heart_rate_bpm"))
    assert "heart_rate_bpm" not in figure_strips.panels(replace(analysis, samples=silent))


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_next_to_no_samples_are_drawn_or_refused_but_never_break(rows: int) -> None:
    analysis = example("usual")
    assert analysis.samples is not None
    recording = replace(analysis.recording, samples=analysis.recording.samples.head(rows), laps=())
    tiny = replace(analysis, recording=recording, samples=analysis.samples.head(rows), bouts=(), curves={})
    names = figures.applicable(tiny)
    assert ("timeline" in names) == (rows > 0)
    for name in names:
        assert figures.render(tiny, name).startswith(b"<svg")


def test_a_pause_is_not_bridged_even_by_a_sample_at_its_very_edge() -> None:
    analysis = example("usual")
    assert analysis.samples is not None
    samples = analysis.samples.filter((pl.col("time_s") <= 900) | (pl.col("time_s") >= 1000))
    paused = replace(analysis.recording, pauses=(Pause(900.0, 1000.0),))
    found = figure_timeline.trace(replace(analysis, recording=paused, samples=samples), "power_w")
    assert found is not None
    between = (found[0] * 60 >= 900) & (found[0] * 60 < 1000)
    assert np.isnan(found[1][between]).any()


def test_a_sensor_that_only_says_zero_has_no_panel() -> None:
    analysis = example("usual")
    assert analysis.samples is not None
    dead = analysis.samples.with_columns(power_w=pl.lit(0.0), torque_nm=pl.lit(0.0), cadence_rpm=pl.lit(0.0))
    quiet = replace(analysis, samples=dead, bouts=())
    assert figure_strips.panels(quiet) == ("heart_rate_bpm",)
    assert figures.render(quiet, "timeline").startswith(b"<svg")


@pytest.mark.parametrize("width_in", [2.6, 4.7])
def test_the_last_lap_label_stays_within_the_strip(width_in: float) -> None:
    analysis = example("usual")
    starts = [0.0, 600.0, *(2400.0 + 14.0 * k for k in range(31))]
    laps = tuple(Lap(a, b) for a, b in pairwise(starts))
    analysis = replace(analysis, recording=replace(analysis.recording, laps=laps))
    start, stop = parts.class_span(analysis)
    for x, text in figure_strips.lap_labels(analysis, width_in):
        half = parts.text_width_in(text, 8.5) / 2
        assert half - 0.01 <= (x - start) / (stop - start) * width_in <= width_in - half + 0.01
