"""Adding classes: read, kept, analysed and committed, each wholly or not at all.

Comes in: files with the rider, bike and class that were said for them. Goes out: one `Added` per class or
file, in their order, each only after it is on the disk. What is there already is not there twice, whatever
the order or number of threads; what cannot be used is quarantined with its reason and stops no other; an
interrupted run is taken up by running it again. Leaves to others: finding files, progress, words.

Threads read and store; the classes of one window of files are sorted by time, so that each meets the rider's
earlier ones; one transaction commits a window. Files are written before their rows, rows before the answer.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from telemetry.errors import BadInput, BadLibrary, TelemetryError
from telemetry.library import analyses, audit, overlap, riders, studios
from telemetry.library.codec import describe, now, pack_samples, stamp
from telemetry.library.store import ORIGINALS, SAMPLES
from telemetry.library.tables import (
    bikes,
    class_groups,
    originals,
    quarantine,
    recordings,
    tombstones,
)

if TYPE_CHECKING:
    from telemetry.library.analyses import Background, Tools
    from telemetry.library.catalog import Writer
    from telemetry.library.library import Library
    from telemetry.model import ClassRecording, PastClass

WINDOW: Final = 16
"""Files read, sorted and committed together."""
EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)
"""No power meter wrote files before; a clock that was never set says 1989 or 1970."""
AHEAD: Final = timedelta(days=1)
MEMBER_FAILED: Final = "archive_member_failed"
"""What the reader of archives notes on the first class it could read."""

State = Literal["added", "known", "duplicate", "shorter", "replaced", "refused", "quarantined", "failed"]
FAILURES: Final = ("refused", "quarantined", "failed")
"""States in which an input was not taken, and somebody has to look."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file, and what was said of it. `must_exist`: its rider is to be in the library already."""

    path: Path
    rider: str | None = None
    bike: str | None = None
    class_id: str | None = None
    started_at: datetime | None = None
    """for a file that holds no date"""
    must_exist: bool = False
    said_by: str = "--rider"


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a class or a file."""

    file: str
    state: State
    id: str = ""
    rider: str | None = None
    started_at: datetime | None = None
    detail: str = ""


@dataclass
class _Class:
    """A class on its way in."""

    recording: ClassRecording
    rider: str | None
    bike: str | None
    class_id: str | None
    samples: str
    samples_size: int
    original: str
    suffix: str
    size: int
    verdict: overlap.Verdict | None = None
    content: dict[str, Any] | None = None
    """the JSON of its analysis"""
    past: PastClass | None = None
    basis: str = ""
    error: BaseException | None = None


@dataclass
class _Prepared:
    """A file on its way in: its classes, or what became of it."""

    input: Input
    sha256: str = ""
    classes: list[_Class] = field(default_factory=list)
    done: list[Added] = field(default_factory=list)


class Run:
    """One `add` over many inputs."""

    def __init__(
        self,
        library: Library,
        tools: Tools,
        *,
        create_riders: bool = False,
        allow_overlap: bool = False,
        allow_erased: bool = False,
        threads: int | None = None,
        studio: str | None = None,
    ) -> None:
        if studio is not None:
            library.studio(studio)
        self.studio = studio
        self.library = library
        self.tools = tools
        self.create_riders = create_riders
        self.allow_overlap = allow_overlap
        self.allow_erased = allow_erased
        self.threads = threads or len(os.sched_getaffinity(0))
        self.id = secrets.token_hex(8)
        self._known: dict[str, Background] = {}
        self._earliest: dict[str, datetime] = {}
        self._replaced: list[tuple[str, str, str]] = []

    def __call__(self, inputs: Iterable[Input]) -> Iterator[Added]:
        with ThreadPoolExecutor(self.threads, thread_name_prefix="library") as pool:
            ahead: list[tuple[ExitStack, list[Future[_Prepared]]]] = []
            try:
                rest = iter(inputs)
                while window := list(islice(rest, WINDOW)):
                    held = ExitStack()
                    held.enter_context(self.library.store.keeping())
                    ahead.append((held, [pool.submit(self._prepare, item) for item in window]))
                    if len(ahead) > 1:
                        yield from self._settle(pool, *ahead.pop(0))
                while ahead:
                    yield from self._settle(pool, *ahead.pop(0))
            finally:
                for held, waiting in ahead:
                    for future in waiting:
                        future.cancel()
                    held.close()
        # only now: clearing waits until nobody, not even this run, is between a file and its row
        self.library.forget_files(self._replaced)
        self._refresh()

    # --- one file -----------------------------------------------------------------------------------------

    def _prepare(self, item: Input) -> _Prepared:
        """Read a file, keep its samples and original; nothing of it is visible yet."""
        found = _Prepared(item)
        try:
            if item.rider is not None:
                riders.check_id("rider", item.rider)
        except BadInput as problem:
            found.done.append(Added(str(item.path), "refused", detail=f"{item.path}: {problem}"))
            return found
        try:
            data = self.tools.load(item.path)
        except TelemetryError as problem:
            found.done.append(Added(str(item.path), "failed", detail=str(problem)))
            return found
        found.sha256 = hashlib.sha256(data).hexdigest()
        try:
            if self._known_file(found):
                return found
            read = self.tools.read(data, _name(item.path))
            read, unread = _without_failed(read)
            if unread:
                found.done.append(self._quarantined(found, f"{item.path}: {unread}"))
            shared = bool(unread) or (
                len(read) > 1
                and (
                    read[0].source.endswith("zip")
                    or len({overlap.device_names(r) for r in read}) > 1
                    or len({r.rider_id for r in read}) > 1
                )
            )
            for recording in read:
                self._prepare_class(found, recording, data, shared)
        except BadLibrary as problem:  # the library, not the file: it can be added when that is put right
            found.done.append(Added(str(item.path), "failed", detail=f"{item.path}: {problem}"))
        except TelemetryError as problem:
            found.done.append(self._quarantined(found, str(problem)))
        except (KeyboardInterrupt, SystemExit):
            raise
        except OSError as problem:
            detail = f"{item.path}: the library cannot be written: {problem.strerror or problem}"
            found.done.append(Added(str(item.path), "failed", detail=detail))
        except BaseException as problem:  # polars panics are no Exception; one bad file stops no other
            found.done.append(self._quarantined(found, f"{type(problem).__name__}: {problem}"[:300]))
        return found

    def _known_file(self, found: _Prepared) -> bool:
        with self.library.catalog.read() as connection:
            rows = connection.execute(
                recordings.select()
                .where(recordings.c.original == found.sha256)
                .order_by(recordings.c.started_at)
            ).all()
        said = found.input.rider
        for row in rows:
            if said is not None and row.rider_id is not None and row.rider_id != said:
                detail = (
                    f"{found.input.path}: this class is in the library as that of {row.rider_id}, now it is "
                    f"said to be of {said}: telemetry library reassign changes it"
                )
                found.done.append(Added(str(found.input.path), "refused", row.recording_id, detail=detail))
            else:
                found.done.append(
                    Added(
                        str(found.input.path),
                        "known",
                        row.recording_id,
                        row.rider_id,
                        datetime.fromisoformat(row.started_at),
                        "already in the library",
                    )
                )
        return bool(rows)

    def _prepare_class(self, found: _Prepared, recording: ClassRecording, data: bytes, shared: bool) -> None:
        item = found.input
        if recording.started_at is None and item.started_at is not None:
            recording = replace(recording, started_at=item.started_at)
        problem = _impossible(recording) or _conflict(item, recording)
        if problem:
            found.done.append(self._quarantined(found, f"{item.path}: {problem}"))
            return
        said = recording.rider_id if item.rider is None else item.rider
        bike, class_id = item.bike or recording.bike_id, item.class_id or recording.class_id
        must_exist = item.must_exist or item.rider is None
        try:
            for kind, name in (
                ("rider", said),
                ("bike", bike),
                ("class", class_id),
            ):
                if name is not None:
                    riders.check_id(kind, name)
        except BadInput as wrong:  # here, where it is this file's alone: a commit is of many
            found.done.append(Added(str(item.path), "refused", recording.id, detail=f"{item.path}: {wrong}"))
            return
        with self.library.catalog.read() as connection:
            if wrong_studio := studios.conflict(connection, self.studio, bike, class_id):
                detail = f"{item.path}: {wrong_studio}"
                found.done.append(Added(str(item.path), "refused", recording.id, detail=detail))
                return
            if (
                said is not None
                and must_exist
                and not self.create_riders
                and not riders.exists(connection, said)
            ):
                detail = (
                    f"{item.path}: no rider {said!r} is in this library (from {item.said_by}); "
                    "telemetry library rider set, or --create-riders, creates one"
                )
                found.done.append(Added(str(item.path), "refused", recording.id, detail=detail))
                return
            verdict = self._judge(connection, recording, said, found.sha256)
        if verdict.state not in ("new", "longer"):
            found.done.append(self._outcome(item, recording, said, verdict))
            return
        store = self.library.store
        packed = pack_samples(recording.samples)
        original, suffix = data, _suffix(item.path)
        if shared and self.tools.keep is not None:
            # the file holds other people's classes as well: only this one is kept
            original, suffix = self.tools.keep(recording), ".parquet"
        found.classes.append(
            _Class(
                recording,
                said,
                bike,
                class_id,
                store.put(SAMPLES, packed, ".parquet"),
                len(packed),
                store.put(ORIGINALS, original, suffix.lower()),
                suffix.lower(),
                len(original),
            )
        )

    def _judge(
        self, connection: Any, recording: ClassRecording, rider: str | None, sha256: str
    ) -> overlap.Verdict:
        if not self.allow_erased:
            tokens = [self.library.token("recording", recording.id), self.library.token("original", sha256)]
            erased = connection.execute(tombstones.select().where(tombstones.c.token.in_(tokens))).first()
            if erased is not None:
                return overlap.Verdict(
                    "refused", f"it was erased on {erased.at[:10]}; --allow-erased takes it back"
                )
        return overlap.judge(connection, recording, rider, self.allow_overlap, self.library.samples)

    # --- one window ---------------------------------------------------------------------------------------

    def _settle(
        self, pool: ThreadPoolExecutor, held: ExitStack, waiting: Sequence[Future[_Prepared]]
    ) -> list[Added]:
        """Analyse and commit the classes of a window; the answers in the order of the inputs."""
        with held:
            prepared = [future.result() for future in waiting]
            classes = [item for found in prepared for item in found.classes]
            classes.sort(key=lambda item: _start(item.recording))
            chains: dict[str | None, list[_Class]] = {}
            for item in classes:
                chains.setdefault(item.rider, []).append(item)
            work = [pool.submit(self._analyse, rider, chain) for rider, chain in chains.items()]
            for future in work:
                future.result()
            try:
                self._commit(prepared, classes)
            except TelemetryError as problem:
                self._known.clear()
                for found in prepared:
                    if found.classes:
                        found.done = [Added(str(found.input.path), "failed", detail=str(problem))]
        return [done for found in prepared for done in found.done]

    def _analyse(self, rider: str | None, chain: list[_Class]) -> None:
        """The classes of one rider, in order of time, each with those before it."""
        background = None if rider is None else self._background(rider)
        for item in chain:
            recording = replace(item.recording, rider_id=rider, bike_id=item.bike, class_id=item.class_id)
            item.recording = recording
            try:
                item.content, item.past, item.basis = self.library.analysed(
                    self.tools, recording, item.samples, background
                )
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as problem:
                item.error = problem
                continue
            if background is not None and item.past is not None:
                background.learn(item.past)

    def _background(self, rider: str) -> Background:
        if rider not in self._known:
            self._known[rider] = self.library.background(rider, missing_ok=True)
        return self._known[rider]

    def _commit(self, prepared: list[_Prepared], classes: list[_Class]) -> None:
        state: dict[int, Added] = {}
        replaced: list[tuple[str, str, str]] = []
        with self.library.catalog.write() as writer:
            file_of = {id(item): found for found in prepared for item in found.classes}
            for item in classes:
                state[id(item)] = self._insert(writer, item, file_of[id(item)], replaced)
            for found in prepared:
                for done in found.done:
                    if done.state == "quarantined":
                        self._keep_reason(writer, found, done.detail)
            added = [done for done in state.values() if done.state in ("added", "replaced")]
            for rider in sorted({done.rider or "" for done in added}):
                subject = riders.find(writer.connection, rider)["subject"] if rider else None
                count = sum((done.rider or "") == rider for done in added)
                audit.log(writer, self.library.key, self.library.actor, "add", subject, classes=count)
        for found in prepared:
            found.done += [state[id(item)] for item in found.classes]
        for done in state.values():
            if done.state in ("added", "replaced") and done.rider is not None and done.started_at is not None:
                first = self._earliest.get(done.rider, done.started_at)
                self._earliest[done.rider] = min(first, done.started_at)
        self._replaced += replaced

    def _insert(
        self, writer: Writer, item: _Class, found: _Prepared, replaced: list[tuple[str, str, str]]
    ) -> Added:
        recording, connection = item.recording, writer.connection
        if item.error is not None:
            done = self._quarantined(found, f"{found.input.path}: {item.error}"[:300])
            self._keep_reason(writer, found, done.detail)
            return done
        # again, now that nobody else can write: another process may have been faster
        verdict = self._judge(connection, recording, item.rider, found.sha256)
        if verdict.state not in ("new", "longer"):
            return self._outcome(found.input, recording, item.rider, verdict)
        rider, bike, class_id = item.rider, item.bike, item.class_id
        if verdict.state == "longer":
            old = self.library.take_out(writer, verdict.other, replaced)
            rider, bike = rider or old["rider_id"], bike or old["bike_id"]
            class_id = class_id or old["class_id"]
        if rider is not None and not riders.exists(connection, rider):
            riders.create(writer, rider)
        for table, key in ((bikes, bike), (class_groups, class_id)):
            studios.ensure(writer, table, key, self.studio)
        if connection.execute(originals.select().where(originals.c.sha256 == item.original)).first() is None:
            writer.insert(
                originals,
                sha256=item.original,
                suffix=item.suffix,
                file=_name(found.input.path),
                size=item.size,
                added_at=now(),
            )
        writer.insert(
            recordings,
            recording_id=recording.id,
            rider_id=rider,
            bike_id=bike,
            class_id=class_id,
            original=item.original,
            started_at=stamp(_start(recording)),
            stopped_at=stamp(_start(recording) + timedelta(seconds=recording.duration_s)),
            duration_s=float(recording.duration_s),
            rows=len(recording),
            devices=overlap.device_names(recording),
            samples=item.samples,
            samples_size=item.samples_size,
            about=describe(recording),
            added_at=now(),
        )
        assert item.content is not None
        assert item.past is not None
        analyses.insert(
            writer, recording.id, item.content, item.past, item.basis, self.tools.code_version, self.id
        )
        writer.delete(quarantine, quarantine.c.sha256 == found.sha256)
        return Added(
            str(found.input.path),
            "replaced" if verdict.state == "longer" else "added",
            recording.id,
            rider,
            recording.started_at,
            verdict.why,
        )

    def _outcome(
        self, item: Input, recording: ClassRecording, rider: str | None, verdict: overlap.Verdict
    ) -> Added:
        states: dict[str, State] = {
            "known": "known",
            "duplicate": "duplicate",
            "shorter": "shorter",
            "refused": "refused",
        }
        return Added(
            str(item.path),
            states[verdict.state],
            verdict.other or recording.id,
            rider,
            recording.started_at,
            f"{item.path}: {verdict.why}",
        )

    # --- what cannot be used ------------------------------------------------------------------------------

    def _quarantined(self, found: _Prepared, reason: str) -> Added:
        return Added(str(found.input.path), "quarantined", rider=found.input.rider, detail=reason)

    def _keep_reason(self, writer: Writer, found: _Prepared, reason: str) -> None:
        rider = found.input.rider
        if rider is not None and not riders.exists(writer.connection, rider):
            if found.input.must_exist and not self.create_riders:
                rider = None
            else:  # the file's name may be the rider's: erasing them has to find it
                riders.create(writer, rider)
        writer.delete(quarantine, quarantine.c.sha256 == found.sha256)
        writer.insert(
            quarantine,
            sha256=found.sha256,
            file=_name(found.input.path),
            rider_id=rider,
            reason=_text(reason),
            code_version=self.tools.code_version,
            at=now(),
        )

    # --- afterwards ---------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Classes after the ones that were added are held against them too."""
        for rider, since in self._earliest.items():
            with self.library.catalog.read() as connection:
                after = recordings.c.started_at > stamp(since)
                newer = recordings.select().where(recordings.c.rider_id == rider, after).limit(1)
                if connection.execute(newer).first() is None:
                    continue
            self.library.refresh(self.tools, rider, since=since, run=self.id)


