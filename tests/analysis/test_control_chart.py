"""The control chart: worked limits, the edges of the baseline, runs, the moving average, stated rates."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.trends import chart_signals
from telemetry.analysis.control_chart import FALSE_ALARMS, control_chart, ewma, runs
from telemetry.analysis.history import usual_torque_load, xmr
from telemetry.analysis.limits import Limits
from tests.analysis.months import row, rows

BASELINE = [62.0, 70.0, 58.0, 66.0, 73.0, 61.0, 69.0, 64.0]
TWELVE = [*BASELINE, 67.0, 60.0, 71.0, 65.0]
LIMITS = Limits()


def test_the_worked_baseline() -> None:
    chart = xmr(BASELINE)
    assert (chart.mean, chart.mean_range) == (65.375, pytest.approx(8.5714, abs=1e-4))
    assert (chart.low, chart.high) == (pytest.approx(42.575), pytest.approx(88.175))
    assert chart.sigma == pytest.approx(7.5988, abs=1e-4)
    assert (95 - chart.mean) / chart.sigma == pytest.approx(3.899, abs=1e-3)


def test_the_worked_moving_average() -> None:
    base = xmr(BASELINE)
    found = ewma([95.0, 88.0, 90.0], base.mean, base.sigma, 0.2, 3.0)
    assert [z for z, _, _ in found] == pytest.approx([71.3, 74.64, 77.712])
    assert [high for _, _, high in found] == pytest.approx([69.9343, 71.2137, 71.9022], abs=1e-4)
    assert all(high - base.mean == pytest.approx(base.mean - low) for _, low, high in found)


def test_seven_classes_are_no_baseline_and_eight_are() -> None:
    seven = control_chart(rows(BASELINE[:7]), LIMITS)
    assert (seven.state, seven.n, seven.centre, seven.false_alarms) == ("none", 7, None, ())
    assert seven.why_not is not None
    assert "7 classes qualify" in seven.why_not
    eight = control_chart(rows(BASELINE), LIMITS)
    assert (eight.state, eight.n, eight.why_not) == ("growing", 8, None)
    base = xmr([math.log(load) for load in BASELINE])
    assert (eight.low, eight.centre, eight.high) == pytest.approx(
        tuple(map(math.exp, (base.low, base.mean, base.high)))
    )


def test_the_baseline_freezes_at_twelve() -> None:
    chart = control_chart(rows(TWELVE), LIMITS)
    more = control_chart(rows([*TWELVE, 300.0, 20.0]), LIMITS)
    assert (chart.state, more.state, more.n) == ("frozen", "frozen", 12)
    assert (more.low, more.high) == (chart.low, chart.high)
    assert [point.outside for point in more.points[12:]] == ["above", "below"]
    assert not any(point.in_baseline for point in more.points[12:])


def test_a_class_while_the_baseline_grows_is_held_against_the_classes_before_it() -> None:
    chart = control_chart(rows([*BASELINE, 120.0, 64.0]), LIMITS)
    base = xmr([math.log(load) for load in BASELINE])
    ninth, tenth = chart.points[8:]
    assert (ninth.outside, ninth.high) == ("above", pytest.approx(math.exp(base.high)))
    assert tenth.high is not None
    assert tenth.high > math.exp(base.high)  # the ninth is part of the baseline by then, whatever its review
    assert all(point.high is None for point in chart.points[:8])


def test_the_chart_marks_what_r1_marks() -> None:
    history = rows([*TWELVE, 90.0, 84.0, 93.0])
    chart = control_chart(history, LIMITS)
    for i in (8, 12, 13, 14):
        usual = usual_torque_load(history[:i], 21.22, "ftp", history[i].started_at, LIMITS)
        assert not isinstance(usual, str)
        assert chart.points[i].high == pytest.approx(usual.limit)


def test_loads_on_another_reference_are_rescaled_and_counted() -> None:
    plain = control_chart(rows([*TWELVE, 80.0]), LIMITS)
    raised = rows(TWELVE)
    raised.append(row(24.0, 80.0 / 1.1**2, torque_reference_nm=21.22 * 1.1))
    chart = control_chart(raised, LIMITS)
    assert chart.points[12].value == pytest.approx(80.0)
    assert (plain.rescaled, chart.rescaled) == (0, 1)
    assert chart.torque_reference_nm == 21.22


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        ({"usable": False, "quality": "poor"}, "poor"),
        ({"power_measured": False}, "not measured"),
        ({"reference_kind": "body"}, "another kind"),
        ({"load": 0.0}, "no logarithm"),
        ({"load": None}, "torque is not known"),
    ],
)
def test_what_is_left_out_says_why(unfit: dict[str, object], why: str) -> None:
    odd = row(3.0, **unfit)  # type: ignore[arg-type]
    chart = control_chart(sorted([*rows(TWELVE), odd], key=lambda item: item.started_at), LIMITS)
    point = next(item for item in chart.points if item.id == "class-3")
    assert point.value is None
    assert why in point.left_out
    assert chart.state == "frozen"
    assert not point.in_baseline


def test_a_short_class_is_drawn_but_no_part_of_the_baseline() -> None:
    short = row(3.0, 61.0, pedalling_min=19.9)
    chart = control_chart(sorted([*rows(TWELVE), short], key=lambda item: item.started_at), LIMITS)
    point = next(item for item in chart.points if item.id == "class-3")
    assert (point.value, point.in_baseline) == (61.0, False)


def test_eight_on_one_side_are_a_run_and_seven_are_not() -> None:
    assert runs([1.0] * 7, 0.0, 8) == [False] * 7
    assert runs([1.0] * 8 + [-1.0], 0.0, 8) == [False] * 7 + [True, False]


def test_a_value_on_the_mean_neither_counts_nor_breaks() -> None:
    assert runs([1.0] * 4 + [0.0] + [1.0] * 4, 0.0, 8) == [False] * 8 + [True]
    assert runs([1.0] * 7 + [0.0], 0.0, 8)[-1] is False


def test_runs_and_the_average_begin_after_the_baseline() -> None:
    chart = control_chart(rows([*TWELVE, *[75.0] * 8]), LIMITS)
    assert [point.run for point in chart.points] == [False] * 19 + [True]
    assert all(point.ewma is None for point in chart.points[:12])
    assert chart.points[-1].ewma_signal == "above"
    assert control_chart(rows([*BASELINE, 75.0, 75.0]), LIMITS).points[-1].ewma is None


def test_a_baseline_in_doubt_is_kept_and_says_so() -> None:
    rising = [40.0] * 4 + [60.0, 61.0, 60.0, 61.0, 60.0, 61.0, 60.0, 61.0]
    assert any("load was changing" in doubt for doubt in control_chart(rows(rising), LIMITS).doubts)
    steps = control_chart(rows([40.0] * 6 + [80.0] * 6), LIMITS)
    assert any("outside the limits they draw" in doubt for doubt in steps.doubts)
    flat = control_chart(rows([60.0] * 12), LIMITS)
    assert any("same load" in doubt for doubt in flat.doubts)
    assert control_chart(rows(TWELVE), LIMITS).doubts == ()


def test_silence_without_classes() -> None:
    chart = control_chart([], LIMITS)
    assert (chart.state, chart.n, chart.points, chart.torque_reference_nm) == ("none", 0, (), None)


@pytest.mark.parametrize("baseline", [8, 12])
def test_the_stated_false_alarms_are_those_measured(baseline: int) -> None:
    measured = chart_signals(baseline, 0.0, 2000, seed=5)
    for name, share in measured.items():
        assert share == pytest.approx(FALSE_ALARMS[name][baseline], abs=0.03), name


def test_a_shift_of_one_sd_is_found_about_as_often_as_the_reference_says() -> None:
    found = chart_signals(12, 1.0, 1500, seed=6)
    assert 0.32 <= found["outside"] <= 0.45
    assert 0.36 <= found["run"] <= 0.48
    assert 0.60 <= found["ewma"] <= 0.72


@given(st.lists(st.floats(20.0, 200.0), min_size=12, max_size=30), st.floats(0.5, 2.0))
def test_the_marks_do_not_depend_on_the_scale_of_the_load(loads: list[float], factor: float) -> None:
    def marks(values: list[float]) -> list[tuple[str, bool]]:
        return [(p.outside, p.run) for p in control_chart(rows(values), LIMITS).points]

    base = xmr([math.log(load) for load in loads[:12]])
    edges = [abs(math.log(load) - edge) for load in loads for edge in (base.low, base.mean, base.high)]
    if base.mean_range > 1e-6 and min(edges) > 1e-9:
        assert marks(loads)[12:] == marks([load * factor for load in loads])[12:]


def test_classes_of_one_moment_do_not_upset_the_order() -> None:
    twins = rows(TWELVE)
    twins.append(row(22.0, 66.0, id="twin", started_at=twins[-1].started_at + timedelta(0)))
    assert control_chart(twins, LIMITS).n == 12
