"""How long one class takes: `python -m benchmarks.analyze`.

Comes in: nothing; a one-hour class at 1 Hz with every channel is made here, seeded. Goes out: milliseconds of
one core per part, warm. The goal is 10 ms or less for all of it, the null of the onset included.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import polars as pl

from telemetry.analysis import analyze, effort, grinding, symmetry, torque_load
from telemetry.analysis.compose import sampled
from telemetry.analysis.conditioning import condition
from telemetry.analysis.context import resolve
from telemetry.analysis.counterfactual import counterfactuals
from telemetry.analysis.fatigue_drift import fatigue_drift
from telemetry.model import ClassRecording, Rider

RIDER = Rider(ftp_w=220.0, mass_kg=70.0, cp_w=210.0, w_prime_j=18000.0, max_hr_bpm=188.0)
GOAL_MS = 10.0


def hour(seed: int = 1) -> ClassRecording:
    """One hour at 1 Hz: intervals, heart rate, balance, smoothness and effectiveness of both sides."""
    rng = np.random.default_rng(seed)
    t = np.arange(3600.0)
    hard = (t // 150) % 2 == 0
    power = np.where(hard, 230.0, 120.0) + rng.normal(0.0, 9.0, 3600)
    columns = {
        "time_s": t,
        "power_w": power.round(),
        "cadence_rpm": (np.where(hard, 62.0, 88.0) + rng.normal(0.0, 2.0, 3600)).round(),
        "heart_rate_bpm": (90.0 + 0.25 * np.convolve(power, np.ones(70) / 70, "same")).round(),
        "right_balance_pct": 50.0 + rng.normal(0.0, 1.0, 3600),
    }
    for side in ("left", "right"):
        columns[f"{side}_torque_effectiveness_pct"] = 70.0 + rng.normal(0.0, 2.0, 3600)
        columns[f"{side}_pedal_smoothness_pct"] = 20.0 + rng.normal(0.0, 1.0, 3600)
    return ClassRecording(id="hour", source="made", samples=pl.DataFrame(columns), single_sided=False)


def milliseconds(work: Callable[[], object], runs: int = 40) -> tuple[float, float]:
    """Best and median milliseconds of one core over some runs, after one to warm up."""
    work()
    spent = []
    for _ in range(runs):
        start = time.process_time()
        work()
        spent.append(1000.0 * (time.process_time() - start))
    return min(spent), float(np.median(spent))


def main() -> None:
    """Print a table of the parts and of the whole."""
    recording = hour()
    context = resolve(recording, RIDER)
    c = condition(recording, context.limits, context.mass_kg)
    bouts = grinding.find_bouts(c, context)
    inside = grinding.in_bout(c, bouts)
    parts: dict[str, Callable[[], object]] = {
        "conditioning": lambda: condition(recording, context.limits, context.mass_kg),
        "torque load": lambda: torque_load.torque_load(c, context),
        "effort and its curves": lambda: (effort.effort(c, context), effort.curves(c, context)),
        "grinding": lambda: grinding.grinding(c, context, grinding.find_bouts(c, context)),
        "fatigue drift, onset": lambda: fatigue_drift(c, context),
        "symmetry": lambda: symmetry.symmetry(c, context),
        "counterfactuals": lambda: counterfactuals(c, context),
        "table of samples": lambda: sampled(c, inside),
        "analyze(), all of it": lambda: analyze(recording, RIDER),
    }
    print(f"{'one hour at 1 Hz, ms of one core':34s} {'best':>8s} {'median':>8s}")
    for name, work in parts.items():
        best, middle = milliseconds(work)
        print(f"{name:34s} {best:8.2f} {middle:8.2f}")
    print(f"goal: {GOAL_MS:g} ms or less for all of it")


if __name__ == "__main__":
    main()
