"""Classes made by hand for the tests of figures and pages: `example("grinder")` is a whole `ClassAnalysis`.

Comes in: a name of `NAMES`. Goes out: the same analysis at every call, seeded, from a programme of (seconds,
watts, rpm, standing). The arithmetic here is the plain one of the metrics reference, without conditioning or
models: right enough to be drawn, never an authority. Leaves to others: every number that a test asserts.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import numpy as np
import polars as pl

from telemetry import units
from telemetry.analysis.limits import Limits
from telemetry.analysis.metric_rows import METRIC_ROWS, MMT_DURATIONS_S, result
from telemetry.model import (
    Agreement,
    Block,
    Bout,
    ClassAnalysis,
    ClassRecording,
    Counterfactual,
    Device,
    Drift,
    Finding,
    HeartRateZone,
    Issue,
    Lap,
    MetricResult,
    Pause,
    Quality,
    Review,
    Tier,
    Unchecked,
)

Step = tuple[float, float, float, bool]
"""seconds, watts, rpm, standing"""

LIMITS = Limits()
STATEMENT = (
    "This page reports crank load, not spinal load. No number on it is validated against injury. "
    "Nothing here replaces a clinician's judgement."
)


@dataclass(frozen=True)
class Recipe:
    """What a class is made of."""

    programme: tuple[Step, ...]
    seed: int = 0
    ftp_w: float | None = 200.0
    mass_kg: float | None = 72.0
    channels: tuple[str, ...] = ("power_w", "cadence_rpm", "heart_rate_bpm")
    dual_sided: bool = False
    posture: bool = False
    fade_from_min: float | None = None
    """cadence falls by 0.5 rpm a minute from here on"""
    heart_rate_drift_bpm_per_h: float = 3.0
    laps: tuple[float, ...] = ()
    """seconds at which laps start"""
    lap_labels: tuple[str, ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    masked: tuple[tuple[float, float], ...] = ()
    """stretches of power masked as spikes"""
    interpolated: tuple[tuple[float, float], ...] = ()
    issues: tuple[Issue, ...] = field(default=())


def _repeat(steps: tuple[Step, ...], times: int) -> tuple[Step, ...]:
    return steps * times


WARM_UP: tuple[Step, ...] = ((240, 90, 85, False), (180, 120, 90, False))
COOL_DOWN: tuple[Step, ...] = ((200, 90, 86, False), (100, 60, 80, False))
SPIN: tuple[Step, ...] = ((120, 170, 92, False), (60, 110, 88, False))
CLIMB: tuple[Step, ...] = ((150, 195, 72, False), (60, 110, 86, False))
GRIND: tuple[Step, ...] = ((200, 225, 54, False), (70, 100, 84, False))
HEAVY: tuple[Step, ...] = ((60, 250, 46, False), (30, 250, 46, True), (80, 90, 82, False))

RECIPES: dict[str, Recipe] = {
    "usual": Recipe(
        WARM_UP + _repeat(SPIN, 5) + _repeat(CLIMB, 4) + _repeat(SPIN, 2) + COOL_DOWN,
        seed=1,
        laps=(0, 420, 1320, 2160, 2520),
        lap_labels=("Warm-up", "Flat road", "Climb", "Sprints", "Cool-down"),
    ),
    "grinder": Recipe(
        WARM_UP + _repeat(GRIND, 3) + _repeat(HEAVY, 3) + SPIN + _repeat(GRIND, 2) + COOL_DOWN,
        seed=2,
        fade_from_min=26.0,
        heart_rate_drift_bpm_per_h=11.0,
        laps=(0, 420, 1230, 1740, 1920, 2460),
        lap_labels=("Warm-up", "Hill 1", "Heavy", "Flat", "Hill 2", "Cool-down"),
        gaps=((1505, 1548),),
        masked=((612, 616),),
        interpolated=((905, 909),),
        posture=True,
    ),
    "short": Recipe(
        ((120, 100, 86, False), (180, 180, 88, False), (60, 230, 57, False), (120, 110, 88, False)), seed=3
    ),
    "long": Recipe(
        WARM_UP + _repeat((*SPIN, *GRIND[:1], *CLIMB, (130, 120, 86, False), *HEAVY[:1]), 12) + COOL_DOWN,
        seed=4,
        laps=tuple(float(v) for v in range(0, 10800, 1200)),
        pauses=((4200, 4500),),
        gaps=((7200, 7290),),
        heart_rate_drift_bpm_per_h=6.0,
    ),
    "no_heart_rate": Recipe(
        WARM_UP + _repeat(SPIN, 5) + GRIND + _repeat(CLIMB, 4) + COOL_DOWN,
        seed=5,
        channels=("power_w", "cadence_rpm"),
        ftp_w=None,
    ),
    "cadence_only": Recipe(
        WARM_UP + _repeat(SPIN, 6) + _repeat(CLIMB, 5) + COOL_DOWN,
        seed=6,
        channels=("cadence_rpm",),
        ftp_w=None,
    ),
    "heart_rate_only": Recipe(
        WARM_UP + _repeat(SPIN, 6) + _repeat(CLIMB, 5) + COOL_DOWN,
        seed=7,
        channels=("heart_rate_bpm",),
        ftp_w=None,
    ),
    "dual_sided": Recipe(
        WARM_UP
        + _repeat(SPIN, 4)
        + _repeat(((100, 190, 64, True), (60, 150, 78, False), (60, 105, 88, False)), 5)
        + _repeat(SPIN, 3)
        + COOL_DOWN,
        seed=8,
        dual_sided=True,
        posture=True,
        laps=(0, 420, 1140, 2240),
    ),
    "many_laps": Recipe(
        WARM_UP + _repeat(((24, 300, 95, False), (36, 90, 84, False)), 28) + GRIND + COOL_DOWN,
        seed=9,
        laps=(0.0, 420.0, *(420.0 + 60.0 * k for k in range(1, 28)), 2170.0),
    ),
    "not_enough_data": Recipe(
        ((200, 100, 84, False), (90, 150, 88, False)),
        seed=10,
        ftp_w=None,
        mass_kg=None,
        masked=((60, 150),),
        issues=(Issue("file_truncated", detail="the recorder stopped in the middle of a message"),),
    ),
}
NAMES: tuple[str, ...] = tuple(RECIPES)


@cache
def example(name: str) -> ClassAnalysis:
    """The class of that name, always the same object. KeyError for a name that is not in `NAMES`."""
    return build(name, RECIPES[name])


def build(name: str, recipe: Recipe) -> ClassAnalysis:
    """A class from its recipe."""
    time, power, cadence, standing = _ride(recipe)
    heart = _heart_rate(power, recipe)
    keep = np.ones(len(time), bool)
    for start, stop in recipe.pauses + recipe.gaps:
        keep &= ~((time >= start) & (time < stop))
    time, power, cadence, standing, heart = (a[keep] for a in (time, power, cadence, standing, heart))
    step = np.diff(time, append=time[-1] + 1.0)
    dt = np.where(step > 5.0, 0.0, step)
    have = recipe.channels
    torque = np.where(power > 5.0, power / (units.RAD_PER_S_PER_RPM * np.maximum(cadence, 20.0)), 0.0)
    rng = np.random.default_rng(recipe.seed + 100)
    balance = 50.5 + 1.8 * time / time[-1] - 0.01 * (power - 140.0) + rng.normal(0.0, 0.9, len(time))

    arrays: dict[str, np.ndarray] = {}
    if "power_w" in have:
        arrays["power_w"] = power
    if "cadence_rpm" in have:
        arrays["cadence_rpm"] = cadence
    if {"power_w", "cadence_rpm"} <= set(have):
        arrays["torque_nm"] = torque
    if "heart_rate_bpm" in have:
        arrays["heart_rate_bpm"] = heart
    if recipe.dual_sided:
        arrays["right_balance_pct"] = np.where(power > 5.0, np.round(balance * 2) / 2, np.nan)
    if recipe.posture:
        arrays["standing"] = standing.astype(float)

    raw = pl.DataFrame(
        {"time_s": time, **{k: pl.Series(v, nan_to_null=True) for k, v in arrays.items() if k != "torque_nm"}}
    )
    states = {name: np.zeros(len(time), np.int8) for name in arrays}
    for start, stop in recipe.masked:
        where = (time >= start) & (time < stop)
        for channel in ("power_w", "torque_nm"):
            if channel in arrays:
                arrays[channel] = np.where(where, np.nan, arrays[channel])
                states[channel][where] = 2
    for start, stop in recipe.interpolated:
        where = (time >= start) & (time < stop)
        for channel in ("power_w", "torque_nm"):
            if channel in arrays:
                states[channel][where] = 1

    nothing = np.full(len(time), np.nan)
    p, c, t = (arrays.get(k, nothing) for k in ("power_w", "cadence_rpm", "torque_nm"))
    pedalling = (c >= 20.0) & (p > 5.0)
    smooth = {k: _smooth(v, pedalling) for k, v in (("power", p), ("cadence", c), ("torque", t))}
    reference = (
        60.0 * (recipe.ftp_w or 0.0) / (2 * math.pi * 90.0)
        if recipe.ftp_w
        else 0.265 * (recipe.mass_kg or 75.5)
    )
    grinding_reference = (
        reference if recipe.ftp_w else (0.35 / 1.2 * recipe.mass_kg if recipe.mass_kg else 25.0)
    )
    bouts = _bouts(time, dt, p, c, t, smooth["cadence"], smooth["torque"], reference, grinding_reference)
    in_bout = np.zeros(len(time), bool)
    for bout in bouts:
        in_bout |= (time >= bout.start_s) & (time < bout.stop_s)

    samples = pl.DataFrame(
        {
            "time_s": time,
            "dt_s": dt,
            **{k: pl.Series(v, nan_to_null=True) for k, v in arrays.items()},
            **{
                f"{k}_state": pl.Series(
                    [("measured", "interpolated", "masked", "missing", "estimated")[i] for i in v]
                )
                for k, v in states.items()
            },
            "pedalling": pedalling,
            "in_bout": in_bout,
            "power_smooth_w": pl.Series(smooth["power"], nan_to_null=True),
            "cadence_smooth_rpm": pl.Series(smooth["cadence"], nan_to_null=True),
            "torque_smooth_nm": pl.Series(smooth["torque"], nan_to_null=True),
        }
    )

    edges = (*recipe.laps, float(time[-1]) + 1.0)
    laps = tuple(
        Lap(start, stop, recipe.lap_labels[i] if i < len(recipe.lap_labels) else "", "manual")
        for i, (start, stop) in enumerate(itertools.pairwise(edges))
    )
    recording = ClassRecording(
        id=f"example{recipe.seed:02d}abcd",
        source="fit",
        samples=raw,
        file=f"{name}.fit",
        started_at=datetime(2026, 3, 3, 17, 30, tzinfo=UTC),
        utc_offset_s=3600.0,
        sport="cycling",
        sub_sport="indoor_cycling",
        devices=(Device("recorder", "Example", "Head unit", serial="12345678", software="1.2"),),
        pauses=tuple(Pause(a, b) for a, b in recipe.pauses),
        laps=laps,
        head_unit={"duration_s": float(time[-1] + 1)},
        issues=recipe.issues,
        posture_known=recipe.posture,
        single_sided=False if recipe.dual_sided else None,
        balance_convention="right_flag" if recipe.dual_sided else "",
    )

    curves = _curves(recipe, time, dt, p, c, t, arrays, in_bout, reference, grinding_reference)
    metrics = _metrics(recipe, time, dt, p, c, t, arrays, pedalling, bouts, reference, curves)
    drift = _drift(recipe, arrays, time, c, t)
    review = _review(name, metrics, bouts, drift, have)
    issues = list(recipe.issues)
    issues += [Issue("gap", a, b, 1, f"{b - a:.0f} s without samples") for a, b in recipe.gaps]
    issues += [Issue("power_spike", a, b, 1, "masked") for a, b in recipe.masked]
    grade = (
        "not_usable" if name == "not_enough_data" else ("fair" if recipe.gaps or recipe.pauses else "good")
    )
    return ClassAnalysis(
        recording=recording,
        rider={
            "mass_kg": recipe.mass_kg,
            "mass_source": "rider",
            "ftp_w": recipe.ftp_w,
            "ftp_source": "rider file" if recipe.ftp_w else "not known",
            "crank_length_mm": 170.0,
            "crank_length_source": "default for studio bikes",
            "max_hr_bpm": 186.0,
            "torque_reference_nm": reference,
            "torque_reference_source": f"FTP {recipe.ftp_w:.0f} W at 90 rpm (rider file)"
            if recipe.ftp_w
            else "body mass, no FTP known",
            "grinding_reference_nm": grinding_reference,
            "grinding_reference_source": "FTP" if recipe.ftp_w else "body mass, no FTP known",
            "meter_error_pct": 5.0,
        },
        quality=Quality(
            grade, dict.fromkeys(arrays, 0.97), tuple(issues), ("one gap of 43 s",) if recipe.gaps else ()
        ),
        metrics=metrics,
        bouts=bouts,
        drift=drift,
        review=review,
        limits=LIMITS.used(),
        blocks=_blocks(laps, time, dt, p, c, t, arrays, in_bout, reference),
        posture={
            "known": recipe.posture,
            "standing_s": float(dt[standing].sum()) if recipe.posture else None,
            "seated_s": float(dt[~standing].sum()) if recipe.posture else None,
            "note": "from rider-position events" if recipe.posture else "posture unknown: no position events",
        },
        counterfactuals=_counterfactuals(dt, p, c, reference) if "torque_nm" in arrays else (),
        agreement=(Agreement("duration_s", float(time[-1] + 1), float(time[-1] + 1), "s", 0.0),),
        heart_rate_zones=_zones(arrays, dt),
        samples=samples,
        curves=curves,
    )


def _ride(recipe: Recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Time, power, cadence and standing at 1 Hz, with AR(1) noise and soft corners."""
    rng = np.random.default_rng(recipe.seed)
    watts = np.concatenate([np.full(int(s), w) for s, w, _, _ in recipe.programme])
    rpm = np.concatenate([np.full(int(s), r) for s, _, r, _ in recipe.programme])
    standing = np.concatenate([np.full(int(s), up) for s, _, _, up in recipe.programme]).astype(bool)
    n = len(watts)
    time = np.arange(n, dtype=float)
    if recipe.fade_from_min is not None:
        rpm = rpm - 0.35 * np.maximum(0.0, time / 60.0 - recipe.fade_from_min)
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    watts = np.convolve(np.pad(watts, 2, mode="edge"), kernel, mode="valid")
    rpm = np.convolve(np.pad(rpm, 2, mode="edge"), kernel, mode="valid")
    power = np.maximum(0.0, np.round(watts * (1.0 + _ar(rng, n, 0.6, 0.035)) + rng.normal(0, 2, n)))
    cadence = np.round(rpm + _ar(rng, n, 0.8, 0.8))
    coast = rng.integers(60, max(61, n - 20), size=max(1, n // 700))
    for start in coast:
        power[start : start + 7] = 0.0
        cadence[start + 1 : start + 6] = 0.0
    return time, power, cadence, standing


def _ar(rng: np.random.Generator, n: int, rho: float, sd: float) -> np.ndarray:
    noise = rng.normal(0.0, sd, n)
    out = np.empty(n)
    last = 0.0
    for i in range(n):
        last = rho * last + noise[i]
        out[i] = last
    return out


def _filtered(values: np.ndarray, tau: float) -> np.ndarray:
    out = np.empty(len(values))
    state = values[0]
    gain = 1.0 - math.exp(-1.0 / tau)
    for i, value in enumerate(values):
        state += gain * (value - state)
        out[i] = state
    return out


def _heart_rate(power: np.ndarray, recipe: Recipe) -> np.ndarray:
    rng = np.random.default_rng(recipe.seed + 50)
    hours = np.arange(len(power)) / 3600.0
    return np.round(
        82.0
        + 0.34 * _filtered(power, 35.0)
        + recipe.heart_rate_drift_bpm_per_h * hours
        + _ar(rng, len(power), 0.95, 0.35)
    )


def _smooth(values: np.ndarray, pedalling: np.ndarray) -> np.ndarray:
    """Centred mean of five pedalling samples, only where the centre pedals."""
    ok = pedalling & np.isfinite(values)
    total = np.convolve(np.where(ok, values, 0.0), np.ones(5), mode="same")
    count = np.convolve(ok.astype(float), np.ones(5), mode="same")
    return np.where(ok, total / np.maximum(count, 1.0), np.nan)


def _bouts(
    time: np.ndarray,
    dt: np.ndarray,
    p: np.ndarray,
    c: np.ndarray,
    t: np.ndarray,
    cs: np.ndarray,
    ts: np.ndarray,
    reference: float,
    grinding: float,
) -> tuple[Bout, ...]:
    spans: list[list[int]] = []
    on = False
    for i in range(len(time)):
        if on:
            on = bool(cs[i] <= 65.0 and ts[i] >= grinding and cs[i] >= 20.0)
        else:
            on = bool(20.0 <= cs[i] <= 60.0 and ts[i] >= 1.2 * grinding)
            if on and not (spans and time[i] - time[spans[-1][1]] <= 5.0):
                spans.append([i, i])
        if on:
            spans[-1][1] = i
    found = []
    for first, last in spans:
        part = slice(first, last + 1)
        d = dt[part]
        if d.sum() < 15.0:
            continue
        mean_c, mean_t = float(np.average(c[part], weights=d)), float(np.average(t[part], weights=d))
        tier: Tier = "loaded"
        if mean_c <= 50.0 and mean_t >= 1.5 * grinding:
            tier = "heavy"
        elif mean_c <= 60.0 and mean_t >= 1.2 * grinding:
            tier = "grinding"
        found.append(
            Bout(
                tier,
                float(time[first]),
                float(time[last] + dt[last]),
                float(d.sum()),
                float((2 * c[part] * d).sum() / 60),
                float((p[part] * d).sum() / 1000),
                float(((t[part] / reference) ** 2 * d).sum() / 36),
                mean_c,
                mean_t,
            )
        )
    return tuple(found)


def _curves(
    recipe: Recipe,
    time: np.ndarray,
    dt: np.ndarray,
    p: np.ndarray,
    c: np.ndarray,
    t: np.ndarray,
    arrays: dict[str, np.ndarray],
    in_bout: np.ndarray,
    reference: float,
    grinding: float,
) -> dict[str, object]:
    curves: dict[str, object] = {
        "reference_torque_nm": reference,
        "reference_cadence_rpm": 90.0,
        "grinding_on_torque_nm": 1.2 * grinding,
        "grinding_on_cadence_rpm": 60.0,
        "grinding_off_torque_nm": grinding,
        "grinding_off_cadence_rpm": 65.0,
        "crank_length_m": 0.170,
    }
    if "torque_nm" in arrays:
        dose = np.nan_to_num((t / reference) ** 2 * dt / 36.0)
        curves["load_time_s"] = time
        curves["load_total"] = np.cumsum(dose)
        curves["load_in_bouts"] = np.cumsum(np.where(in_bout, dose, 0.0))
        total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(t))))
        fits = [d for d in MMT_DURATIONS_S if d <= len(t)]
        curves["mmt_duration_s"] = np.array(fits, float)
        curves["mmt_torque_nm"] = np.array([(total[d:] - total[:-d]).max() / d for d in fits])
        curves["swing_range_nm"] = np.array([4.0, 9.0, 18.0])
        curves["swing_cycles"] = np.array([6.0, 3.5, 8.0])
    if {"heart_rate_bpm", "power_w"} <= set(arrays) and len(time) > 1200:
        pick = np.arange(300, len(time), 5)
        modelled = 82.0 + 0.34 * _filtered(np.nan_to_num(p), 35.0)
        curves["hr_time_s"] = time[pick]
        curves["hr_measured_bpm"] = arrays["heart_rate_bpm"][pick]
        curves["hr_without_drift_bpm"] = modelled[pick]
        curves["hr_modelled_bpm"] = modelled[pick] + recipe.heart_rate_drift_bpm_per_h * time[pick] / 3600.0
    if "torque_nm" in arrays and len(time) > 1200:
        bins = np.arange(0.0, time[-1], 30.0)
        rng = np.random.default_rng(recipe.seed + 70)
        residual = _ar(rng, len(bins), 0.4, 0.7)
        centre = bins + 15.0
        if recipe.fade_from_min is not None:
            fall = -0.35 * np.maximum(0.0, centre / 60.0 - recipe.fade_from_min)
            residual = residual + fall
            curves["onset_fit_rpm"] = fall + 0.3
        curves["cadence_bin_time_s"] = centre
        curves["cadence_residual_rpm"] = residual
    if "right_balance_pct" in arrays:
        edges = np.arange(0.0, time[-1] + 30.0, 30.0)
        right = arrays["right_balance_pct"]
        means = []
        for a, b in itertools.pairwise(edges):
            ok = (time >= a) & (time < b) & np.isfinite(right) & (p >= 50.0)
            means.append(np.average(right[ok], weights=p[ok]) if ok.any() else np.nan)
        curves["balance_time_s"] = edges[:-1] + 15.0
        curves["balance_right_pct"] = np.array(means)
    return curves


