"""Analyses of classes: versions, what each was computed from, and which are no longer up to date.

Comes in: a recording and the tools to analyse it. Goes out: rows with the packed JSON and a summary, a new
version wherever the code, the rider's facts, the earlier classes or the diary changed what comes out; the old
one stays readable. Leaves to others: the analysis itself, which the roof lends (`Tools`).
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from telemetry.library import riders
from telemetry.library.catalog import trusted
from telemetry.library.codec import moment, now, stamp
from telemetry.library.packing import as_text, pack, unpack
from telemetry.library.tables import analyses, recordings
from telemetry.model import BalanceBin, Diary, PastClass, Phase, RunningLoad

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer
    from telemetry.library.riders import Fact
    from telemetry.model import ClassAnalysis, ClassRecording, Rider

DIARY_AFTER: Final = timedelta(hours=24)
"""How long after a class its pain is still that of the class (rulings, section 10)."""


@dataclass(frozen=True)
class Tools:
    """What the roof lends the library, which opens onto no other room."""

    load: Callable[[Path], bytes]
    """a file's bytes, refused where it is none or too large"""
    read: Callable[[bytes, str], list[ClassRecording]]
    """bytes and a file's name → the classes in it"""
    analyze: Callable[[ClassRecording, Rider | None, Sequence[PastClass], Diary], ClassAnalysis]
    """a class, its rider on that day, the rider's earlier classes, the diary up to a day after"""
    past_class: Callable[[Mapping[str, Any]], PastClass | None]
    """what later classes need to know of one, from the JSON of its analysis"""
    code_version: str
    keep: Callable[[ClassRecording], bytes] | None = None
    """a recording as a file of its own, where the file it came from holds other people's too"""


class Background:
    """What is known of one rider, in order of time, with running hashes: what any class was computed from."""

    def __init__(
        self,
        known: list[Fact],
        past: Sequence[PastClass],
        diary: Diary,
        rider_id: str,
        cranks: Mapping[str, float],
    ) -> None:
        self.rider_id = rider_id
        self.facts = known
        self.cranks = cranks
        self.diary = diary
        entries = sorted(diary, key=_entry_moment)
        self._entry_moments = [_entry_moment(entry) for entry in entries]
        self._entry_chain = _chain(
            json.dumps(asdict(entry), default=str, sort_keys=True) for entry in entries
        )
        self.past: list[PastClass] = []
        self._starts: list[datetime] = []
        self._past_chain = [""]
        for item in sorted(past, key=lambda row: row.started_at):
            self._append(item)

    def learn(self, item: PastClass) -> None:
        """One class more, or another result of one that was known."""
        rest = [row for row in self.past if row.id != item.id]
        if len(rest) == len(self.past) and (not rest or rest[-1].started_at <= item.started_at):
            self._append(item)
            return
        self.past, self._starts, self._past_chain = [], [], [""]
        for row in sorted([*rest, item], key=lambda row: row.started_at):
            self._append(row)

    def before(self, started_at: datetime) -> list[PastClass]:
        """Classes that began earlier."""
        return self.past[: self._count(started_at)]

    def diary_of(self, started_at: datetime, duration_s: float) -> Diary:
        """The diary up to a day after the class."""
        return self.diary.until(started_at + timedelta(seconds=duration_s) + DIARY_AFTER)

    def rider(self, started_at: datetime, bike_id: str | None) -> Rider:
        """The rider on the day of a class, on the bike of that class."""
        rider = riders.as_of(self.rider_id, self.facts, started_at.date())
        if bike_id is not None and bike_id in self.cranks:
            rider = replace(rider, crank_length_mm=self.cranks[bike_id])
        for setting in self.diary.settings:
            of_bike = setting.bike in ("", bike_id)
            if of_bike and setting.when <= started_at and setting.crank_length_mm is not None:
                rider = replace(rider, crank_length_mm=setting.crank_length_mm)
        return rider

    def basis(
        self, started_at: datetime, duration_s: float, bike_id: str | None, samples: str, code: str
    ) -> str:
        """The hash of everything the analysis of a class is computed from."""
        until = started_at + timedelta(seconds=duration_s) + DIARY_AFTER
        parts = [
            code,
            samples,
            asdict(self.rider(started_at, bike_id)),
            self._past_chain[self._count(started_at)],
            self._entry_chain[bisect_right(self._entry_moments, until)],
        ]
        return hashlib.sha256(as_text(parts)).hexdigest()

    def _append(self, item: PastClass) -> None:
        self.past.append(item)
        self._starts.append(item.started_at)
        self._past_chain.append(_link(self._past_chain[-1], as_text(_relevant(item)).decode()))

    def _count(self, started_at: datetime) -> int:
        return bisect_left(self._starts, started_at)


