"""Two bikes with one number, told apart by when they send, and two sticks that heard one message.

Comes in: broadcasts with receive ticks. Goes out: which devices are really two, and which messages are the
same one heard twice. Leaves to others: what is in the messages. Source: rulings section 8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey

TICKS_PER_SECOND: Final = 32768
TICK_WRAP: Final = 65536
PHASE_APART_TICKS: Final = 66
"""2 ms; receive times of one sensor scatter by 25 µs, and its crystal moves it slowly."""
BOTH_ALIVE_S: Final = 3.0
PHASE_FORGOTTEN_S: Final = 2.0
OFFSET_WINDOW_S: Final = 60.0


@dataclass(slots=True)
class _Phase:
    ticks: int
    first_s: float
    last_s: float
    heard: int = 1


@dataclass(slots=True)
class Twins:
    """Watches the phases of one device: two that stay alive side by side are two transmitters."""

    period_ticks: int
    phases: list[_Phase] = field(default_factory=list)

    def heard(self, rx_ticks: int, time_s: float) -> float | None:
        """Since when two transmitters have been sending under this id; None while it is one.

        The stick's clock turns over every 65536 ticks, which is no multiple of a period: the phase is
        followed from message to message by the host's clock instead of being taken from the ticks alone.
        """
        period = self.period_ticks
        if len(self.phases) == 1:
            # one transmitter, heard again where it is expected: nearly every message of nearly every sensor
            (phase,) = self.phases
            since_s = time_s - phase.last_s
            if since_s <= PHASE_FORGOTTEN_S:
                step = (rx_ticks - phase.ticks) % TICK_WRAP
                turns = round((round(since_s * TICKS_PER_SECOND) - step) / TICK_WRAP)
                rest = (step + turns * TICK_WRAP) % period
                if rest <= PHASE_APART_TICKS or period - rest <= PHASE_APART_TICKS:
                    phase.ticks, phase.last_s = rx_ticks, time_s
                    phase.heard += 1
                    return None
        self.phases = [p for p in self.phases if time_s - p.last_s <= PHASE_FORGOTTEN_S]
        nearest: _Phase | None = None
        off = float(period)
        for phase in self.phases:
            whole = round((time_s - phase.last_s) * TICKS_PER_SECOND)
            step = (rx_ticks - phase.ticks) % TICK_WRAP
            gone = step + round((whole - step) / TICK_WRAP) * TICK_WRAP
            rest = abs(gone - round(gone / period) * period)
            if rest < off:
                nearest, off = phase, rest
        if nearest is not None and off <= PHASE_APART_TICKS:
            nearest.ticks, nearest.last_s = rx_ticks, time_s
            nearest.heard += 1
        else:
            self.phases.append(_Phase(rx_ticks, time_s, time_s))
        alive = sorted(
            (p for p in self.phases if p.heard >= 4 and p.last_s - p.first_s >= BOTH_ALIVE_S),
            key=lambda p: p.first_s,
        )
        return alive[1].first_s if len(alive) >= 2 else None


def twin_period(device_type: int) -> int:
    """The shortest period a profile may run at: a meter at 8 Hz is not two meters at 4 Hz."""
    return min(pages.PERIODS_TICKS.get(device_type, (8192,)))


@dataclass(slots=True)
class _Clock:
    """One stick's clock against the host's."""

    full: int
    last_s: float
    offsets: deque[tuple[float, float]] = field(default_factory=deque)

    def host_s(self, ticks: int, time_s: float) -> float:
        """When a message was received, by the stick's clock laid over the host's with the middle of a
        minute.
        """
        low = (ticks - self.full) % TICK_WRAP
        since = round((time_s - self.last_s) * TICKS_PER_SECOND)
        self.full += low + max(0, round((since - low) / TICK_WRAP)) * TICK_WRAP
        self.last_s = time_s
        seconds = self.full / TICKS_PER_SECOND
        self.offsets.append((time_s, time_s - seconds))
        while self.offsets and time_s - self.offsets[0][0] > OFFSET_WINDOW_S:
            self.offsets.popleft()
        return seconds + median(offset for _, offset in list(self.offsets)[-64:])


class StickMerger:
    """One room from several sticks: a slot heard by both counts once, the first wins.

    `duplicates` counts messages heard again, `conflicts` those whose payload was another.
    """

    def __init__(self) -> None:
        self.duplicates = 0
        self.conflicts: dict[DeviceKey, int] = {}
        self._clocks: dict[int, _Clock] = {}
        self._last: dict[DeviceKey, deque[tuple[float, int, bytes]]] = {}

    def accept(self, item: Broadcast) -> bool:
        """False for a message of a slot that another stick has already delivered."""
        at = item.time_s
        if item.rx_ticks is not None:
            clock = self._clocks.get(item.stick)
            if clock is None:
                clock = self._clocks[item.stick] = _Clock(item.rx_ticks, item.time_s)
            at = clock.host_s(item.rx_ticks, item.time_s)
        key = item.key
        half = twin_period(key.device_type) / TICKS_PER_SECOND / 2.0
        recent = self._last.setdefault(key, deque(maxlen=16))
        for then, stick, payload in recent:
            if stick != item.stick and abs(at - then) < half:
                self.duplicates += 1
                if payload != item.payload:
                    self.conflicts[key] = self.conflicts.get(key, 0) + 1
                return False
        recent.append((at, item.stick, item.payload))
        return True

    def merge(self, items: Iterable[Broadcast]) -> Iterator[Broadcast]:
        """The accepted messages, as if one stick had heard them; ticks of other sticks are left out."""
        first: int | None = None
        for item in items:
            first = item.stick if first is None else first
            if self.accept(item):
                yield item if item.stick == first else replace(item, rx_ticks=None, stick=first)