def _metrics(
    recipe: Recipe,
    time: np.ndarray,
    dt: np.ndarray,
    p: np.ndarray,
    c: np.ndarray,
    t: np.ndarray,
    arrays: dict[str, np.ndarray],
    pedalling: np.ndarray,
    bouts: tuple[Bout, ...],
    reference: float,
    curves: dict[str, object],
) -> dict[str, MetricResult]:
    values: dict[str, float] = {}
    if "power_w" in arrays:
        values |= {
            "work_kj": float(np.nansum(p * dt)) / 1000,
            "mean_power_w": float(np.nansum(p * dt) / dt.sum()),
            "max_power_w": float(np.nanmax(p)),
        }
        if recipe.mass_kg:
            values["power_per_kg"] = values["mean_power_w"] / recipe.mass_kg
    if "cadence_rpm" in arrays:
        turning = c >= 20.0
        values |= {
            "mean_cadence_rpm": float(np.average(c[turning], weights=dt[turning])),
            "strokes": float((2 * c * dt)[turning].sum() / 60),
            "low_cadence_min": float(dt[turning & (c <= 60)].sum() / 60),
        }
    if "heart_rate_bpm" in arrays:
        values |= {
            "mean_heart_rate_bpm": float(arrays["heart_rate_bpm"].mean()),
            "max_heart_rate_bpm": float(arrays["heart_rate_bpm"].max()),
        }
    if "torque_nm" in arrays:
        load = float(np.nansum((t / reference) ** 2 * dt) / 36)
        minutes = float(dt[pedalling].sum() / 60)
        ground = sum(b.duration_s for b in bouts) / 60
        hits = sum(b.strokes for b in bouts)
        late = sum(b.strokes for b in bouts if b.start_s >= 1800)
        aepf, cpv = t / 0.17, units.RAD_PER_S_PER_RPM * c * 0.17
        ref_force, ref_speed = reference / 0.17, units.RAD_PER_S_PER_RPM * 90 * 0.17
        d = np.where(pedalling, dt, 0.0)
        high, fast = aepf >= ref_force, cpv >= ref_speed
        values |= {
            "torque_load": load,
            "angular_impulse_knms": float(np.nansum(t * dt)) / 1000,
            "mean_torque_nm": float(np.nansum(t * d) / d.sum()),
            "rms_torque_nm": math.sqrt(float(np.nansum(t**2 * d) / d.sum())),
            "peak_torque_modelled_nm": 1.6 * float(np.nanmax(t)),
            "pedalling_min": minutes,
            "unbroken_min": minutes,
            "grinding_min": ground,
            "grinding_pct": 100 * ground / minutes,
            "grinding_bouts": float(len(bouts)),
            "grinding_longest_s": max((b.duration_s for b in bouts), default=0.0),
            "grinding_strokes": hits,
            "grinding_kj": sum(b.work_kj for b in bouts),
            "grinding_load_share_pct": 100 * sum(b.torque_load for b in bouts) / load,
            "grinding_late_strokes": late,
            "quadrant_1_pct": 100 * float(d[high & fast].sum() / d.sum()),
            "quadrant_2_pct": 100 * float(d[high & ~fast].sum() / d.sum()),
            "quadrant_3_pct": 100 * float(d[~high & ~fast].sum() / d.sum()),
            "quadrant_4_pct": 100 * float(d[~high & fast].sum() / d.sum()),
        }
        if hits:
            values["grinding_late_share_pct"] = 100 * late / hits
        durations, torques = curves["mmt_duration_s"], curves["mmt_torque_nm"]
        assert isinstance(durations, np.ndarray)
        assert isinstance(torques, np.ndarray)
        values |= {f"mmt_{int(k)}s_nm": float(v) for k, v in zip(durations, torques, strict=True)}
        if "hr_time_s" in curves:
            values["heart_rate_drift_bpm_per_h"] = recipe.heart_rate_drift_bpm_per_h
    if "right_balance_pct" in arrays:
        values["right_balance_pct"] = float(np.nanmean(arrays["right_balance_pct"]))
    spread = {
        "torque_load": (0.9025, 1.1025),
        "peak_torque_modelled_nm": (1.5 / 1.6, 2.0 / 1.6),
        "heart_rate_drift_bpm_per_h": (0.6, 1.4),
    }
    metrics = {}
    for name in METRIC_ROWS:
        if name not in values:
            metrics[name] = result(name, None, absent_because=_why_absent(name, recipe.channels))
            continue
        low, high = spread.get(name, (None, None))
        metrics[name] = result(
            name,
            values[name],
            low=None if low is None else values[name] * low,
            high=None if high is None else values[name] * high,
            coverage=0.97,
        )
    return metrics


