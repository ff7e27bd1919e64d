"""Helpers of the analysis tests: a class from segments to metrics in one call, messy arrays for the twins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from telemetry.analysis import effort, grinding, torque_load
from telemetry.analysis.conditioning import Conditioned, condition
from telemetry.analysis.context import Context, resolve
from telemetry.model import Bout, ClassRecording, MetricResult, Rider
from tests.builders import recording, steps

WORKED_CLASS = [
    (600, 100, 90),
    (300, 180, 75),
    (180, 240, 55),
    (120, 90, 85),
    (180, 250, 50),
    (120, 90, 85),
    (300, 200, 90),
    (600, 100, 88),
]
"""The class of metrics.md section 2, for an FTP of 200 W."""

WORKED_BOUT = [
    (20, 120, 85),
    (25, 210, 55),
    (4, 150, 64),
    (21, 215, 52),
    (10, 110, 85),
    (8, 220, 50),
    (12, 100, 88),
]
"""The hundred seconds of metrics.md section 4, worked without smoothing."""


@dataclass(frozen=True)
class Load:
    """What the load families say of one class."""

    c: Conditioned
    context: Context
    bouts: tuple[Bout, ...]
    metrics: dict[str, MetricResult]

    def __getitem__(self, name: str) -> float | None:
        return self.metrics[name].value

    @property
    def codes(self) -> list[str]:
        return [issue.code for issue in self.c.quality.issues]


def analyse(given: ClassRecording, **rider: Any) -> Load:
    """Condition a recording and compute every load metric; rider options as in `Rider`."""
    context = resolve(given, Rider(**rider))
    c = condition(given, context.limits, context.mass_kg)
    bouts = grinding.find_bouts(c, context)
    metrics = {
        **torque_load.torque_load(c, context),
        **effort.effort(c, context),
        **grinding.grinding(c, context, bouts),
    }
    return Load(c, context, bouts, metrics)


def segments(
    parts: list[tuple[float, float | None, float | None]], step_s: float = 1.0, **rider: Any
) -> Load:
    """Every load metric of a class given as (seconds, watts, rpm)."""
    return analyse(recording(**steps(parts, step_s)), **rider)


KINDS = ("random", "missing", "constant", "empty", "one")


def messy(kind: str, seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays as kernels get them: irregular steps, breaks, and values of one kind."""
    rng = np.random.default_rng(seed)
    n = {"empty": 0, "one": 1}.get(kind, 150)
    dt = rng.choice([0.25, 0.5, 1.0, 1.0, 1.0, 2.0], n)
    gap = rng.random(n) < 0.04
    step = dt + np.where(gap, rng.choice([6.0, 12.0, 29.0, 40.0], n), 0.0)
    if n:
        step[-1], gap[-1] = dt[-1], False
    power = np.round(rng.normal(180.0, 90.0, n).clip(0.0))
    cadence = np.round(rng.normal(60.0, 25.0, n).clip(0.0))
    torque = rng.normal(30.0, 12.0, n).clip(0.0)
    standing = (np.cumsum(rng.random(n) < 0.1) % 2).astype(float)
    if kind == "constant":
        power, cadence, torque = np.full(n, 200.0), np.full(n, 55.0), np.full(n, 34.0)
    if kind == "missing":
        for values in (power, cadence, torque, standing):
            start = rng.integers(0, n - 20)
            values[start : start + 15] = np.nan
            values[rng.random(n) < 0.2] = np.nan
    return {
        "time_s": np.cumsum(np.concatenate(([0.0], step[:-1]))) if n else np.empty(0),
        "step_s": step,
        "dt_s": np.where(gap, 0.0, dt),
        "break_after": gap | (rng.random(n) < 0.02),
        "power_w": power,
        "cadence_rpm": cadence,
        "torque_nm": torque,
        "standing": standing,
        "pedalling": (cadence >= 20.0) & (power > 5.0),
        "turning": cadence >= 20.0,
    }
