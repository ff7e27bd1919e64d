"""Torque plane, load, mean-maximal torque, drift, balance and reasons by what they draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle

from telemetry.analysis import analyze
from telemetry.model import ClassAnalysis, Drift, Finding
from telemetry.reports import figure_drift, figure_reasons, figures
from telemetry.units import power_w
from tests.builders import recording
from tests.reports.examples import example


def only(name: str, figure: str, **options: object) -> Axes:
    (axes,) = figures.compose(example(name), figure, **options).axes
    return axes


def line(axes: Axes, gid: str) -> np.ndarray:
    (drawn,) = (one for one in axes.lines if one.get_gid() == gid)
    return np.asarray(drawn.get_xydata(), float)


def words(axes: Axes) -> set[str]:
    return {text.get_text() for text in axes.texts}


# --- torque against cadence ---------------------------------------------------------------------------------


def test_the_plane_has_units_and_the_cross_of_the_reference() -> None:
    axes = only("grinder", "torque_cadence")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Cadence (rpm)", "Crank torque (N·m)")
    assert line(axes, "quadrant-cadence")[0, 0] == 90.0
    assert line(axes, "quadrant-torque")[0, 1] == pytest.approx(21.2207, rel=1e-4)
    assert {f"Q{q}  {example('grinder').metric(f'quadrant_{q}_pct'):.0f} %" for q in (1, 2, 3, 4)} <= words(
        axes
    )


def test_lines_of_equal_power_are_of_equal_power() -> None:
    axes = only("grinder", "torque_cadence")
    drawn = [one for one in axes.lines if (one.get_gid() or "").startswith("power-")]
    assert 3 <= len(drawn) <= 9
    for one in drawn:
        watts = float((one.get_gid() or "").removeprefix("power-"))
        cadence, torque = np.asarray(one.get_xydata(), float).T
        assert [power_w(t, c) for t, c in zip(torque, cadence, strict=True)] == pytest.approx(
            [watts] * len(cadence)
        )
        assert f"{watts:.0f} W" in words(axes)


def test_the_grinding_region_is_slower_and_heavier_than_both_limits() -> None:
    axes = only("usual", "torque_cadence")
    (region,) = (one for one in axes.patches if one.get_gid() == "grinding-region")
    assert isinstance(region, Rectangle)
    assert region.get_x() + region.get_width() == 60.0
    assert region.get_y() == pytest.approx(25.465, abs=0.001)
    assert region.get_hatch()


def test_cells_hold_every_pedalling_sample_and_bouts_are_outlined() -> None:
    for name, bouts in (("grinder", True), ("usual", False)):
        axes = only(name, "torque_cadence")
        cells = [one for one in axes.patches if (one.get_gid() or "").startswith("cells-")]
        assert all(isinstance(one, PathPatch) for one in cells)
        assert any(one.get_gid() == "cells-in-bouts" for one in cells) == bouts
        samples = example(name).samples
        assert samples is not None
        busiest = (
            samples.filter(samples["torque_nm"] > 0)
            .group_by("cadence_rpm")
            .len()
            .sort("len")["cadence_rpm"][-1]
        )
        boxes = np.concatenate([one.get_path().vertices for one in cells])
        assert ((boxes[:, 0] <= busiest) & (boxes[:, 0] > busiest - 2.0)).any()


# --- load and mean-maximal torque ---------------------------------------------------------------------------


def test_the_load_ends_at_its_total_with_the_share_of_the_bouts() -> None:
    analysis = example("grinder")
    axes = only("grinder", "load")
    assert axes.get_ylabel() == "Torque load so far (TL)"
    total, inside = line(axes, "trace-load"), line(axes, "trace-load-in-bouts")
    assert total[-1, 1] == pytest.approx(analysis.metric("torque_load"))
    assert 100 * inside[-1, 1] / total[-1, 1] == pytest.approx(analysis.metric("grinding_load_share_pct"))
    assert (np.diff(total[:, 1]) >= 0).all()
    assert (inside[:, 1] <= np.interp(inside[:, 0], *total.T) + 1e-9).all()
    assert f"{analysis.metric('torque_load'):.0f} TL\nin all" in words(axes)


def test_the_load_names_the_sum_of_the_page_although_short_gaps_are_not_in_the_curve() -> None:
    analysis = example("grinder")
    scaled = replace(analysis.metrics["torque_load"], value=118.4)
    gaps = replace(analysis, metrics={**analysis.metrics, "torque_load": scaled})
    assert "118 TL\nin all" in words(figures.compose(gaps, "load").axes[0])
    assert "118.4 TL in all" in figures.FIGURES["load"].alt(gaps)


def test_no_load_is_drawn_where_too_little_of_the_class_is_known_to_give_its_sum() -> None:
    analysis = example("grinder")
    unknown = replace(analysis.metrics["torque_load"], value=None, absent_because="known for 54 %")
    partly = replace(analysis, metrics={**analysis.metrics, "torque_load": unknown})
    assert figures.FIGURES["load"].applies(analysis)
    assert not figures.FIGURES["load"].applies(partly)


def test_without_bouts_the_load_has_one_line() -> None:
    assert [one.get_gid() for one in only("usual", "load").lines] == ["trace-load"]


def test_mean_maximal_torque_stands_on_a_logarithmic_axis_people_can_read() -> None:
    axes = only("grinder", "mean_maximal_torque")
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel().startswith("Crank torque (N·m)")
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["1\ns", "5", "15", "30", "1\nmin", "2", "5", "10", "20"]
    found = line(axes, "named-durations")
    assert found[:, 0].tolist() == [1, 5, 15, 30, 60, 120, 300, 600, 1200]
    for seconds, torque in found:
        assert torque == pytest.approx(example("grinder").metric(f"mmt_{seconds:.0f}s_nm"))
        assert f"{torque:.0f}" in words(axes)
    heights = sorted(
        float(one.get_ydata()[0]) for one in axes.lines if (one.get_gid() or "").startswith("limit")
    )
    assert heights == pytest.approx([21.2207, 25.4648], rel=1e-4)


# --- drift and balance --------------------------------------------------------------------------------------


def test_drift_says_its_interval_and_shades_the_onset_window() -> None:
    analysis = example("dual_sided")
    drift = dict(analysis.drift)
    drift["heart_rate"] = Drift(11.0, "bpm/h", 6.6, 15.4)
    drift["cadence"] = Drift(-0.11, "rpm/min", -0.19, 0.03)
    drift["onset"] = Drift(27.0, "min", window_min=(23.0, 30.0))
    analysis = replace(analysis, drift=drift)
    cadence, heart = figures.compose(analysis, "drift").axes
    assert heart.get_ylabel() == "Heart rate (bpm)"
    assert cadence.get_ylabel() == "Cadence at matched torque (rpm)"
    assert "+11.0 bpm per hour (+6.6 to +15.4)" in words(heart)
    assert "−0.11 rpm per minute (−0.19 to +0.03)" in words(cadence)
    assert len([one for one in heart.lines if (one.get_gid() or "").startswith("trace-")]) == 3
    (window,) = (one for one in cadence.collections if one.get_gid() == "onset-window")
    x = window.get_paths()[0].vertices[:, 0]
    assert (x.min(), x.max()) == (23.0, 30.0)
    assert "fall began: minute 23 to 30" in words(cadence)


def test_without_an_onset_no_window_is_shaded_and_without_heart_rate_no_panel() -> None:
    (cadence,) = figures.compose(example("no_heart_rate"), "drift").axes
    assert cadence.get_gid() == "panel-cadence_drift"
    assert not [one for one in cadence.collections if one.get_gid() == "onset-window"]
    assert "No minute at which it began" in figures.alt(example("no_heart_rate"), "drift")


@pytest.mark.parametrize(("drift", "expected"), [
    (None, ""),
    (Drift(None, "bpm/h", applicable=False, why_not="no heart rate"), "not applicable: no heart rate"),
    (Drift(-0.2, "rpm/min", -0.3, -0.1), "−0.20 rpm per minute (−0.30 to −0.10)"),
    (Drift(9.0, "bpm/h"), "+9.0 bpm per hour"),
])  # fmt: skip
def test_a_drift_in_words(drift: Drift | None, expected: str) -> None:
    assert figure_drift.in_words(drift) == expected


def test_balance_is_drawn_against_even_shares() -> None:
    axes = only("dual_sided", "balance")
    assert axes.get_ylabel() == "Right share of power (%)"
    (even,) = (one for one in axes.lines if (one.get_gid() or "").startswith("limit"))
    assert list(even.get_ydata()) == [50.0, 50.0]
    mean, drift = example("dual_sided").metric("right_balance_pct"), example("dual_sided").drift["symmetry"]
    assert drift.value is not None
    assert any(
        text.startswith(f"mean {mean:.1f} %, drift +{drift.value:.1f} points/h") for text in words(axes)
    )


# --- reasons ------------------------------------------------------------------------------------------------


def with_finding(name: str, code: str, unit: str, value: float, limit: float, **span: float) -> ClassAnalysis:
    analysis = example(name)
    row = Finding(code, "A reason", value, limit, unit, "D", "message", "change", **span)
    return replace(analysis, review=replace(analysis.review, findings=(row,)))


def test_a_reason_shows_its_minutes_and_some_around_them() -> None:
    analysis = example("grinder")
    row = figure_reasons.finding(analysis, "R2")
    assert row is not None
    assert row.start_s is not None
    assert row.stop_s is not None
    axes = figures.compose(analysis, "reason_R2").axes
    assert {one.get_gid() for one in axes} == {"panel-torque_nm", "panel-cadence_rpm"}
    for one in axes:
        low, high = one.get_xlim()
        assert low < row.start_s / 60 < row.stop_s / 60 < high
        assert high - low < 3 * (row.stop_s - row.start_s) / 60
        assert any((drawn.get_gid() or "").startswith("limit-") for drawn in one.lines)


def test_a_reason_from_a_long_class_shows_every_sample() -> None:
    analysis = with_finding("long", "R2", "s", 200.0, 180.0, start_s=601.0, stop_s=801.0)
    axes = figures.compose(analysis, "reason_R2").axes
    torque = next(one for one in axes if one.get_gid() == "panel-torque_nm")
    low, high = torque.get_xlim()
    x = line(torque, "trace-torque_nm")[:, 0]
    inside = x[(x >= low) & (x <= high)]
    assert len(inside) >= (high - low) * 60 - 15


@pytest.mark.parametrize(("name", "code", "unit", "value", "limit"), [
    ("grinder", "R1", "TL", 156.0, 120.0),
    ("grinder", "R3", "%", 55.0, 50.0),
    ("grinder", "R4", "rpm/min", -0.2, -0.15),
    ("grinder", "R4", "bpm/h", 11.0, 8.0),
    ("dual_sided", "R5", "points", 5.0, 4.0),
    ("short", "R6", "NRS points", 8.0, 7.0),
])  # fmt: skip
def test_every_rule_has_its_drawing(name: str, code: str, unit: str, value: float, limit: float) -> None:
    analysis = with_finding(name, code, unit, value, limit)
    assert f"reason_{code}" in figures.applicable(analysis)
    axes = figures.compose(analysis, f"reason_{code}").axes[0]
    if code == "R1":
        (drawn,) = (one for one in axes.lines if (one.get_gid() or "").startswith("limit"))
        assert list(drawn.get_ydata()) == [120.0, 120.0]
        assert axes.get_ylim()[1] >= 120.0
    said = figures.alt(analysis, f"reason_{code}")
    assert str(abs(limit))[:2] in said


def test_a_reason_without_a_trace_has_no_figure() -> None:
    for code in ("R1", "R2", "R3", "R4", "R5"):
        analysis = with_finding("heart_rate_only", code, "x", 2.0, 1.0)
        assert f"reason_{code}" not in figures.applicable(analysis)


def test_the_balance_of_a_class_too_short_for_drift_says_its_mean_and_is_not_cut() -> None:
    rng = np.random.default_rng(1)
    minutes = recording(
        power_w=180.0 + rng.normal(0.0, 10.0, 126),
        cadence_rpm=85.0 + rng.normal(0.0, 1.0, 126),
        right_balance_pct=50.0 + rng.normal(0.0, 1.0, 126),
        single_sided=False,
    )
    analysis = analyze(minutes)
    mean = analysis.metric("right_balance_pct")
    for width in (3.6, 4.3, 9.0):
        said = {
            text for axes in figures.compose(analysis, "balance", width_in=width).axes for text in words(axes)
        }
        assert not [text for text in said if "…" in text], width
        assert any(text.startswith(f"mean {mean:.1f} %") for text in said), width


def test_late_strokes_are_counted_to_minute_30_and_to_the_end() -> None:
    analysis = example("long")
    axes = only("long", "reason_R3")
    total = sum(bout.strokes for bout in analysis.bouts)
    assert line(axes, "trace-late_strokes")[-1, 1] == pytest.approx(total)
    assert f"{total:,.0f}\nstrokes" in words(axes)


def test_what_rounds_to_nothing_has_no_minus() -> None:
    assert (
        figure_drift.in_words(Drift(-0.001, "rpm/min", -0.3, -0.001))
        == "+0.00 rpm per minute (−0.30 to +0.00)"
    )
