"""How much of what each sensor sent was received, counted in slots of the stick's own clock.

Comes in: receive ticks and host times per device. Goes out: slots expected and received, the share, the
longest gap. Leaves to others: what was in the messages. Source: rulings section 8: expected = 1 +
sum(round(dticks / period)) between the first and the last message; 2 s ticks are unwrapped with the host's
time.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey

TICKS_PER_SECOND: Final = 32768
TICK_WRAP: Final = 65536
JITTER_LIMIT_S: Final = 0.5
DEFAULT_PERIOD_TICKS: Final = 8192


@dataclass(frozen=True, slots=True)
class Reception:
    """Slot accounting of one device over one class."""

    key: DeviceKey
    expected: int
    received: int
    longest_gap_s: float
    first_s: float
    last_s: float
    period_ticks: int
    certain: bool
    """False where the host was so late that a turn of the stick's clock may have been missed"""
    duplicates: int = 0
    """messages of a slot already received, by this or another stick"""

    @property
    def share(self) -> float:
        """Received of expected slots, 0..1."""
        return self.received / self.expected if self.expected else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain types for `reception.json`."""
        return {
            "device_number": self.key.device_number,
            "device_type": self.key.device_type,
            "transmission_type": self.key.transmission_type,
            "profile": pages.PROFILES.get(self.key.device_type, "other"),
            "slots_expected": self.expected,
            "slots_received": self.received,
            "reception_pct": round(100.0 * self.share, 2),
            "longest_gap_s": round(self.longest_gap_s, 3),
            "first_s": round(self.first_s, 3),
            "last_s": round(self.last_s, 3),
            "period_ticks": self.period_ticks,
            "certain": self.certain,
            "duplicates": self.duplicates,
        }


def unwrap(ticks: np.ndarray, host_s: np.ndarray) -> tuple[np.ndarray, bool]:
    """Receive ticks as a rising clock, int64 (n,), from 16-bit ticks and host times [s]; and whether certain.

    The stick's clock turns over every 2 s; the host's time says how often. A host that delivers more than
    half a second late or early against the stick's clock may be off by a turn.
    """
    if len(ticks) == 0:
        return ticks.astype(np.int64), True
    low = ticks.astype(np.int64)
    since = np.rint((host_s - host_s[0]) * TICKS_PER_SECOND).astype(np.int64)
    turns = np.rint((since - (low - low[0])) / TICK_WRAP).astype(np.int64)
    full = low + turns * TICK_WRAP
    late = (since - (full - low[0])) / TICKS_PER_SECOND
    middle = _running_middle(late)
    certain = bool(np.abs(late - middle).max() <= JITTER_LIMIT_S)
    return full, certain


def _running_middle(late: np.ndarray, block: int = 64) -> np.ndarray:
    """Medians of blocks, joined by lines: two crystals drift apart slowly, and that is no jitter."""
    starts = range(0, len(late), block)
    middles = [np.median(late[at : at + block]) for at in starts]
    centres = [at + min(block, len(late) - at) / 2.0 for at in starts]
    joined: np.ndarray = np.interp(np.arange(len(late)), centres, middles)
    return joined


def count_slots(key: DeviceKey, ticks: np.ndarray, host_s: np.ndarray) -> Reception:
    """Slot accounting from unwrapped or 16-bit receive ticks (n,) and host times [s] (n,)."""
    clock, certain = unwrap(ticks, host_s)
    order = np.argsort(clock, kind="stable")
    clock = clock[order]
    choices = pages.PERIODS_TICKS.get(key.device_type, (DEFAULT_PERIOD_TICKS,))
    steps = np.diff(clock)
    period = min(choices, key=lambda p: _residual(steps, p))
    slots = np.rint(steps / period).astype(np.int64)
    duplicates = int((slots == 0).sum())
    expected = 1 + int(slots.sum())
    longest = float(steps.max() / TICKS_PER_SECOND) if len(steps) else 0.0
    return Reception(
        key=key,
        expected=expected,
        received=len(clock) - duplicates,
        longest_gap_s=longest,
        first_s=float(host_s[0]),
        last_s=float(host_s[-1]),
        period_ticks=period,
        certain=certain,
        duplicates=duplicates,
    )


def _residual(steps: np.ndarray, period: int) -> float:
    """How badly the steps fit a period, in ticks; a half period fits whatever the whole one does, so it
    pays.
    """
    near = steps[(steps > 0) & (steps < 40 * period)]
    if not len(near):
        return float(period)
    off = np.abs(near - np.rint(near / period) * period)
    alone = float((near < 1.5 * period).mean())
    return float(off.mean()) + (0.0 if alone > 0.05 else period / 8.0)


class SlotCounter:
    """Collects when one device was received: 16 bytes a message."""

    def __init__(self, key: DeviceKey) -> None:
        self.key = key
        self._ticks: array[int] = array("q")
        self._host_s: array[float] = array("d")

    def add(self, message: Broadcast) -> None:
        """One received message; its host time stands in where it has no receive ticks."""
        ticks = message.rx_ticks
        self._ticks.append(int(message.time_s * TICKS_PER_SECOND) & 0xFFFF if ticks is None else ticks)
        self._host_s.append(message.time_s)

    def forget(self, until_s: float) -> None:
        """Drop what was received until then."""
        old = int(np.searchsorted(self._host_s, until_s, side="right"))
        del self._ticks[:old], self._host_s[:old]

    def reception(self, start_s: float = -math.inf, stop_s: float = math.inf) -> Reception | None:
        """Slot accounting between two host times, both included; None where nothing was received."""
        # copies: a view would forbid the arrays to grow
        host_s = np.array(self._host_s)
        first = int(np.searchsorted(host_s, start_s))
        last = int(np.searchsorted(host_s, stop_s, side="right"))
        if last <= first:
            return None
        return count_slots(self.key, np.array(self._ticks)[first:last], host_s[first:last])


def reception(broadcasts: Iterable[Broadcast]) -> dict[DeviceKey, Reception]:
    """Slot accounting of every device of a capture, by host time where there are no receive ticks."""
    heard: dict[DeviceKey, SlotCounter] = {}
    for item in broadcasts:
        heard.setdefault(item.key, SlotCounter(item.key)).add(item)
    found = {key: counter.reception() for key, counter in heard.items()}
    return {key: counted for key, counted in found.items() if counted is not None}