def _why_absent(name: str, have: tuple[str, ...]) -> str:
    if "power_w" not in have:
        return "no power was recorded"
    if "heart" in name:
        return "no heart rate was recorded" if "heart_rate_bpm" not in have else "the class is too short"
    return "not recorded in this class"


def _drift(
    recipe: Recipe, arrays: dict[str, np.ndarray], time: np.ndarray, c: np.ndarray, t: np.ndarray
) -> dict[str, Drift]:
    long_enough = len(time) > 1200
    torque = "torque_nm" in arrays and long_enough
    heart = torque and "heart_rate_bpm" in arrays
    s = recipe.heart_rate_drift_bpm_per_h
    fade = recipe.fade_from_min
    no_torque = "no torque was recorded" if long_enough else "the class is shorter than 20 minutes"

    def absent(unit: str, why: str) -> Drift:
        return Drift(None, unit, applicable=False, why_not=why)

    return {
        "cadence": Drift(
            -0.11 if fade else -0.01,
            "rpm/min",
            -0.19,
            0.03,
            detail="removes about half of the programme's bias",
        )
        if torque
        else absent("rpm/min", no_torque),
        "heart_rate": Drift(
            s, "bpm/h", s * 0.6, s * 1.4, detail="heat, caffeine and a loose strap do the same", evidence="C"
        )
        if heart
        else absent("bpm/h", "no heart rate was recorded" if torque else no_torque),
        "symmetry": Drift(1.4, "points/h", 0.6, 2.2)
        if recipe.dual_sided
        else absent("points/h", "not a dual-sided meter"),
        "smoothness": absent("points/h", "no pedal smoothness was recorded"),
        "respiration": absent("1/min per h", "no breathing rate was recorded"),
        "onset": Drift(fade, "min", fade - 3.0, fade + 4.0, window_min=(fade - 3.0, fade + 4.0))
        if torque and fade
        else absent("min", "no break in the cadence beyond chance" if torque else no_torque),
    }