def nobody_basis(samples: str, code: str) -> str:
    """What the analysis of a class without a rider is computed from."""
    return hashlib.sha256(as_text([code, samples, None])).hexdigest()


def insert(
    writer: Writer,
    recording_id: str,
    said: Mapping[str, Any],
    past: PastClass,
    basis: str,
    code: str,
    run: str,
) -> bool:
    """Keep the JSON of an analysis as the current one; False where it says the same as the one before.

    A version that the same command made a moment ago is replaced: nobody has seen it in between.
    """
    content = pack(said)
    old = writer.connection.execute(
        sa.select(
            analyses.c.analysis_id,
            analyses.c.version,
            analyses.c.run,
            analyses.c.content,
            analyses.c.code_version,
        ).where(analyses.c.recording_id == recording_id, analyses.c.current == 1)
    ).one_or_none()
    row = {
        "code_version": code,
        "basis": basis,
        "made_at": now(),
        "run": run,
        "summary": pack_past(past),
        "content": content,
    }
    if old is not None:
        if old.content == content and old.code_version == code:
            writer.update(analyses, old.analysis_id, basis=basis)
            return False
        if old.run == run:
            writer.update(analyses, old.analysis_id, **row)
            return True
        writer.update(analyses, old.analysis_id, current=0)
    version = 1 if old is None else old.version + 1
    writer.insert(analyses, recording_id=recording_id, version=version, current=1, **row)
    return True


def content(connection: Connection, recording_id: str, version: int | None = None) -> dict[str, Any] | None:
    """The JSON of a class's analysis, the current one or a version."""
    wanted = analyses.c.current == 1 if version is None else analyses.c.version == version
    row = connection.execute(
        analyses.select().where(analyses.c.recording_id == recording_id, wanted)
    ).one_or_none()
    if row is None:
        return None
    found: dict[str, Any] = unpack(trusted(analyses, row)["content"])
    return found


def past(
    connection: Connection, rider_id: str, before: datetime | None = None, minutes: bool = False
) -> list[PastClass]:
    """What a rider's classes say to later ones, oldest first; `minutes` adds the loads by minute."""
    joined = analyses.join(recordings, recordings.c.recording_id == analyses.c.recording_id)
    statement = (
        sa.select(analyses)
        .select_from(joined)
        .where(recordings.c.rider_id == rider_id, analyses.c.current == 1)
        .order_by(recordings.c.started_at)
    )
    if before is not None:
        statement = statement.where(recordings.c.started_at < stamp(before))
    found = []
    for row in connection.execute(statement):
        values = trusted(analyses, row)
        item = unpack_past(values["summary"])
        if minutes and (loads := unpack(values["content"]).get("by_minute")):
            item = replace(item, by_minute=RunningLoad(**{name: tuple(v) for name, v in loads.items()}))
        found.append(item)
    return found


def pack_past(item: PastClass) -> bytes:
    """A `PastClass` without its minutes, which stand in the analysis."""
    values = asdict(replace(item, by_minute=None))
    values["started_at"] = item.started_at.isoformat()
    return pack(json.loads(json.dumps(values)))


KNOWN: Final = frozenset(item.name for item in fields(PastClass))


def unpack_past(data: bytes) -> PastClass:
    """What `pack_past` packed."""
    values = unpack(data)
    values = {name: value for name, value in values.items() if name in KNOWN}
    values["started_at"] = moment(values["started_at"])
    values["balance"] = tuple(BalanceBin(**item) for item in values["balance"])
    values["reasons"] = tuple(values["reasons"])
    return PastClass(**values)


SILENT: Final = ("state", "version", "by_minute", "metrics", "reasons")
"""What of an earlier class cannot change the review of a later one: its own review, its other numbers."""
TELLING: Final = tuple(item.name for item in fields(PastClass) if item.name not in SILENT)


def _relevant(item: PastClass) -> Mapping[str, Any]:
    values = {name: getattr(item, name) for name in TELLING}
    values["balance"] = [asdict(part) for part in item.balance]
    values["started_at"] = item.started_at.isoformat()
    return values


def _entry_moment(entry: Any) -> datetime:
    if isinstance(entry, Phase):
        return datetime(entry.first.year, entry.first.month, entry.first.day, tzinfo=UTC)
    when: datetime = entry.when
    return when


def _chain(texts: Any) -> list[str]:
    chain = [""]
    for text in texts:
        chain.append(_link(chain[-1], text))
    return chain


def _link(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
