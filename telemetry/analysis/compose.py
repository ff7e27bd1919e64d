"""One class through every family of metrics, in order, into one `ClassAnalysis`.

Comes in: a recording and what is known around it. Goes out: the analysis. Leaves to others: all arithmetic;
this file only says what follows what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from telemetry.analysis import blocks, effort, grinding, symmetry, torque_load, wording
from telemetry.analysis import history as earlier
from telemetry.analysis.conditioning import Conditioned, condition
from telemetry.analysis.context import Context, resolve
from telemetry.analysis.counterfactual import counterfactuals
from telemetry.analysis.fatigue_drift import fatigue_drift
from telemetry.analysis.metric_rows import METRIC_ROWS
from telemetry.analysis.quality import DEAD_POWER
from telemetry.analysis.review import review
from telemetry.analysis.rules import Facts
from telemetry.analysis.running import running_load
from telemetry.analysis.w_balance import lowest_balance
from telemetry.model import (
    CHANNELS,
    TRUST_STATES,
    ClassAnalysis,
    ClassRecording,
    History,
    MetricResult,
    Rider,
    Symptoms,
)

DRIFT_ORDER = ("cadence", "heart_rate", "symmetry", "smoothness", "respiration", "onset")
STATES = pl.Series(TRUST_STATES, dtype=pl.Enum(TRUST_STATES))


def compose(
    recording: ClassRecording,
    rider: Rider | None,
    *,
    history: History,
    screening: Any,
    group: Sequence[ClassRecording] | None,
    symptoms: Symptoms | None,
    drawable: bool = True,
) -> ClassAnalysis:
    """See `telemetry.analysis.analyze`."""
    wording.screening_text(screening)  # a wrong answer is named before anything is computed
    context = resolve(recording, rider)
    c = condition(_without_dead_power(recording), context.limits, context.mass_kg)
    found = grinding.find_bouts(c, context)
    inside = grinding.in_bout(c, found)

    metrics: dict[str, MetricResult] = {
        **torque_load.torque_load(c, context),
        **effort.effort(c, context),
        **grinding.grinding(c, context, found),
    }
    fading, drift, curves = fatigue_drift(c, context, group)
    sides, side_drift, side_curves, balance_bins = symmetry.symmetry(c, context)
    left_over, balance_curve = lowest_balance(c, context)
    metrics.update({**fading, **sides, **left_over})
    drift.update(side_drift)
    if drawable:
        curves.update(
            {**_load_curves(c, context, inside), **effort.curves(c, context), **grinding.curves(context)}
        )
        curves.update({**side_curves, **balance_curve})

    doubts = grinding.resistance_doubt(c, found)
    quality = replace(c.quality, issues=(*c.quality.issues, *doubts))
    if c.recording is not recording:
        others = c.quality.reasons if recording.has("torque_nm") else ()
        quality = replace(quality, reasons=(DEAD_POWER, *others))
    facts = Facts(
        metrics=metrics,
        limits=context.limits,
        bouts=found,
        duration_s=recording.duration_s,
        started_at=recording.started_at,
        torque_reference_nm=context.torque_reference_nm,
        torque_reference_source=context.torque_reference_source,
        past=earlier.past_classes(history, recording.started_at),
        balance_bins=balance_bins,
        symptoms=earlier.symptoms_of_class(
            symptoms, history.diary, recording.started_at, recording.duration_s
        ),
    )
    verdict = review(
        facts,
        quality,
        c.recording.channels,
        screening=screening,
        efforts=symmetry.effort_hint(c, context),
    )
    return ClassAnalysis(
        recording=recording,
        rider={**context.to_dict(), "meter_error_pct": 100.0 * torque_load.power_error(c, context)},
        quality=quality,
        metrics={name: metrics[name] for name in METRIC_ROWS if name in metrics},
        bouts=found,
        drift={name: drift[name] for name in DRIFT_ORDER},
        review=replace(verdict, baseline=_baseline(facts)),
        limits=context.limits.used(),
        blocks=blocks.blocks(c, context, inside),
        posture=_posture(c),
        counterfactuals=counterfactuals(c, context),
        agreement=blocks.agreement(c, metrics),
        heart_rate_zones=blocks.heart_rate_zones(c, context),
        balance_bins=balance_bins,
        by_minute=running_load(c, context, inside),
        samples=sampled(c, inside) if drawable else None,
        curves=curves if drawable else {},
    )


def _load_curves(c: Conditioned, context: Context, inside: np.ndarray) -> dict[str, Any]:
    """Torque load so far, and the bouts' part of it; none where torque is not known."""
    if not np.isfinite(c.torque_nm).any():
        return {}
    total, part = torque_load.accumulated(c.torque_nm, c.dt_s, inside, context.torque_reference_nm)
    return {"load_time_s": c.time_s + c.dt_s, "load_total": total, "load_in_bouts": part}


