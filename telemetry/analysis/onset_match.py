"""Which running load lines up best at the minute the pain was noted, if any does.

Comes in: for each class the loads so far by minute (`RunningLoad`) and the minute of pain. Goes out: an
`OnsetMatch` with every load shown. Leaves to others: anything causal, and classes without pain: a load that
lined up here was often passed without any. Source: rulings, section 10.

If pain begins when some load has been reached, that load is nearly the same at the minute of pain in every
class, whatever the minute. The honest null is the clock: the same minutes dealt to other classes. A pain that
always comes at minute 30 lines up with everything that grows evenly, and then this says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.model import LoadAtPain, OnsetMatch, RunningLoad

LOADS: tuple[tuple[str, str], ...] = (
    ("torque_load", "TL"),
    ("grinding_min", "min"),
    ("strokes", "strokes"),
    ("unbroken_min", "min"),
)
FLOOR = 0.01
"""Of a load's median at the end of a class: what stands for 0 on the log scale."""


def onset_match(classes: Sequence[tuple[str, RunningLoad, float]], limits: Limits) -> OnsetMatch:
    """Match classes given as (id, loads so far, minute of the first pain).

    Statistic of a load: MAD of its log at the minute of pain, over classes. Null: the minutes permuted
    between classes, seeded from the ids. z per load against its own null, the smallest z of all loads
    against the smallest z of each permutation.
    """
    n = len(classes)
    least = int(limits["match_classes"])
    if n < least:
        none = tuple(LoadAtPain(name, unit, None, None, None, "too few classes") for name, unit in LOADS)
        says = f"{n} classes have a minute of pain and {least} are needed."
        return OnsetMatch(n, none, None, None, says)
    count = int(limits["match_permutations"])
    rng = np.random.default_rng(crc32("".join(id for id, _, _ in classes).encode()))
    orders = rng.permuted(np.tile(np.arange(n), (count, 1)), axis=1)
    rows: list[LoadAtPain] = []
    columns: list[np.ndarray] = []
    observed: list[float] = []
    for name, unit in LOADS:
        table = _table(classes, name)
        why = None if table is not None else "it was hardly there in these classes, or is not known"
        mad = typical = z = None
        if table is not None:
            here = table[np.arange(n), np.arange(n)]
            mad, typical = float(_mad(here[None, :])[0]), float(np.exp(np.median(here)))
            null = _mad(table[np.arange(n)[None, :], orders])
            spread = float(null.std())
            if spread > 1e-12:
                z = (mad - float(null.mean())) / spread
                columns.append((null - null.mean()) / spread)
                observed.append(z)
            else:
                why = "the minutes of pain hardly differ"
        rows.append(LoadAtPain(name, unit, mad, typical, z, why))
    if not observed:
        says = "The minutes of pain hardly differ, so that no load can be told from the clock."
        return OnsetMatch(n, tuple(rows), None, None, says, count)
    smallest = np.min(np.column_stack(columns), axis=1)
    p = (1 + int((smallest <= min(observed) + 1e-12).sum())) / (1 + count)
    best = min((row for row in rows if row.z is not None), key=lambda row: row.z or 0.0)
    if p > limits["match_p"]:
        return OnsetMatch(n, tuple(rows), None, p, "No load lines up better than the clock.", count)
    says = (
        f"Over {n} classes the minute of pain lined up best with {WORDS[best.load]} ({best.typical:.0f} "
        f"{best.unit} at that minute), more closely than the clock does. It is a pattern to look at, not a "
        "cause."
    )
    return OnsetMatch(n, tuple(rows), best.load, p, says, count)


WORDS = {
    "torque_load": "the torque load so far",
    "grinding_min": "the grinding minutes so far",
    "strokes": "the pedal strokes so far",
    "unbroken_min": "the minutes without a break",
}


def _table(classes: Sequence[tuple[str, RunningLoad, float]], name: str) -> np.ndarray | None:
    """Log load of class i at the minute of class j: float64 (n, n); None where the load was hardly there."""
    minutes = np.array([minute for _, _, minute in classes])
    rows = []
    for _, running, _ in classes:
        values = getattr(running, name)
        if not running.minute or any(value is None for value in values):
            return None
        rows.append(np.interp(minutes, (0.0, *running.minute), (0.0, *values)))
    floor = FLOOR * float(np.median([getattr(running, name)[-1] for _, running, _ in classes]))
    if name == "unbroken_min":  # it starts afresh: its end says little of its size
        floor = FLOOR * float(np.median([max(running.unbroken_min) for _, running, _ in classes]))  # type: ignore[type-var]
    return None if floor <= 0.0 else np.log(np.maximum(np.array(rows), floor))


def _mad(values: np.ndarray) -> np.ndarray:
    """Median absolute deviation of each row."""
    centre = np.median(values, axis=1, keepdims=True)
    return np.asarray(np.median(np.abs(values - centre), axis=1))
