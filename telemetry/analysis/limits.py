"""Every threshold of the analysis: value, unit, source, evidence grade. One row each, nothing else decides.

A rider's `[limits]` table overrides any row by name; the analysis carries the rows as they stood (`ROWS` of a
class, `TREND_ROWS` of a trend), and a report prints what was overridden. Evidence says how well founded the *threshold* is for a rider's back:
B measured in cyclists' backs, C indirect, D expert opinion or our own choice. No row is A.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from telemetry.errors import BadRider
from telemetry.model import Evidence, LimitUsed


@dataclass(frozen=True, slots=True)
class Limit:
    """One threshold. `low` and `high` bound what an override may say."""

    name: str
    value: float
    unit: str
    evidence: Evidence
    source: str
    low: float = 0.0
    high: float = math.inf


_OURS = "our choice"
_LITERATURE = "placed so that the low-cadence protocols of Nimmerichter 2012 and Kristoffersen 2014 qualify"

# fmt: off
ROWS: tuple[Limit, ...] = (
    # conditioning
    Limit("spike_power_w", 2000.0, "W", "D", "GoldenCheetah spike filter, our ceiling", 100.0, 10000.0),
    Limit("spike_run_s", 2.0, "s", "D", "longest run taken for a spike; tried on real sprints", 0.0, 60.0),
    Limit("spike_factor", 3.0, "x p99.5", "D", "against the class's own 99.5th percentile; tried on real sprints", 1.0, 100.0),
    Limit("heart_rate_min_bpm", 25.0, "bpm", "D", "below it a strap lost contact; many send 0", 0.0, 100.0),
    Limit("heart_rate_max_bpm", 250.0, "bpm", "D", "no heart beats faster in exercise; 255 is the byte for missing", 100.0, 300.0),
    Limit("cadence_max_rpm", 180.0, "rpm", "D", "no rider turns faster seated; Wattbike start artefact at 230.77", 60.0, 300.0),
    Limit("cadence_jump_rpm_per_s", 60.0, "rpm/s", "D", _OURS, 1.0, 1000.0),
    Limit("turning_cadence_rpm", 20.0, "rpm", "D", "below it torque from power is not defined well enough", 1.0, 60.0),
    Limit("pedalling_power_w", 5.0, "W", "D", _OURS, 0.0, 100.0),
    Limit("stuck_cadence_s", 60.0, "s", "D", "tried on steady riders at 88 rpm", 5.0, 3600.0),
    Limit("stuck_power_step_pct", 30.0, "%", "D", _OURS, 1.0, 1000.0),
    Limit("stuck_at_zero_power_s", 10.0, "s", "D", _OURS, 1.0, 3600.0),
    Limit("torque_ceiling_nm_per_kg", 3.0, "N·m/kg", "C", "Rodriguez-Rielves 2024: maximal dynamic force 2.28 N·m/kg", 0.5, 10.0),
    Limit("torque_ceiling_nm", 250.0, "N·m", "D", "where mass is not known", 50.0, 1000.0),
    Limit("gap_s", 5.0, "s", "D", "longer steps are gaps", 1.0, 60.0),
    Limit("gap_scaled_s", 30.0, "s", "D", "longer gaps add nothing to a dose", 5.0, 600.0),
    Limit("smart_recording_share", 0.20, "share of steps", "D", "steps of 2 to 10 s outside pauses", 0.0, 1.0),
    Limit("smart_recording_step_s", 10.0, "s", "D", "longest step interpolated in smart recording", 2.0, 60.0),
    Limit("smoothing_half_width_s", 2.0, "s", "D", "centred mean over five seconds, for thresholds only", 0.0, 30.0),
    Limit("clock_jump_forward_s", 21600.0, "s", "D", "six hours without a timer event", 60.0, 1e9),
    Limit("clock_jump_back_s", 5.0, "s", "D", _OURS, 0.0, 1e9),
    Limit("clock_steps_good", 0.01, "share of rows", "D", "more jumps and steps back than this: a clock that is not to be trusted", 0.0, 1.0),
    Limit("coverage_good", 0.90, "share", "D", _OURS, 0.0, 1.0),
    Limit("coverage_fair", 0.75, "share", "D", "below it a class is not usable", 0.0, 1.0),
    Limit("masked_good", 0.01, "share", "D", _OURS, 0.0, 1.0),
    Limit("masked_poor", 0.05, "share", "D", _OURS, 0.0, 1.0),
    # references
    Limit("reference_cadence_rpm", 90.0, "rpm", "D", "convention of quadrant analysis: threshold power at 90 rpm", 40.0, 130.0),
    Limit("reference_nm_per_kg", 0.265, "N·m/kg", "D", "an FTP of 2.5 W/kg at 90 rpm", 0.05, 1.0),
    Limit("reference_nm", 20.0, "N·m", "D", "where neither FTP nor mass is known", 5.0, 100.0),
    Limit("grinding_reference_nm_per_kg", 0.35 / 1.2, "N·m/kg", "D", "0.35 N·m/kg at the ON factor of 1.2", 0.05, 1.0),
    Limit("grinding_reference_nm", 25.0, "N·m", "D", "30 N·m at the ON factor of 1.2: 188 W at 60 rpm", 5.0, 100.0),
    Limit("crank_length_mm", 170.0, "mm", "D", "studio bikes; 172.5 on the road", 120.0, 220.0),
    Limit("meter_error_pct", 5.0, "%", "C", "Maier 2017: 54 meters, -0.9 ± 3.2 %, six beyond ±5 %", 0.0, 50.0),
    Limit("meter_error_dual_pct", 2.0, "%", "C", "both cranks measured: the makers' usual statement", 0.0, 50.0),
    Limit("meter_error_single_pct", 10.0, "%", "C", "one crank doubled, or a studio bike certified to EN ISO 20957-1", 0.0, 50.0),
    Limit("smoothness_min_pct", 25.0, "%", "D", "both sides together: below it the peak would be over 4 x the mean", 1.0, 100.0),
    Limit("pedal_force_max_n", 2500.0, "N", "D", "GoldenCheetah's quadrant plot drops more", 500.0, 10000.0),
    Limit("mmt_missing_share", 0.10, "share", "D", "a window missing more is void", 0.0, 1.0),
    Limit("normalized_power_min", 20.0, "min", "D", "the convention says nothing of shorter efforts", 1.0, 600.0),
    Limit("peak_torque_factor", 1.6, "x mean", "D", "textbook shapes: |sin| 1.57, sin² 2.0", 1.0, 4.0),
    Limit("peak_torque_factor_low", 1.5, "x mean", "D", "lower end of the modelled range", 1.0, 4.0),
    Limit("peak_torque_factor_high", 2.0, "x mean", "D", "upper end of the modelled range", 1.0, 4.0),
    Limit("effort_swing_nm", 3.0, "N·m", "D", "smallest rainflow range counted", 0.0, 100.0),
    # grinding bouts
    Limit("grinding_on_cadence_rpm", 60.0, "rpm", "D", _LITERATURE, 20.0, 120.0),
    Limit("grinding_off_cadence_rpm", 65.0, "rpm", "D", "hysteresis of 5 rpm against rounded cadence", 20.0, 130.0),
    Limit("grinding_on_factor", 1.2, "x reference", "D", _LITERATURE, 0.1, 5.0),
    Limit("grinding_off_factor", 1.0, "x reference", "D", "hysteresis", 0.1, 5.0),
    Limit("heavy_cadence_rpm", 50.0, "rpm", "D", _LITERATURE, 20.0, 120.0),
    Limit("heavy_factor", 1.5, "x reference", "D", _LITERATURE, 0.1, 5.0),
    Limit("bout_merge_s", 5.0, "s", "D", _OURS, 0.0, 120.0),
    Limit("bout_min_s", 15.0, "s", "D", _OURS, 1.0, 600.0),
    Limit("short_recovery", 1.0, "x bout", "D", "pauses shorter than the bout before them; named beside the ratio, no rule uses it", 0.0, 100.0),
    Limit("late_minute", 30.0, "min", "D", "the article's minute; a setting, not a finding", 1.0, 600.0),
    Limit("low_cadence_rpm", 60.0, "rpm", "D", "label only; slow legs alone are not grinding", 20.0, 120.0),
    Limit("unbroken_pause_s", 120.0, "s", "C", "McGill & Brown 1992: half the stiffness back within 2 min of standing", 1.0, 3600.0),
    Limit("unbroken_standing_s", 10.0, "s", "D", _OURS, 1.0, 3600.0),
    # fatigue drift
    Limit("drift_min_minutes", 20.0, "min", "D", "shorter classes say nothing of drift", 1.0, 600.0),
    Limit("drift_max_hours", 24.0, "h", "D", "our choice: more between first and last sample is no class's drift", 1.0, 240.0),
    Limit("drift_skip_min", 5.0, "min", "D", "warm-up left out of the heart-rate model", 0.0, 60.0),
    Limit("drift_interval_factor", 1.6, "x", "D", "simulated coverage of the nominal interval was 75 to 90 %", 1.0, 10.0),
    Limit("heart_rate_coverage", 0.90, "share", "D", "below it drift is not computed", 0.0, 1.0),
    Limit("steady_band_pct", 10.0, "%", "D", "half-width of the band of steady power for decoupling", 1.0, 100.0),
    Limit("steady_share", 0.80, "share", "D", "time in the band for decoupling to apply", 0.0, 1.0),
    Limit("onset_null_runs", 500.0, "runs", "D", "simulations of the null with the series' own autocorrelation", 99.0, 10000.0),
    Limit("onset_p", 0.05, "p", "D", "convention", 0.0001, 0.5),
    Limit("balance_min_power_w", 50.0, "W", "D", "below it balance is mostly noise; and weighted by power", 0.0, 500.0),
    Limit("effort_hint_points", 4.0, "points", "D", "unvalidated; opens a question only", 0.5, 50.0),
    Limit("effort_hint_efforts", 3.0, "efforts", "D", "unvalidated; opens a question only", 1.0, 100.0),
    Limit("effort_hint_recovery_s", 120.0, "s", "D", "unvalidated; opens a question only", 15.0, 600.0),
    Limit("class_riders", 6.0, "riders", "D", "fewest riders of a class for its median to mean something", 3.0, 100.0),
    # tables
    Limit("block_min", 5.0, "min", "D", "rows of the block table where there are no laps", 1.0, 60.0),
    Limit("block_rows", 40.0, "rows", "D", "longer rows in a class that would need more of them", 1.0, 1000.0),
    Limit("counterfactual_cap_rpm", 110.0, "rpm", "D", "faster legs are not asked for beyond it", 60.0, 180.0),
    # review
    Limit("not_enough_pedalling_min", 10.0, "min", "D", _OURS, 0.0, 600.0),
    Limit("r1_baseline_classes", 8.0, "classes", "D", "fewest classes of an own baseline", 2.0, 100.0),
    Limit("r1_median_factor", 1.5, "x median of 28 d", "D", "used below eight baseline classes", 1.0, 10.0),
    Limit("r1_min_classes", 3.0, "classes", "D", "fewest past classes for the median rule", 1.0, 100.0),
    Limit("r2_grinding_min", 8.0, "min", "D", _OURS, 0.1, 600.0),
    Limit("r2_longest_bout_s", 180.0, "s", "D", _OURS, 1.0, 36000.0),
    Limit("r2_percentile", 90.0, "percentile", "D", "of the rider's own earlier classes", 50.0, 100.0),
    Limit("r2_percentile_min_grinding_min", 2.0, "min", "D", "keeps the percentile rule from flagging next to nothing", 0.0, 600.0),
    Limit("r3_late_share_pct", 50.0, "%", "D", _OURS, 0.0, 100.0),
    Limit("r3_late_strokes", 300.0, "strokes", "D", _OURS, 0.0, 1e6),
    Limit("r4_cadence_drift_rpm_per_min", -0.15, "rpm/min", "C", "relative to the class group only", -10.0, 0.0),
    Limit("r4_heart_rate_drift_bpm_per_h", 8.0, "bpm/h", "C", "above the bias and spread seen in simulation", 0.1, 100.0),
    Limit("r5_balance_points", 4.0, "points", "D", "against the rider's own baseline", 0.1, 100.0),
    Limit("r6_pain_rise", 2.0, "NRS points", "B", "minimal important change: Ostelo 2008 Spine 33:90", 1.0, 10.0),
    Limit("r6_pain", 7.0, "NRS points", "B", "severe pain on the numeric rating scale", 1.0, 10.0),
    Limit("review_factor", 2.0, "x limit", "D", "R2 at this multiple of its limit is a review by itself", 1.0, 100.0),
    Limit("review_reasons", 2.0, "reasons", "D", "all weights are 1: no data exist to estimate others", 1.0, 10.0),
)

TREND_ROWS: tuple[Limit, ...] = (
    # control chart
    Limit("chart_run_length", 8.0, "classes", "D", "Shewhart charts; trend rules are useless: Anhoej & Olesen 2014", 5.0, 20.0),
    Limit("ewma_weight", 0.2, "share", "D", "convention; finds a shift of one SD in 12 classes more often than limits alone", 0.05, 1.0),
    Limit("ewma_width", 3.0, "sigma", "D", "convention", 1.0, 6.0),
    # pain beside classes
    Limit("pain_hours", 24.0, "h", "D", "pain noted so long after a class still counts as this class's", 0.0, 72.0),
    Limit("late_entry_h", 24.0, "h", "D", "entries written down later than this are shown as late", 1.0, 720.0),
    Limit("recent_load_days", 7.0, "d", "D", "convention of performance charts; a picture only", 1.0, 60.0),
    Limit("usual_load_days", 28.0, "d", "D", "four weeks; a picture only", 2.0, 365.0),
    # relief and relapse
    Limit("relief_points", 2.0, "NRS points", "B", "minimal important change: Ostelo 2008 Spine 33:90", 1.0, 10.0),
    Limit("relief_base_days", 7.0, "d", "D", _OURS, 1.0, 60.0),
    Limit("relief_base_entries", 2.0, "entries", "D", _OURS, 1.0, 100.0),
    Limit("relief_base_nrs", 3.0, "NRS points", "D", "below it there is no room for a relief of two points", 0.0, 10.0),
    Limit("relief_merge_h", 72.0, "h", "D", "treatments closer than this cannot be told apart", 0.0, 720.0),
    Limit("relief_gap_days", 7.0, "d", "D", "entries further apart give a relapse as an interval", 1.0, 60.0),
    Limit("survival_reliefs", 6.0, "reliefs", "D", "fewest for a Kaplan–Meier median of one rider", 2.0, 1000.0),
    Limit("survival_relapses", 4.0, "relapses", "D", "fewest for a Kaplan–Meier median of one rider", 1.0, 1000.0),
    # load beside pain
    Limit("lag_pairs", 8.0, "pairs", "D", _OURS, 4.0, 1000.0),
    Limit("lag_p", 0.05, "p", "D", "convention, over all lags together", 0.0001, 0.5),
    Limit("match_classes", 8.0, "classes", "D", "fewest classes with a minute of pain", 4.0, 1000.0),
    Limit("match_p", 0.05, "p", "D", "convention", 0.0001, 0.5),
    Limit("match_permutations", 4999.0, "permutations", "D", "resolves p to 0.0002", 99.0, 100000.0),
    Limit("settings_classes", 6.0, "classes", "D", "on each side of the change; fewer give no interval worth printing", 4.0, 1000.0),
    Limit("settings_weeks", 8.0, "weeks", "D", "on each side of the change", 1.0, 52.0),
    # single case
    Limit("phase_entries", 3.0, "days", "D", "fewest days with pain noted in each of two phases", 2.0, 1000.0),
    Limit("baseline_trend_entries", 6.0, "days", "D", "below it a trend of the first phase cannot be told", 4.0, 1000.0),
    Limit("baseline_trend_p", 0.05, "p", "D", "Kendall; convention", 0.0001, 0.5),
    Limit("change_nrs", 2.0, "NRS points", "B", "minimal important change: Ostelo 2008 Spine 33:90", 0.5, 10.0),
    Limit("change_odi", 10.0, "points", "B", "minimal important change: Ostelo 2008 Spine 33:90", 1.0, 100.0),
    Limit("change_rmdq", 5.0, "points", "B", "minimal important change: Ostelo 2008 Spine 33:90", 1.0, 24.0),
)
# fmt: on

LIMITS: dict[str, Limit] = {row.name: row for row in (*ROWS, *TREND_ROWS)}


class Limits(Mapping[str, float]):
    """The rows as they stand for one rider: `limits["gap_s"]` is the value in force.

    Raises
    ------
    BadRider : an override of an unknown name, or a value outside the row's bounds
    """

    def __init__(self, overrides: Mapping[str, float] | None = None) -> None:
        self._values = {name: row.value for name, row in LIMITS.items()}
        self.overridden: frozenset[str] = frozenset(overrides or ())
        for name, value in (overrides or {}).items():
            row = LIMITS.get(name)
            if row is None:
                near = get_close_matches(str(name), LIMITS, n=1)
                raise BadRider(
                    f"there is no limit {str(name)!r}",
                    place="[limits]",
                    expected=f"a name from the limits reference{f', perhaps {near[0]}' if near else ''}",
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise BadRider("a limit is no number", place=f"[limits] {name}", got=repr(value))
            if not row.low <= value <= row.high:
                raise BadRider(
                    "a limit is out of bounds",
                    place=f"[limits] {name}",
                    expected=f"{row.low:g} to {row.high:g} {row.unit}",
                    got=f"{value:g}",
                )
            self._values[name] = float(value)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def used(self, rows: tuple[Limit, ...] = ROWS) -> tuple[LimitUsed, ...]:
        """The rows as they stand, for the JSON: those of a class, or `TREND_ROWS` for a trend."""
        if rows is ROWS and not self.overridden:
            return _defaults()
        return self._used(rows)

    def _used(self, rows: tuple[Limit, ...]) -> tuple[LimitUsed, ...]:
        return tuple(
            LimitUsed(
                name=row.name,
                value=self._values[row.name],
                unit=row.unit,
                source=row.source,
                evidence=row.evidence,
                overridden=row.name in self.overridden,
                default=row.value,
            )
            for row in rows
        )


@cache
def _defaults() -> tuple[LimitUsed, ...]:
    """The rows of a class as they stand where nobody changed one: made once, not for each class."""
    return Limits()._used(ROWS)
