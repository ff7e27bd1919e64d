"""Rider position from FIT events, and the pauses that the timer announced.

Comes in: the `event` messages of a section. Goes out: when the timer stopped and ran again, and at which
moments the rider sat down or stood up, on the recorder's clock. Leaves to others: minutes and bouts.
"""

from __future__ import annotations

import numpy as np

from telemetry.ingest.fit.labels import one_of
from telemetry.ingest.fit.part import Part

TIMER, RIDER_POSITION = 0, 44
START = 0
STOPS = (1, 4, 8, 9)
"""stop, stop_all, stop_disable, stop_disable_all"""

STANDING_CODES = (1, 3)
"""standing, and on the way to it: a change of posture counts from its beginning. 0 and 2 are seated."""


def timer_events(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Timer events in order: moments (m,) on the recorder's clock, and (m,) bool: it runs from here."""
    return part.once("timer", lambda: _timer_events(part))


def _timer_events(part: Part) -> tuple[np.ndarray, np.ndarray]:
    kind, type_ = part.column("event", "event"), part.column("event", "event_type")
    at = part.clock("event")
    use = (kind == TIMER) & np.isfinite(at) & ((type_ == START) | one_of(type_, STOPS))
    at, running = at[use], type_[use] == START
    order = np.argsort(at, kind="stable")
    return at[order], running[order]


def announced_pauses(at_s: np.ndarray, running: np.ndarray, end_s: float) -> list[tuple[float, float]]:
    """Stretches from a stop to the next start that lie inside 0 to `end_s`, from timer events in order."""
    # of several stops the first counts, of several starts too: keep the rows where the state changes
    changes = np.flatnonzero(np.concatenate((~running[:1], running[1:] != running[:-1])))
    start = np.maximum(at_s[changes[0::2]], 0.0)
    stop = np.minimum(at_s[changes[1::2]], end_s)
    start = start[: len(stop)]
    inside = stop > start
    return list(zip(start[inside].tolist(), stop[inside].tolist(), strict=True))


def position_events(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Position events in order: moments (m,) on the recorder's clock, and 1.0 standing, 0.0 seated."""
    kind = part.column("event", "event")
    data = part.column("event", "data", "data16")
    if "rider_position" in part.columns("event"):
        named = part.column("event", "rider_position")
        data = np.where(np.isfinite(named), named, data)
    at = part.clock("event")
    use = (kind == RIDER_POSITION) & np.isfinite(at) & (data >= 0) & (data <= 3)
    order = np.argsort(at[use], kind="stable")
    return at[use][order], one_of(data[use][order], STANDING_CODES).astype(np.float64)


def standing_at(seconds: np.ndarray, at_s: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """1.0 standing or 0.0 seated at each moment (n,), from position events in order (m,), m > 0.

    The event reports a change: before the first one the rider was in the other position.
    """
    latest = np.searchsorted(at_s, seconds, side="right") - 1
    return np.where(latest < 0, 1.0 - standing[0], standing[np.maximum(latest, 0)])
