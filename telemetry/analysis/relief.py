"""Relief and relapse: what pain did after each treatment, and how long the relief lasted.

Comes in: pain entries and treatments. Goes out: a `ReliefRelapse` with every event listed, and a Kaplan–Meier
median only where there are enough. Leaves to others: whether a treatment *did* anything, which a diary cannot
say. Sources: metrics reference, section 7; rulings, section 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.model import PainEntry, ReliefEvent, ReliefRelapse, Treatment

DAY_S = 86400.0

STATEMENT = (
    "Pain that comes and goes is treated when it is worst and would often have eased by itself: regression "
    "to the mean is the default explanation of every relief here. In simulated riders whose treatments do "
    "nothing but come when pain is worst, two of three are followed by a relief. Nothing in this table says "
    "that a treatment caused it. Times are of one rider and approximate."
)
"""The rate is measured by `python -m benchmarks.trends`."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One treatment, or several too close together to be told apart."""

    when: datetime
    kinds: tuple[str, ...]
    base_until: datetime
    """entries before this moment can be part of the base"""


def clusters(treatments: Sequence[Treatment], merge_h: float, zone: tzinfo = UTC) -> list[Cluster]:
    """Treatments in order of time; those at most `merge_h` after the first of a cluster belong to it.

    Counted from the first, or a session every other day would make one endless event. Where only the day of
    a treatment is known, the whole day's entries come before it.
    """
    found: list[list[Treatment]] = []
    for treatment in sorted(treatments, key=lambda item: item.when):
        if found and treatment.when - found[-1][0].when <= timedelta(hours=merge_h):
            found[-1].append(treatment)
        else:
            found.append([treatment])
    out = []
    for group in found:
        first = group[0]
        until = first.when
        if first.whole_day:
            local = first.when.astimezone(zone)
            until = (local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
        out.append(Cluster(first.when, tuple(dict.fromkeys(item.kind for item in group)), until))
    return out


def follow(cluster: Cluster, later: Cluster | None, pain: Sequence[PainEntry], limits: Limits) -> ReliefEvent:
    """One cluster against the pain around it, up to the next one.

    base: median NRS of the seven days before. relief: first later entry at most base - 2. nadir: the lowest
    entry since. relapse: first entry at least nadir + 2. Days count from the (first) treatment.
    """
    points = limits["relief_points"]
    since = cluster.when - timedelta(days=limits["relief_base_days"])
    before = [entry.nrs for entry in pain if since <= entry.when < cluster.base_until]
    base = median(before) if before else None
    known = {"when": cluster.when, "kinds": cluster.kinds, "base": base, "base_entries": len(before)}
    if base is None or len(before) < limits["relief_base_entries"]:
        entries = "entry" if len(before) == 1 else "entries"
        why = f"{len(before) or 'no'} {entries} in the {limits['relief_base_days']:g} days before"
        return ReliefEvent(outcome="not_assessable", why=why, **known)  # type: ignore[arg-type]
    if base < limits["relief_base_nrs"]:
        why = f"pain was {base:g} before: below {limits['relief_base_nrs']:g} there is little to relieve"
        return ReliefEvent(outcome="not_assessable", why=why, **known)  # type: ignore[arg-type]

    after = [
        entry
        for entry in pain
        if entry.when >= cluster.base_until and (later is None or entry.when < later.when)
    ]

    def days(moment: datetime) -> float:
        return (moment - cluster.when).total_seconds() / DAY_S

    known["followed_days"] = _followed(cluster, later, after, limits["relief_gap_days"])
    start = next((i for i, entry in enumerate(after) if entry.nrs <= base - points), None)
    if start is None:
        outcome = "no_relief" if after else "not_assessable"
        why = "" if after else "no entry before the next treatment" if later else "no entry since"
        return ReliefEvent(outcome=outcome, why=why, **known)  # type: ignore[arg-type]
    known["relief_days"] = days(after[start].when)
    nadir = after[start]
    for previous, entry in zip(after[start:], after[start + 1 :], strict=False):
        if entry.nrs >= nadir.nrs + points:
            apart = (entry.when - previous.when).total_seconds() / DAY_S
            return ReliefEvent(
                outcome="relapse",
                nadir=nadir.nrs,
                nadir_days=days(nadir.when),
                relapse_days=days(entry.when),
                not_before_days=days(previous.when) if apart > limits["relief_gap_days"] else None,
                **{**known, "followed_days": days(entry.when)},  # type: ignore[arg-type]
            )
        if entry.nrs < nadir.nrs:
            nadir = entry
    return ReliefEvent(
        outcome="no_relapse_seen",
        nadir=nadir.nrs,
        nadir_days=days(nadir.when),
        why="until the next treatment" if later else "until the last entry",
        **known,  # type: ignore[arg-type]
    )


def _followed(
    cluster: Cluster, later: Cluster | None, after: Sequence[PainEntry], gap_days: float
) -> float | None:
    """Days the diary followed an event without seeing a relapse: the next treatment censors it, or, where the
    diary fell silent for longer than `gap_days` before that, the last entry."""
    if not after:
        return None
    end = after[-1].when
    if later is not None and (later.when - end).total_seconds() <= gap_days * DAY_S:
        end = later.when
    return (end - cluster.when).total_seconds() / DAY_S


def relief_relapse(
    treatments: Sequence[Treatment],
    pain: Sequence[PainEntry],
    limits: Limits,
    zone: tzinfo = UTC,
) -> ReliefRelapse:
    """Follow every treatment through the pain entries (of one group of sites)."""
    pain = sorted(pain, key=lambda entry: entry.when)
    found = clusters(treatments, limits["relief_merge_h"], zone)
    events = tuple(
        follow(cluster, later, pain, limits)
        for cluster, later in zip(found, [*found[1:], None], strict=False)
    )
    relieved = [event for event in events if event.relief_days is not None]
    relapsed = [event for event in relieved if event.relapse_days is not None]
    middle: float | None = None
    why: str | None = None
    steps: tuple[tuple[float, float], ...] = ()
    least, least_relapses = limits["survival_reliefs"], limits["survival_relapses"]
    if len(relieved) < least or len(relapsed) < least_relapses:
        why = (
            f"not enough: {len(relieved)} reliefs and {len(relapsed)} relapses are known, {least:g} and "
            f"{least_relapses:g} are needed"
        )
    else:
        steps = survival(relieved)
        # a half that is a product of fractions may end in one bit too many
        middle = next((day for day, share in steps if share <= 0.5 + 1e-9), None)
        why = None if middle is not None else "not reached"
    return ReliefRelapse(
        events=events,
        n=sum(event.outcome != "not_assessable" for event in events),
        reliefs=len(relieved),
        relapses=len(relapsed),
        median_days=middle,
        median_why_not=why,
        survival=steps,
        statement=STATEMENT,
    )


def survival(relieved: Sequence[ReliefEvent]) -> tuple[tuple[float, float], ...]:
    """Kaplan–Meier steps of the time to relapse: (days, share without relapse).

    Of those followed to a day or beyond, the share that does not relapse on it, multiplied up day by day.
    Plain NumPy: importing scipy.stats takes longer than all else of a trend report.
    """
    relapsed = np.array([event.relapse_days for event in relieved if event.relapse_days is not None])
    others = np.array([event.followed_days or 0.0 for event in relieved if event.relapse_days is None])
    followed = np.sort(np.concatenate((relapsed, others)))
    days = np.unique(followed)
    at_risk = len(followed) - np.searchsorted(followed, days)
    relapses = (relapsed[:, None] == days).sum(axis=0)
    shares = np.cumprod((at_risk - relapses) / at_risk)
    return tuple(zip(days.tolist(), shares.tolist(), strict=True))