def _review(
    name: str,
    metrics: dict[str, MetricResult],
    bouts: tuple[Bout, ...],
    drift: dict[str, Drift],
    have: tuple[str, ...],
) -> Review:
    findings = []
    minutes = metrics["grinding_min"].value
    longest = metrics["grinding_longest_s"].value
    if minutes is not None and longest is not None and (minutes >= 8.0 or longest >= 180.0):
        widest = max(bouts, key=lambda b: b.duration_s)
        findings.append(
            Finding(
                "R2",
                "Grinding",
                minutes if minutes >= 8.0 else longest,
                8.0 if minutes >= 8.0 else 180.0,
                "min" if minutes >= 8.0 else "s",
                "D",
                f"{minutes:.1f} minutes of slow, heavy pedalling; the longest bout took {longest:.0f} s.",
                "The same power at 15 rpm more would have left no bout.",
                widest.start_s,
                widest.stop_s,
            )
        )
    share, late = metrics["grinding_late_share_pct"].value, metrics["grinding_late_strokes"].value
    if share is not None and late is not None and share >= 50.0 and late >= 300.0:
        findings.append(
            Finding(
                "R3", "Late loading", share, 50.0, "%", "D",
                f"{share:.0f} % of the heavy strokes came after minute 30.",
                "Heavy work before minute 30 instead.",
                1800.0, max(b.stop_s for b in bouts),
            )
        )  # fmt: skip
    heart = drift["heart_rate"]
    if heart.value is not None and heart.low is not None and heart.value >= 8.0 and heart.low > 0.0:
        findings.append(
            Finding(
                "R4", "Heart-rate drift", heart.value, 8.0, "bpm/h", "C",
                f"Heart rate rose {heart.value:.0f} bpm an hour beyond what power explains.",
                "A drift under 8 bpm an hour.",
                300.0, None,
            )
        )  # fmt: skip
    unchecked = [Unchecked("R1", "no earlier classes to compare with"), Unchecked("R6", "no pain was noted")]
    if "heart_rate_bpm" not in have:
        unchecked.append(Unchecked("R4", "no heart rate was recorded"))
    if metrics["right_balance_pct"].value is None:
        unchecked.append(Unchecked("R5", "not a dual-sided meter"))
    if name == "not_enough_data" or minutes is None:
        step = "This bike sent no cadence or no power: ask the studio for a bike that sends both."
        return Review(
            "not_enough_data",
            False,
            (),
            tuple(unchecked),
            "Too little was recorded to review this class.",
            STATEMENT,
            step,
        )
    if len(findings) >= 2:
        return Review(
            "review",
            True,
            tuple(findings),
            tuple(unchecked),
            "This class is worth a look, for the reasons below.",
            STATEMENT,
        )
    if findings:
        return Review(
            "note", False, tuple(findings), tuple(unchecked), "One thing stood out in this class.", STATEMENT
        )
    return Review(
        "usual",
        False,
        (),
        tuple(unchecked),
        "Nothing in this class went over a limit that could be checked.",
        STATEMENT,
    )


