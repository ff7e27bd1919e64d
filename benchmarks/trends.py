"""How often each method of a trend finds what is not there, and what is: printed as a table.

    python -m benchmarks.trends [--riders 1000]

Comes in: nothing; riders are drawn from seeds. Goes out: rates, quoted in docs/explanation/trends.md and, for
the control chart, in `control_chart.FALSE_ALARMS`. A rate that differs there and here is a fault.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np

from fixtures.cohort import STORIES, Member, Story, make
from telemetry.analysis.co_movement import co_movement
from telemetry.analysis.control_chart import ewma, runs
from telemetry.analysis.history import xmr
from telemetry.analysis.limits import Limits
from telemetry.analysis.onset_match import onset_match
from telemetry.analysis.ranks import hodges_lehmann
from telemetry.analysis.relief import relief_relapse
from telemetry.analysis.single_case import compare
from telemetry.analysis.trend_rows import trend_classes
from telemetry.analysis.trend_scores import changes
from telemetry.model import TrendClass

LIMITS = Limits({"match_permutations": 499})
AFTER = 12
BY_NAME = {story.name: story for story in STORIES}
Row = tuple[str, float]


def share(found: Sequence[bool]) -> float:
    """Share of True, NaN where nothing was tried."""
    return float(np.mean(found)) if len(found) else float("nan")


# --- control chart ------------------------------------------------------------------------------------------


def chart_signals(baseline: int, shift: float, riders: int, seed: int = 1) -> dict[str, float]:
    """Share of riders that see each signal in the next twelve classes; `shift` in SD of log load."""
    rng = np.random.default_rng(seed)
    seen: dict[str, list[bool]] = {"outside": [], "run": [], "ewma": [], "any": []}
    for _ in range(riders):
        logs = rng.normal(0.0, 1.0, baseline + AFTER)
        logs[baseline:] += shift
        base = xmr(logs[:baseline].tolist())
        later = logs[baseline:].tolist()
        outside = any(not base.low <= value <= base.high for value in later)
        run = any(runs(later, base.mean, int(LIMITS["chart_run_length"])))
        smooth = ewma(later, base.mean, base.sigma, LIMITS["ewma_weight"], LIMITS["ewma_width"])
        drifted = any(not low <= z <= high for z, low, high in smooth)
        for name, hit in zip(seen, (outside, run, drifted, outside or run or drifted), strict=True):
            seen[name].append(hit)
    return {name: share(hits) for name, hits in seen.items()}


def chart(riders: int) -> list[Row]:
    """False alarms of a stable rider and detections of a shift of one SD."""
    rows = []
    for baseline in (8, 12, 20):
        for shift, words in ((0.0, "stable rider"), (1.0, "+1 SD")):
            found = chart_signals(baseline, shift, riders)
            rows += [
                (f"{words}, {baseline} baseline classes: {name}", value) for name, value in found.items()
            ]
    return rows


# --- load beside pain ---------------------------------------------------------------------------------------


def lags(riders: int) -> list[Row]:
    """Share of riders in whom a lag stands out, and in whom a plain interval leaves out zero."""
    linked = BY_NAME["follows_load"]
    free = replace(linked, link=0.0)
    cases = {
        "no link, load by chance": free,
        "no link, load follows on itself (0.6)": replace(free, load_follows=0.6),
        "no link, both drift over weeks": replace(free, load_follows=0.9, pain_follows=0.95),
        "link of 1.3 points per SD": linked,
        "link of 0.6 points per SD": replace(linked, link=0.6),
    }
    rows = []
    for words, story in cases.items():
        for weeks in (6, 12):
            stands, plain, right = [], [], []
            for seed in range(riders):
                _, seen = drawn(replace(story, seed=seed, weeks=weeks))
                load, pain = [row.torque_load for row in seen], [row.pain for row in seen]
                found = co_movement("torque_load", load, pain, LIMITS, loads=2).lags
                stands.append(any(lag.stands_out for lag in found))
                right.append(any(lag.stands_out and lag.lag == story.link_lag for lag in found))
                plain.append(any(beyond(lag.low, lag.high, 0.0) for lag in found))
            rows.append((f"{words}, {weeks} weeks: stands out", share(stands)))
            rows.append((f"{words}, {weeks} weeks: a plain interval leaves out 0", share(plain)))
            if story.link:
                rows.append((f"{words}, {weeks} weeks: stands out at the true lag", share(right)))
    return rows


def drawn(story: Story) -> tuple[Member, tuple[TrendClass, ...]]:
    """A rider and their classes as the trend sees them."""
    member = make(story)
    return member, trend_classes(member.classes, member.diary, ZoneInfo(member.zone), LIMITS)


def beyond(low: float | None, high: float | None, value: float) -> bool:
    """True where there is an interval and it leaves a value out."""
    return low is not None and high is not None and not low <= value <= high


def onset(riders: int) -> list[Row]:
    """Share of riders in whom a load is said to line up, and the true one is."""
    clock, grinding = BY_NAME["clock_onset"], BY_NAME["grinding_onset"]
    cases = {
        "clock, minute 30 ± 12 %": clock,
        "clock, minute 30 ± 40 %": replace(clock, onset_spread=0.4),
        "grinding minutes ± 6 %": grinding,
        "grinding minutes ± 25 %": replace(grinding, onset_spread=0.25),
        "torque load ± 10 %": replace(grinding, onset="torque_load", onset_at=35.0, onset_spread=0.1),
    }
    rows = []
    for words, story in cases.items():
        said, right, counts = [], [], []
        for seed in range(riders):
            member, seen = drawn(replace(story, seed=seed, weeks=8))
            pairs = [
                (row.id, row.by_minute, shown.pain_minute)
                for row, shown in zip(member.classes, seen, strict=True)
                if row.by_minute is not None and shown.pain_minute is not None
            ]
            found = onset_match(pairs, LIMITS)
            counts.append(found.n)
            said.append(found.best is not None)
            right.append(found.best == story.onset)
        rows.append((f"{words} (median {median(counts):.0f} classes): a load is named", share(said)))
        if story.onset != "minute":
            rows.append((f"{words}: the true load is named", share(right)))
    return rows


# --- relief, settings, phases -------------------------------------------------------------------------------


def relief(riders: int) -> list[Row]:
    """Relief after treatments without any effect, and how well true times are found."""
    true = BY_NAME["relief_cycles"]
    cases = {
        "treated when worst, no effect": BY_NAME["no_link"],
        "true relief, median 9 days": true,
        "true relief, median 21 days": replace(true, lasts_days=21.0, treat_apart_days=32, weeks=52),
    }
    rows = []
    for words, story in cases.items():
        reliefs, medians, times = [], [], []
        for seed in range(riders):
            diary = make(replace(story, seed=seed)).diary
            found = relief_relapse(diary.treatments, diary.pain, LIMITS)
            assessable = [event for event in found.events if event.outcome != "not_assessable"]
            reliefs += [event.relief_days is not None for event in assessable]
            times += [event.relapse_days for event in assessable if event.relapse_days is not None]
            medians.append(found.median_days)
        known = [value for value in medians if value is not None]
        rows.append((f"{words}: relief seen, share of events", share(reliefs)))
        rows.append((f"{words}: median days to relapse over all events", median(times)))
        rows.append((f"{words}: riders with a Kaplan–Meier median", len(known) / riders))
        if known:
            rows.append((f"{words}: median of those medians, days", median(known)))
    return rows


def settings(riders: int) -> list[Row]:
    """Share of intervals that hold the true shift of pain, and that leave out zero."""
    changed = BY_NAME["new_saddle"]
    same = replace(changed, setting_effect=0.0)
    cases = {
        "no change, pain by chance": replace(same, pain_follows=0.0),
        "no change, pain follows on itself (0.7 a day)": same,
        "no change, pain follows slowly (0.95 a day)": replace(same, pain_follows=0.95),
        "two points lower": changed,
    }
    rows = []
    for words, story in cases.items():
        holds, zero = [], []
        for seed in range(riders):
            member, seen = drawn(replace(story, seed=seed))
            at = member.diary.settings[-1].when
            before = [row.pain for row in seen if row.pain is not None and row.started_at < at]
            after = [row.pain for row in seen if row.pain is not None and row.started_at >= at]
            _, low, high = hodges_lehmann(before, after)
            holds.append(low is not None and not beyond(low, high, story.setting_effect))
            zero.append(beyond(low, high, 0.0))
        rows.append((f"{words}: interval holds the truth", share(holds)))
        rows.append((f"{words}: interval leaves out 0", share(zero)))
    return rows


def phases(riders: int) -> list[Row]:
    """NAP's interval and the test of a baseline trend where nothing changed; changes over the threshold."""
    rng = np.random.default_rng(3)
    rows = []
    for rho in (0.0, 0.7):
        zero, trends = [], []
        for _ in range(riders):
            noise = rng.normal(0.0, 1.0, 50)
            for i in range(1, 50):
                noise[i] = rho * noise[i - 1] + np.sqrt(1.0 - rho**2) * noise[i]
            days = np.rint(4.0 + 1.1 * noise).tolist()
            found = compare("pain", "a", "b", days[:20], days[20:], LIMITS)
            zero.append(beyond(found.low, found.high, 0.5))
            trends.append(found.baseline_trend == "trending")
        words = f"nothing changed, 20 and 30 days, each following by {rho:g}"
        rows.append((f"{words}: NAP's interval leaves out .5", share(zero)))
        rows.append((f"{words}: baseline called trending", share(trends)))
    moved = []
    for seed in range(riders):
        member = make(replace(BY_NAME["new_saddle"], setting_effect=0.0, seed=seed))
        found_changes = changes(member.diary, ZoneInfo(member.zone), LIMITS)
        moved.append(any(change.reached != "no" for change in found_changes))
    rows.append(("nothing changed in 16 weeks: pain called better or worse", share(moved)))
    return rows


PARTS: dict[str, tuple[Callable[[int], list[Row]], float]] = {
    "Control chart, next 12 classes": (chart, 4.0),
    "Load beside pain": (lags, 0.4),
    "Onset matcher, 8 weeks": (onset, 0.2),
    "Relief and relapse": (relief, 0.1),
    "Change of a setting, about 24 classes each side": (settings, 0.3),
    "Phases and changes": (phases, 0.5),
}
"""Name: what measures it, and how many riders of each thousand it may have (some are slow to draw)."""


def main() -> None:
    """Print every rate; a thousand riders take about a minute of one core."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--riders", type=int, default=1000)
    riders = parser.parse_args().riders
    for title, (measure, factor) in PARTS.items():
        count = max(int(riders * factor), 10)
        print(f"\n{title} ({count} riders each)")
        for words, value in measure(count):
            print(f"  {words:84s} {value:7.2f}", flush=True)


if __name__ == "__main__":
    main()