def _posture(c: Conditioned) -> dict[str, Any]:
    standing = c.others.get("standing")
    if not c.recording.posture_known or standing is None:
        note = "posture unknown: the file has no rider-position events, and none is inferred"
        return {"known": False, "seated_s": None, "standing_s": None, "note": note}
    return {
        "known": True,
        "seated_s": float(c.dt_s[standing == 0.0].sum()),
        "standing_s": float(c.dt_s[standing == 1.0].sum()),
        "note": "from the rider-position events of the file",
    }


def _without_dead_power(recording: ClassRecording) -> ClassRecording:
    """The recording without power that is zero throughout: it is absent, and no metric may say 0 of it."""
    if not recording.has("power_w"):
        return recording
    power = recording.array("power_w")
    known = power[~np.isnan(power)]
    if not known.size or known.any():
        return recording
    return replace(recording, samples=recording.samples.drop("power_w"))


def _baseline(facts: Facts) -> dict[str, Any] | None:
    """What R1 was held against, for the JSON: None without earlier classes."""
    if not facts.past or facts.started_at is None:
        return None
    usual = earlier.usual_torque_load(
        facts.past,
        facts.torque_reference_nm,
        earlier.reference_kind(facts.torque_reference_source),
        facts.started_at,
        facts.limits,
    )
    if isinstance(usual, str):
        return None
    first, last = usual.classes[0].started_at, usual.classes[-1].started_at
    return {
        "n": len(usual.classes),
        "from": first.isoformat().replace("+00:00", "Z"),
        "to": last.isoformat().replace("+00:00", "Z"),
        "limits": {"low": usual.low, "centre": usual.centre, "high": usual.limit, "how": usual.how},
        "as_of": facts.started_at.isoformat().replace("+00:00", "Z"),
    }


def sampled(c: Conditioned, inside: np.ndarray) -> pl.DataFrame:
    """The conditioned samples with their states, as `ClassAnalysis.samples` describes."""
    channels = {
        "power_w": c.power_w,
        "cadence_rpm": c.cadence_rpm,
        "torque_nm": c.torque_nm,
        "heart_rate_bpm": c.heart_rate_bpm,
        **{name: c.others[name] for name in CHANNELS if name in c.others and name != "time_s"},
    }
    smooth = {
        "power_smooth_w": c.power_smooth_w,
        "cadence_smooth_rpm": c.cadence_smooth_rpm,
        "torque_smooth_nm": c.torque_smooth_nm,
    }
    columns = [pl.Series("time_s", c.time_s), pl.Series("dt_s", c.dt_s)]
    columns += [pl.Series(name, values, nan_to_null=True) for name, values in channels.items()]
    columns += _states({name: c.states[name] for name in channels if name in c.states})
    columns += [pl.Series("pedalling", c.pedalling), pl.Series("in_bout", inside)]
    columns += [pl.Series(name, values, nan_to_null=True) for name, values in smooth.items()]
    return pl.DataFrame(columns)


def _states(codes: dict[str, np.ndarray]) -> list[pl.Series]:
    """The channels' states by word, one series each: looked up all at once, at the cost of one."""
    if not codes:
        return []
    words = STATES.gather(np.concatenate(list(codes.values())).astype(np.uint32))
    n = len(words) // len(codes)
    return [words.slice(k * n, n).alias(f"{name}_state") for k, name in enumerate(codes)]