def _impossible(recording: ClassRecording) -> str | None:
    """Why a class has no place in time, None where it has."""
    if recording.started_at is None:
        return "it holds no date, so it has no place among the rider's classes; --started-at says when it was"
    if recording.started_at < EARLIEST:
        return f"its date is impossible: {recording.started_at:%Y-%m-%d}; the recorder's clock was never set"
    if recording.started_at > datetime.now(UTC) + AHEAD:
        return f"its date is impossible: {recording.started_at:%Y-%m-%d %H:%M} UTC lies in the future"
    if recording.duration_s <= 0:
        return "it lasts no time"
    return None


def _without_failed(read: list[ClassRecording]) -> tuple[list[ClassRecording], str]:
    """The classes of an archive, and what in it could not be read: that is told of the file, and may be
    somebody else's, so it is no business of the class it came with.
    """
    said = [issue.detail for item in read for issue in item.issues if issue.code == MEMBER_FAILED]
    if not said:
        return read, ""
    kept = [
        replace(item, issues=tuple(issue for issue in item.issues if issue.code != MEMBER_FAILED))
        for item in read
    ]
    return kept, f"{len(said)} of the files inside cannot be read: " + "; ".join(said)


def _name(path: Path) -> str:
    """A file's name as text that can be kept: a name may hold any bytes."""
    return _text(path.name)


def _text(said: str) -> str:
    return said.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _suffix(path: Path) -> str:
    return "".join(path.suffixes[-2:]) if path.suffix.lower() == ".gz" else path.suffix


def _conflict(item: Input, recording: ClassRecording) -> str | None:
    """What was said against what the file itself says."""
    for what, said, inside in (
        ("rider", item.rider, recording.rider_id),
        ("bike", item.bike, recording.bike_id),
    ):
        if said is not None and inside is not None and said != inside:
            return f"conflicting {what}s: the file says {inside}, {item.said_by} says {said}"
    return None


def _start(recording: ClassRecording) -> datetime:
    assert recording.started_at is not None
    return recording.started_at


def token(key: bytes, kind: str, value: str) -> str:
    """A keyed hash that stands for something erased."""
    return hmac.new(key, f"{kind}:{value}".encode(), "sha256").hexdigest()