def _blocks(
    laps: tuple[Lap, ...],
    time: np.ndarray,
    dt: np.ndarray,
    p: np.ndarray,
    c: np.ndarray,
    t: np.ndarray,
    arrays: dict[str, np.ndarray],
    in_bout: np.ndarray,
    reference: float,
) -> tuple[Block, ...]:
    def mean(values: np.ndarray | None, where: np.ndarray) -> float | None:
        if values is None or not np.isfinite(values[where]).any():
            return None
        return float(np.nanmean(values[where]))

    rows = []
    for i, lap in enumerate(laps):
        where = (time >= lap.start_s) & (time < lap.stop_s)
        rows.append(
            Block(
                lap.label or f"Lap {i + 1}",
                lap.start_s,
                lap.stop_s,
                mean(arrays.get("power_w"), where),
                mean(arrays.get("cadence_rpm"), where),
                mean(arrays.get("torque_nm"), where),
                mean(arrays.get("heart_rate_bpm"), where),
                float(np.nansum((t / reference) ** 2 * np.where(where, dt, 0.0)) / 36)
                if "torque_nm" in arrays
                else None,
                float(dt[where & in_bout].sum()),
                lap.trigger,
            )
        )
    return tuple(rows)


def _counterfactuals(
    dt: np.ndarray, p: np.ndarray, c: np.ndarray, reference: float
) -> tuple[Counterfactual, ...]:
    rows = []
    for added in (10.0, 15.0):
        turning = (c >= 20.0) & (p > 5.0)
        faster = np.where(turning, np.minimum(c + added, 110.0), np.nan)
        torque = p / (units.RAD_PER_S_PER_RPM * faster)
        load = float(np.nansum((torque / reference) ** 2 * dt) / 36)
        slow = turning & (faster <= 60.0) & (torque >= 1.2 * reference)
        rows.append(
            Counterfactual(
                added, load, float(dt[slow].sum() / 60), None, float(np.nansum(2 * faster * dt) / 60)
            )
        )
    return tuple(rows)


def _zones(arrays: dict[str, np.ndarray], dt: np.ndarray) -> tuple[HeartRateZone, ...]:
    heart = arrays.get("heart_rate_bpm")
    if heart is None:
        return ()
    edges: list[tuple[str, float, float | None]] = [
        ("Zone 1", 93, 112),
        ("Zone 2", 112, 130),
        ("Zone 3", 130, 149),
        ("Zone 4", 149, 167),
        ("Zone 5", 167, None),
    ]
    return tuple(
        HeartRateZone(label, low, high, float(dt[(heart >= low) & (heart < (high or math.inf))].sum()))
        for label, low, high in edges
    )
