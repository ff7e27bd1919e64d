"""Ten classes for the tests of figures and pages: `example("grinder")` is a whole `ClassAnalysis`.

Comes in: a name of `NAMES`. Goes out: the same analysis at every call: a programme of (seconds, watts, rpm,
standing) ridden with seeded noise, with the defects its recipe names, then analysed. Leaves to others: what
the numbers ought to be; a test of a drawing compares it with the analysis it was drawn from.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np
import polars as pl

from telemetry.analysis import analyze
from telemetry.model import ClassAnalysis, ClassRecording, Device, Issue, Lap, Pause, Rider

Step = tuple[float, float, float, bool]
"""seconds, watts, rpm, standing"""
Stretch = tuple[float, float]
"""from and to, in seconds"""


@dataclass(frozen=True)
class Recipe:
    """What a class is made of."""

    programme: tuple[Step, ...]
    seed: int
    ftp_w: float | None = 200.0
    mass_kg: float | None = 72.0
    channels: tuple[str, ...] = ("power_w", "cadence_rpm", "heart_rate_bpm")
    dual_sided: bool = False
    posture: bool = False
    fade_from_min: float | None = None
    """cadence falls by 0.35 rpm a minute from here on"""
    heart_rate_drift_bpm_per_h: float = 3.0
    laps: tuple[float, ...] = ()
    """seconds at which laps start"""
    lap_labels: tuple[str, ...] = ()
    pauses: tuple[Stretch, ...] = ()
    gaps: tuple[Stretch, ...] = ()
    """samples that are not there at all"""
    dropouts: tuple[Stretch, ...] = ()
    """samples without power"""
    spikes: tuple[float, ...] = ()
    """seconds at which the power reads 2,900 W"""
    issues: tuple[Issue, ...] = ()


WARM_UP: tuple[Step, ...] = ((240, 90, 85, False), (180, 120, 90, False))
COOL_DOWN: tuple[Step, ...] = ((200, 90, 86, False), (100, 60, 80, False))
SPIN: tuple[Step, ...] = ((120, 170, 92, False), (60, 110, 88, False))
CLIMB: tuple[Step, ...] = ((150, 195, 72, False), (60, 110, 86, False))
LOADED: tuple[Step, ...] = ((15, 220, 57, False), (185, 215, 61, False), (70, 100, 84, False))
GRIND: tuple[Step, ...] = ((200, 225, 54, False), (70, 100, 84, False))
HEAVY: tuple[Step, ...] = ((60, 250, 46, False), (30, 250, 46, True), (80, 90, 82, False))
UPRIGHT: tuple[Step, ...] = ((100, 190, 64, True), (60, 150, 78, False), (60, 105, 88, False))
SPRINT: tuple[Step, ...] = ((24, 300, 95, False), (36, 90, 84, False))
HILLY: tuple[Step, ...] = (*SPIN, *GRIND[:1], *CLIMB, (130, 120, 86, False), *HEAVY[:2])

RECIPES: dict[str, Recipe] = {
    "usual": Recipe(
        WARM_UP + SPIN * 5 + CLIMB * 4 + SPIN * 2 + COOL_DOWN,
        seed=1,
        laps=(0, 420, 1320, 2160, 2520),
        lap_labels=("Warm-up", "Flat road", "Climb", "Sprints", "Cool-down"),
    ),
    "grinder": Recipe(
        WARM_UP + LOADED + GRIND * 2 + HEAVY * 3 + SPIN + GRIND * 2 + COOL_DOWN,
        seed=2,
        heart_rate_drift_bpm_per_h=12.0,
        laps=(0, 420, 1230, 1740, 1920, 2460),
        lap_labels=("Warm-up", "Hill 1", "Heavy", "Flat", "Hill 2", "Cool-down"),
        gaps=((1505, 1548),),
        dropouts=((905, 908), (2600, 2645)),
        spikes=(612,),
        posture=True,
    ),
    "short": Recipe(
        ((120, 100, 86, False), (180, 180, 88, False), (60, 230, 57, False), (120, 110, 88, False)), seed=3
    ),
    "long": Recipe(
        WARM_UP + HILLY * 12 + COOL_DOWN,
        seed=4,
        laps=tuple(float(start) for start in range(0, 10800, 1200)),
        pauses=((4200, 4500),),
        gaps=((7200, 7290),),
        heart_rate_drift_bpm_per_h=6.0,
    ),
    "no_heart_rate": Recipe(
        WARM_UP + SPIN * 5 + GRIND + CLIMB * 4 + COOL_DOWN,
        seed=5,
        channels=("power_w", "cadence_rpm"),
        ftp_w=None,
    ),
    "cadence_only": Recipe(
        WARM_UP + SPIN * 6 + CLIMB * 5 + COOL_DOWN, seed=6, channels=("cadence_rpm",), ftp_w=None
    ),
    "heart_rate_only": Recipe(
        WARM_UP + SPIN * 6 + CLIMB * 5 + COOL_DOWN, seed=7, channels=("heart_rate_bpm",), ftp_w=None
    ),
    "dual_sided": Recipe(
        WARM_UP + SPIN * 4 + UPRIGHT * 5 + SPIN * 3 + COOL_DOWN,
        seed=8,
        dual_sided=True,
        posture=True,
        fade_from_min=24.0,
        laps=(0, 420, 1140, 2240),
    ),
    "many_laps": Recipe(
        WARM_UP + SPRINT * 28 + GRIND + COOL_DOWN,
        seed=9,
        laps=(0.0, 420.0, *(420.0 + 60.0 * k for k in range(1, 28)), 2170.0),
    ),
    "not_enough_data": Recipe(
        ((200, 100, 84, False), (90, 150, 88, False)),
        seed=10,
        ftp_w=None,
        mass_kg=None,
        dropouts=((60, 150),),
        issues=(Issue("file_truncated", detail="the recorder stopped in the middle of a message"),),
    ),
}
NAMES: tuple[str, ...] = tuple(RECIPES)


@cache
def example(name: str) -> ClassAnalysis:
    """The class of that name, always the same object. KeyError for a name that is not in `NAMES`."""
    recipe = RECIPES[name]
    rider = Rider(mass_kg=recipe.mass_kg, ftp_w=recipe.ftp_w, max_hr_bpm=186.0)
    return analyze(recording(name, recipe), rider)


def recording(name: str, recipe: Recipe) -> ClassRecording:
    """A class as a head unit would have recorded it at 1 Hz."""
    rng = np.random.default_rng(recipe.seed)
    time, power, cadence, standing = _ride(rng, recipe)
    columns = {"power_w": power, "cadence_rpm": cadence, "heart_rate_bpm": _heart_rate(rng, power, recipe)}
    columns = {channel: columns[channel] for channel in recipe.channels}
    if recipe.dual_sided:
        share = 50.5 + 1.8 * time / time[-1] - 0.01 * (power - 140.0) + rng.normal(0.0, 0.9, len(time))
        columns["right_balance_pct"] = np.where(power > 5.0, np.round(share * 2) / 2, np.nan)
    if recipe.posture:
        columns["standing"] = standing
    for spike in recipe.spikes:
        columns["power_w"][time == spike] = 2900.0
    for start, stop in recipe.dropouts:
        columns["power_w"][(time >= start) & (time < stop)] = np.nan
    keep = np.ones(len(time), bool)
    for start, stop in recipe.pauses + recipe.gaps:
        keep &= ~((time >= start) & (time < stop))
    edges = (*recipe.laps, float(time[-1]) + 1.0)
    return ClassRecording(
        id=f"example{recipe.seed:02d}abcd",
        source="fit",
        samples=pl.DataFrame(
            {
                "time_s": time[keep],
                **{channel: pl.Series(values[keep], nan_to_null=True) for channel, values in columns.items()},
            }
        ),
        file=f"{name}.fit",
        started_at=datetime(2026, 3, 3, 17, 30, tzinfo=UTC),
        utc_offset_s=3600.0,
        sport="cycling",
        sub_sport="indoor_cycling",
        devices=(Device("recorder", "Example", "Head unit", serial="12345678", software="1.2"),),
        pauses=tuple(Pause(start, stop) for start, stop in recipe.pauses),
        laps=tuple(
            Lap(start, stop, label, "manual")
            for (start, stop), label in zip(
                itertools.pairwise(edges),
                itertools.chain(recipe.lap_labels, itertools.repeat("")),
                strict=False,
            )
        ),
        head_unit={"duration_s": float(time[-1] + 1)},
        issues=recipe.issues,
        posture_known=recipe.posture,
        single_sided=False if recipe.dual_sided else None,
        balance_convention="right_flag" if recipe.dual_sided else "",
    )


def _ride(rng: np.random.Generator, recipe: Recipe) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Time, power, cadence and standing at 1 Hz, with noise, soft corners and a coast now and then."""
    seconds = [int(step[0]) for step in recipe.programme]
    watts, rpm, standing = (
        np.repeat([float(step[i]) for step in recipe.programme], seconds) for i in (1, 2, 3)
    )
    time = np.arange(len(watts), dtype=float)
    if recipe.fade_from_min is not None:
        rpm = rpm - 0.35 * np.maximum(0.0, time / 60.0 - recipe.fade_from_min)
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    watts, rpm = (
        np.convolve(np.pad(values, 2, mode="edge"), kernel, mode="valid") for values in (watts, rpm)
    )
    power = np.maximum(0.0, np.round(watts * (1.0 + _wander(rng, len(time), 0.6, 0.035))))
    cadence = np.round(rpm + _wander(rng, len(time), 0.8, 0.8))
    for start in rng.integers(60, len(time) - 20, size=max(1, len(time) // 700)):
        power[start : start + 7] = 0.0
        cadence[start + 1 : start + 6] = 0.0
    return time, power, cadence, standing


def _heart_rate(rng: np.random.Generator, power: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Heart rate that follows power with 35 s, and drifts."""
    gain, state = 1.0 - math.exp(-1.0 / 35.0), float(power[0])
    filtered = np.empty(len(power))
    for i, watts in enumerate(power):
        state += gain * (watts - state)
        filtered[i] = state
    drift = recipe.heart_rate_drift_bpm_per_h * np.arange(len(power)) / 3600.0
    return np.round(82.0 + 0.34 * filtered + drift + _wander(rng, len(power), 0.95, 0.35))


def _wander(rng: np.random.Generator, n: int, rho: float, sd: float) -> np.ndarray:
    """Noise that remembers: AR(1)."""
    noise = rng.normal(0.0, sd, n)
    out, last = np.empty(n), 0.0
    for i in range(n):
        last = rho * last + noise[i]
        out[i] = last
    return out
