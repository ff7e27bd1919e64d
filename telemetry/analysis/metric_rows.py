"""Every metric as a row: name, unit, evidence, title, formula in words, source. One place for docs, pages and JSON.

Adding a metric: a row here, its computation in the file of its family, its slow twin in tests/reference.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.model import Evidence, MetricResult


@dataclass(frozen=True, slots=True)
class MetricRow:
    """What is to be said of a metric wherever it is printed."""

    name: str
    unit: str
    evidence: Evidence
    title: str
    formula: str
    source: str


_PHYSICS = "physics"
_GC = "as mean-maximal power; Leo 2023 IJSPP 18:27"
_QA = "Coggan's quadrant analysis"
_OURS = "our definition, metrics reference"
_RAINFLOW = "ASTM E1049-85, section 5.4.4"

MMT_DURATIONS_S = (1, 5, 15, 30, 60, 120, 300, 600, 1200)

# fmt: off
ROWS: tuple[MetricRow, ...] = (
    MetricRow("torque_load", "TL", "C", "Torque load", "100/3600 · Σ (T/T_ref)² Δt; one hour at T_ref is 100", "quadratic time dose after the Mainz-Dortmund dose; transfer to crank torque is ours"),
    MetricRow("angular_impulse_knms", "kN·m·s", "C", "Angular impulse", "Σ T Δt / 1000", _PHYSICS),
    MetricRow("impulse_per_kg", "N·m·s/kg", "C", "Angular impulse per kg", "Σ T Δt / body mass", _PHYSICS),
    MetricRow("strokes", "strokes", "D", "Pedal strokes", "Σ 2 c Δt / 60 while pedalling", "definition; two strokes a revolution"),
    MetricRow("unloaded_turns", "strokes", "D", "Unloaded turns", "Σ 2 c Δt / 60 with c > 20 rpm and P <= 5 W", _OURS),
    MetricRow("work_kj", "kJ", "D", "Work", "Σ P Δt / 1000", _PHYSICS),
    MetricRow("mean_torque_nm", "N·m", "D", "Mean torque", "time-weighted mean of T while pedalling", _PHYSICS),
    MetricRow("rms_torque_nm", "N·m", "D", "Root-mean-square torque", "sqrt of the time-weighted mean of T² while pedalling", _PHYSICS),
    MetricRow("peak_torque_modelled_nm", "N·m", "D", "Peak torque, modelled", "k · largest 1 s mean torque; k = 1/(smoothness/100) where combined pedal smoothness was measured, else 1.6 (1.5 to 2.0)", "ANT+ page 0x13 definition of smoothness; textbook stroke shapes"),
    MetricRow("mean_power_w", "W", "B", "Mean power", "Σ P Δt / Σ Δt over valid seconds, zeros included", _PHYSICS),
    MetricRow("max_power_w", "W", "D", "Maximal power", "largest sample after conditioning", _PHYSICS),
    MetricRow("power_per_kg", "W/kg", "D", "Mean power per kg", "mean power / body mass", _PHYSICS),
    MetricRow("normalized_power_w", "W", "D", "Normalized power", "4th root of the mean 4th power of the 30 s rolling mean, first 29 s dropped", "Coggan's convention"),
    MetricRow("mean_cadence_rpm", "rpm", "D", "Mean cadence", "time-weighted mean of c while pedalling", _PHYSICS),
    MetricRow("mean_heart_rate_bpm", "bpm", "D", "Mean heart rate", "time-weighted mean over valid seconds", _PHYSICS),
    MetricRow("max_heart_rate_bpm", "bpm", "D", "Maximal heart rate", "largest valid sample", _PHYSICS),
    MetricRow("pedalling_min", "min", "D", "Pedalling time", "minutes with c >= 20 rpm and P > 5 W", _OURS),
    MetricRow("unbroken_min", "min", "C", "Longest unbroken stretch", "longest stretch without 120 s of no pedalling or 10 s of recorded standing; coasting inside counts", "McGill & Brown 1992 Clin Biomech 7:43"),
    MetricRow("standing_min", "min", "D", "Standing time", "minutes standing by rider-position events", "recorded only, never inferred"),
    MetricRow("low_cadence_min", "min", "D", "Low-cadence time", "minutes with 20 <= c <= 60 rpm, whatever the torque", _OURS),
    MetricRow("cadence_missing_s", "s", "D", "Power without cadence", "seconds with P > 5 W and c missing or < 20 rpm", _OURS),
    *(MetricRow(f"mmt_{d}s_nm", "N·m", "D", f"Mean-maximal torque, {d} s", f"largest mean of T over {d} s, coasting as 0, never across a break", _GC) for d in MMT_DURATIONS_S),
    MetricRow("quadrant_1_pct", "%", "D", "Quadrant 1: high force, fast", "share of pedalling time with AEPF and CPV at or above the reference", _QA),
    MetricRow("quadrant_2_pct", "%", "D", "Quadrant 2: high force, slow", "share with AEPF at or above, CPV below the reference", _QA),
    MetricRow("quadrant_3_pct", "%", "D", "Quadrant 3: low force, slow", "share with both below the reference", _QA),
    MetricRow("quadrant_4_pct", "%", "D", "Quadrant 4: low force, fast", "share with AEPF below, CPV at or above the reference", _QA),
    MetricRow("grinding_min", "min", "D", "Grinding exposure", "minutes inside bouts of slow, heavy pedalling", _OURS),
    MetricRow("grinding_pct", "%", "D", "Share of pedalling time grinding", "grinding minutes / pedalling minutes", _OURS),
    MetricRow("grinding_bouts", "bouts", "D", "Grinding bouts", "bouts after merging", _OURS),
    MetricRow("grinding_longest_s", "s", "D", "Longest bout", "longest bout after merging", _OURS),
    MetricRow("grinding_strokes", "strokes", "D", "Strokes in bouts", "Σ 2 c Δt / 60 inside bouts", _OURS),
    MetricRow("grinding_kj", "kJ", "D", "Work in bouts", "Σ P Δt / 1000 inside bouts", _OURS),
    MetricRow("grinding_load_share_pct", "%", "D", "Share of torque load from bouts", "torque load inside bouts / torque load", _OURS),
    MetricRow("grinding_recovery_ratio", "x", "D", "Recovery between bouts", "median of gap / preceding bout over consecutive bouts", _OURS),
    MetricRow("grinding_late_share_pct", "%", "D", "Late share of grinding strokes", "strokes in bouts after minute 30 / all strokes in bouts", _OURS),
    MetricRow("grinding_late_strokes", "strokes", "D", "Grinding strokes after minute 30", "Σ 2 c Δt / 60 inside bouts after minute 30", _OURS),
    MetricRow("grinding_standing_min", "min", "D", "Grinding while standing", "minutes inside bouts standing by rider-position events", "recorded only, never inferred"),
    MetricRow("effort_swings", "swings", "D", "Effort swings", "rainflow cycles of the 5 s smoothed torque with a range of 3 N·m or more, halves as 0.5", _RAINFLOW),
    MetricRow("heart_rate_drift_bpm_per_h", "bpm/h", "D", "Heart-rate drift", "time slope of heart rate on filtered power and cadence, AR(1) errors, interval widened by 1.6", "simulated in the metrics reference"),
    MetricRow("decoupling_pct", "%", "D", "Decoupling", "100 (r1 - r2) / r1, r = mean power / mean heart rate per half; steady rides only", "Friel's Pw:Hr"),
    MetricRow("cadence_drift_rpm_per_min", "rpm/min", "D", "Cadence drift at matched torque", "Theil–Sen slope of cadence minus its torque bin's median; removes about half of the programme's bias", "Sen 1968; bias simulated in the metrics reference"),
    MetricRow("cadence_variability_ratio", "x", "D", "Cadence variability", "SD of 5 s-detrended cadence in matched torque bins, last third / first third", _OURS),
    MetricRow("right_balance_pct", "%", "D", "Right share of power", "power-weighted mean of the right share at P >= 50 W; dual-sided meters only", _PHYSICS),
    MetricRow("right_balance_drift_points", "points/h", "D", "Drift of the right share", "Theil–Sen slope within torque bins, weighted by power, P >= 50 W", "Sen 1968"),
    MetricRow("cadence_drift_class_rpm_per_min", "rpm/min", "C", "Cadence drift against the class", "Theil–Sen slope of 15 s mean cadence minus the other riders' median, minute 5 to four before the end; six riders or more", "Sen 1968; spread 0.03 to 0.04 simulated in the metrics reference"),
    MetricRow("right_balance_torque_points", "points", "D", "Right share at high minus low torque", "power-weighted right share in the highest minus the lowest fifth of torque, P >= 50 W", _OURS),
    *(MetricRow(f"{field}_drift_points", "points/h", "D", f"Drift of {label}", "Theil–Sen slope of one-minute means within torque bins, weighted by power, P >= 50 W", "Sen 1968") for field, label in (("combined_pedal_smoothness", "combined pedal smoothness"), ("left_pedal_smoothness", "left pedal smoothness"), ("right_pedal_smoothness", "right pedal smoothness"), ("left_torque_effectiveness", "left torque effectiveness"), ("right_torque_effectiveness", "right torque effectiveness"))),
    MetricRow("w_balance_min_j", "J", "D", "Lowest W′ balance", "differential form with the exact exponential step; needs CP and W′", "Skiba, Froncioni and Clarke"),
)
# fmt: on

METRIC_ROWS: dict[str, MetricRow] = {row.name: row for row in ROWS}


def result(
    name: str,
    value: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    coverage: float | None = None,
    absent_because: str | None = None,
    note: str = "",
) -> MetricResult:
    """A metric's result with the unit and evidence of its row; a NaN value becomes absent, and has no note."""
    row = METRIC_ROWS[name]
    if value is not None and value != value:
        value, absent_because = None, absent_because or "it could not be computed from these samples"
    if value is None and absent_because is None:
        raise ValueError(f"metric {name} is absent without a reason")
    return MetricResult(  # by position: by name it takes half as long again, seventy times a class
        name,
        None if value is None else float(value),
        row.unit,
        None if low is None or low != low else float(low),
        None if high is None or high != high else float(high),
        coverage,
        row.evidence,
        absent_because if value is None else None,
        row.title,
        row.formula,
        "" if value is None else note,
    )
