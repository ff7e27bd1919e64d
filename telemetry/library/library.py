"""A library: classes, riders, diaries and what was computed, kept in one place.

Comes in: a folder (or a PostgreSQL URL and a folder for files). Goes out: the hall's own objects,
`ClassRecording`, the JSON of analyses, `PastClass`, `Diary`, and nothing that any one process holds back:
command line, watcher and web may use one library at once. Leaves to others: reading class files and analysing
them, which the roof lends as `Tools`; verifying, erasing, backing up (files of their own beside this one).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from telemetry.errors import BadInput, BadLibrary
from telemetry.library import analyses, audit, consents, diary, riders, studios
from telemetry.library.analyses import Background, Tools, nobody_basis
from telemetry.library.catalog import Catalog, check_row, trusted
from telemetry.library.codec import moment, rebuild, stamp, unpack_samples
from telemetry.library.durable import make_folder
from telemetry.library.ingest import Added, Input, Run, token
from telemetry.library.object_store import ObjectStore, is_url
from telemetry.library.place import CATALOG, STORAGE, own_key, place_of, shared_key
from telemetry.library.store import ORIGINALS, SAMPLES, Store
from telemetry.library.tables import analyses as analysis_rows
from telemetry.library.tables import audit as audit_rows
from telemetry.library.tables import bikes as bike_rows
from telemetry.library.tables import originals, quarantine, recordings, settings
from telemetry.library.tables import riders as rider_rows
from telemetry.library.tables import studios as studio_rows
from telemetry.model import Diary

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy.engine import Connection

    from telemetry.library.catalog import Writer
    from telemetry.library.consents import Consent
    from telemetry.library.riders import Fact
    from telemetry.model import ClassRecording, DiaryEntry, PastClass, Rider

ABANDONED_S: Final = 3600.0
"""An unfinished file this old belongs to nobody any more."""


class Library:
    """An open library. Use it in a `with` block, or call `close`."""

    def __init__(self, catalog: Catalog, store: Store, key: bytes, actor: str = "python") -> None:
        self.catalog = catalog
        self.store = store
        self.key = key
        self.actor = actor

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self.catalog.close()

    @property
    def place(self) -> str:
        """Where the library is, for messages."""
        return self.catalog.place

    # --- adding -------------------------------------------------------------------------------------------

    def add(self, inputs: Iterable[Input], tools: Tools, **options: Any) -> Iterator[Added]:
        """Add files; one answer per class or file, each after it is on the disk. Options as of
        `ingest.Run`.
        """
        yield from Run(self, tools, **options)(inputs)

    def analysed(
        self, tools: Tools, recording: ClassRecording, samples: str, background: Background | None
    ) -> tuple[dict[str, Any], PastClass, str]:
        """A class analysed as of its day: the JSON of it, what later classes need of it, and its basis."""
        assert recording.started_at is not None
        if background is None:
            analysis = tools.analyze(recording, None, (), Diary())
            basis = nobody_basis(samples, tools.code_version)
        else:
            when, bike = recording.started_at, recording.bike_id
            analysis = tools.analyze(
                recording,
                background.rider(when, bike),
                background.before(when),
                background.diary_of(when, recording.duration_s),
            )
            basis = background.basis(when, recording.duration_s, bike, samples, tools.code_version)
        content = analysis.to_dict()
        past = tools.past_class(content)
        assert past is not None
        return content, past, basis

    def background(self, rider_id: str, *, missing_ok: bool = False) -> Background:
        """Everything about a rider that the analysis of a class may ask."""
        with self.catalog.read() as connection:
            if missing_ok and not riders.exists(connection, rider_id):
                return Background([], (), Diary(), rider_id, studios.cranks(connection))
            return Background(
                self._facts(connection, rider_id),
                analyses.past(connection, rider_id),
                diary.read(connection, rider_id),
                rider_id,
                studios.cranks(connection),
            )

    def stale(
        self, code_version: str, rider_id: str | None = None, since: datetime | None = None
    ) -> list[str]:
        """Classes whose analysis would come out of other facts, classes, notes or code today, oldest
        first.
        """
        found: list[tuple[str, str]] = []
        with self.catalog.read() as connection:
            backgrounds: dict[str, Background] = {}
            for row, basis in self._with_basis(connection, rider_id, since):
                who = row.rider_id
                if who is None:
                    now_basis = nobody_basis(row.samples, code_version)
                else:
                    if who not in backgrounds:
                        backgrounds[who] = self.background(who)
                    now_basis = backgrounds[who].basis(
                        moment(row.started_at), row.duration_s, row.bike_id, row.samples, code_version
                    )
                if now_basis != basis:
                    found.append((row.started_at, row.recording_id))
        return [recording_id for _, recording_id in sorted(found)]

    def _with_basis(
        self, connection: Connection, rider_id: str | None, since: datetime | None
    ) -> list[tuple[Any, str | None]]:
        joined = recordings.outerjoin(
            analysis_rows,
            sa.and_(analysis_rows.c.recording_id == recordings.c.recording_id, analysis_rows.c.current == 1),
        )
        statement = sa.select(recordings, analysis_rows.c.basis).select_from(joined)
        if rider_id is not None:
            statement = statement.where(recordings.c.rider_id == rider_id)
        if since is not None:
            statement = statement.where(recordings.c.started_at >= stamp(since))
        return [(row, row.basis) for row in connection.execute(statement)]

    def refresh(
        self,
        tools: Tools,
        rider_id: str | None = None,
        *,
        since: datetime | None = None,
        run: str | None = None,
        only: Sequence[str] | None = None,
    ) -> Iterator[str]:
        """Analyse again what is no longer up to date, oldest first; ids of classes with a new version.

        The old versions stay. Nothing is done for a class whose inputs are as they were.
        """
        return iter(list(self._refresh(tools, rider_id, since, run or secrets.token_hex(8), only)))

    def _refresh(
        self,
        tools: Tools,
        rider_id: str | None,
        since: datetime | None,
        run: str,
        only: Sequence[str] | None,
    ) -> Iterator[str]:
        backgrounds: dict[str, Background] = {}
        for recording_id in self.stale(tools.code_version, rider_id, since):
            if only is not None and recording_id not in only:
                continue
            row = self.row(recording_id)
            who = row["rider_id"]
            if who is not None and who not in backgrounds:
                backgrounds[who] = self.background(who)
            background = None if who is None else backgrounds[who]
            recording = self.recording(recording_id)
            content, past, basis = self.analysed(tools, recording, row["samples"], background)
            with self.catalog.write() as writer:
                new = analyses.insert(writer, recording_id, content, past, basis, tools.code_version, run)
            if background is not None:
                background.learn(past)
            if new:
                yield recording_id

    # --- reading ------------------------------------------------------------------------------------------

    def row(self, recording_id: str) -> Mapping[str, Any]:
        """The catalog's row of a class, by its id or the beginning of it.

        Raises
        ------
        BadInput : no class begins so, or several do
        """
        with self.catalog.read() as connection:
            return self._row(connection, recording_id)

    def _row(self, connection: Connection, recording_id: str) -> Mapping[str, Any]:
        column = recordings.c.recording_id
        exact = connection.execute(recordings.select().where(column == recording_id)).one_or_none()
        if exact is not None:
            return trusted(recordings, exact)
        begins = column.startswith(recording_id, autoescape=True)
        rows = connection.execute(recordings.select().where(begins).limit(3)).all() if recording_id else []
        if len(rows) != 1:
            raise BadInput(
                f"{'several classes begin' if rows else 'no class of this library begins'} with "
                f"{recording_id!r}",
                expected="an id of telemetry library list",
            )
        return trusted(recordings, rows[0])

    def rows(
        self,
        rider_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        studio_id: str | None = None,
    ) -> list[tuple[Mapping[str, Any], PastClass | None]]:
        """Classes with what their analysis says in short, oldest first; from the catalog alone."""
        statement = (
            sa.select(recordings, analysis_rows)
            .select_from(
                recordings.outerjoin(
                    analysis_rows,
                    sa.and_(
                        analysis_rows.c.recording_id == recordings.c.recording_id,
                        analysis_rows.c.current == 1,
                    ),
                )
            )
            .order_by(recordings.c.started_at, recordings.c.recording_id)
            .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
        )
        if since is not None:
            statement = statement.where(recordings.c.started_at >= stamp(since))
        if until is not None:
            statement = statement.where(recordings.c.started_at <= stamp(until))
        with self.catalog.read() as connection:
            if rider_id is not None:
                riders.find(connection, rider_id)
                statement = statement.where(recordings.c.rider_id == rider_id)
            if studio_id is not None:
                studios.find(connection, studio_id)
                statement = statement.where(studios.ridden_in(studio_id))
            found: list[tuple[Mapping[str, Any], PastClass | None]] = []
            for labelled in connection.execute(statement):
                values = labelled._mapping
                row = _checked(recordings, values, "recordings_")
                if values["analyses_analysis_id"] is None:
                    found.append((row, None))
                else:
                    analysis = _checked(analysis_rows, values, "analyses_")
                    found.append((row, analyses.unpack_past(analysis["summary"])))
            return found

    def samples(self, sha256: str) -> pl.DataFrame:
        """The samples of a Parquet file; its SHA-256 is checked before it is opened."""
        return unpack_samples(self.store.get(SAMPLES, sha256, ".parquet"), f"samples {sha256[:12]}")

    def recording(self, recording_id: str) -> ClassRecording:
        """A class as it was read, value for value."""
        row = self.row(recording_id)
        return rebuild(
            row["about"],
            self.samples(row["samples"]),
            started_at=moment(row["started_at"]),
            rider_id=row["rider_id"],
            bike_id=row["bike_id"],
            class_id=row["class_id"],
        )

    def original(self, recording_id: str) -> tuple[str, bytes]:
        """The file a class came from: its name and its bytes."""
        row = self.row(recording_id)
        with self.catalog.read() as connection:
            found = connection.execute(originals.select().where(originals.c.sha256 == row["original"])).one()
        kept = trusted(originals, found)
        return kept["file"], self.store.get(ORIGINALS, kept["sha256"], kept["suffix"])

    def analysis(self, recording_id: str, version: int | None = None) -> dict[str, Any] | None:
        """The JSON of a class: the current analysis, or an earlier version of it."""
        row = self.row(recording_id)
        with self.catalog.read() as connection:
            return analyses.content(connection, row["recording_id"], version)

    def versions(self, recording_id: str) -> list[Mapping[str, Any]]:
        """Every version of a class's analysis: version, code_version, made_at, current."""
        row = self.row(recording_id)
        with self.catalog.read() as connection:
            found = connection.execute(
                analysis_rows.select()
                .where(analysis_rows.c.recording_id == row["recording_id"])
                .order_by(analysis_rows.c.version)
            ).all()
        return [trusted(analysis_rows, item) for item in found]

    def past(self, rider_id: str, before: datetime | None = None, minutes: bool = False) -> list[PastClass]:
        """A rider's classes as later ones and trends need them, oldest first."""
        with self.catalog.read() as connection:
            riders.find(connection, rider_id)
            return analyses.past(connection, rider_id, before, minutes)

    def quarantined(self) -> list[Mapping[str, Any]]:
        """Files that could not be used, each with its reason."""
        with self.catalog.read() as connection:
            return [
                trusted(quarantine, row)
                for row in connection.execute(quarantine.select().order_by(quarantine.c.at))
            ]

    # --- riders and diary ---------------------------------------------------------------------------------

    def riders(self) -> list[Mapping[str, Any]]:
        """Every rider's row, by id."""
        with self.catalog.read() as connection:
            rows = connection.execute(rider_rows.select().order_by(rider_rows.c.rider_id)).all()
        return [trusted(rider_rows, row) for row in rows]

    def rider(self, rider_id: str, day: date | None = None) -> Rider:
        """A rider as they were on a day, today where none is given."""
        with self.catalog.read() as connection:
            return riders.as_of(rider_id, self._facts(connection, rider_id), day or date.today())

    def facts(self, rider_id: str) -> list[Fact]:
        """Every dated fact of a rider."""
        with self.catalog.read() as connection:
            return self._facts(connection, rider_id)

    def _facts(self, connection: Connection, rider_id: str) -> list[Fact]:
        riders.find(connection, rider_id)
        return riders.history(connection, rider_id)

    def set_rider(
        self,
        rider_id: str,
        values: Mapping[str, float | None],
        since: date | None = None,
        **about: str | None,
    ) -> tuple[bool, list[Fact]]:
        """Write down facts of a rider, who is created where not known: (created, what was written)."""
        for name, value in values.items():
            riders.check_fact(name, value)
        with self.catalog.write() as writer:
            new = not riders.exists(writer.connection, rider_id)
            if new:
                riders.create(writer, rider_id)
            given = {name: value for name, value in about.items() if value is not None}
            if given:
                writer.update(rider_rows, rider_id, **given)
            written = riders.set_facts(writer, rider_id, values, since)
            self.log(writer, "rider set", rider_id, facts=len(written))
        return new, written

    def diary(self, rider_id: str) -> Diary:
        """Everything a rider and a clinician wrote down."""
        with self.catalog.read() as connection:
            riders.find(connection, rider_id)
            return diary.read(connection, rider_id)

    def note(self, rider_id: str, entries: Iterable[DiaryEntry]) -> list[DiaryEntry]:
        """Write entries into a diary, all of them or none; the same with their ids."""
        with self.catalog.write() as writer:
            riders.find(writer.connection, rider_id)
            kept = [diary.add(writer, rider_id, entry) for entry in entries]
            if kept:
                self.log(writer, "diary add", rider_id, entries=len(kept))
        return kept

    def entry(self, rider_id: str, entry_id: str) -> DiaryEntry:
        """One entry by its id or the beginning of it."""
        with self.catalog.read() as connection:
            return diary.parse(diary.find(connection, rider_id, entry_id))

    def change_entry(self, rider_id: str, entry: DiaryEntry) -> None:
        """Put an entry in the place of the one with its id."""
        with self.catalog.write() as writer:
            diary.change(writer, rider_id, entry)
            self.log(writer, "diary edit", rider_id, entries=1)

    def remove_entry(self, rider_id: str, entry_id: str) -> None:
        """Take an entry out of a diary."""
        with self.catalog.write() as writer:
            diary.remove(writer, rider_id, entry_id)
            self.log(writer, "diary remove", rider_id, entries=1)

    # --- studios and bikes --------------------------------------------------------------------------------

    def studio(self, studio_id: str) -> Mapping[str, Any]:
        """A studio's row."""
        with self.catalog.read() as connection:
            return studios.find(connection, studio_id)

    def studios(self) -> list[Mapping[str, Any]]:
        """Every studio's row, by id."""
        with self.catalog.read() as connection:
            return studios.every(connection, studio_rows)

    def set_studio(self, studio_id: str, name: str | None = None) -> tuple[bool, Mapping[str, Any]]:
        """Write down a studio, which is created where not known: (created, its row)."""
        return self._put("studio set", studio_rows, studio_id, name=name)

    def bikes(self, studio_id: str | None = None) -> list[Mapping[str, Any]]:
        """Every bike's row, or those of a studio, by id."""
        with self.catalog.read() as connection:
            if studio_id is not None:
                studios.find(connection, studio_id)
            found = studios.every(connection, bike_rows)
        return [row for row in found if studio_id in (None, row["studio_id"])]

    def set_bike(self, bike_id: str, **about: Any) -> tuple[bool, Mapping[str, Any]]:
        """Write down a bike, which is created where not known: (created, its row).

        `about`: studio_id, name, maker, model, serial, crank_length_mm; None leaves what is known.
        """
        return self._put("bike set", bike_rows, bike_id, **about)

    def _put(self, action: str, table: sa.Table, key: str, **about: Any) -> tuple[bool, Mapping[str, Any]]:
        given = {name: value for name, value in about.items() if value is not None}
        with self.catalog.write() as writer:
            new = studios.put(writer, table, key, **given)
            if new or given:
                self.log(writer, action, fields=len(given))
            column = next(iter(table.primary_key.columns))
            row = writer.connection.execute(table.select().where(column == key)).one()
        return new, trusted(table, row)

    # --- consents -----------------------------------------------------------------------------------------

    def consents(self, rider_id: str) -> list[Consent]:
        """Every consent of a rider, withdrawn ones too, oldest first."""
        with self.catalog.read() as connection:
            return consents.history(connection, rider_id)

    def grant(
        self, rider_id: str, scope: str, at: datetime | None = None, **more: Any
    ) -> tuple[bool, Consent]:
        """A rider agrees to a scope, now where no moment is given; `more` as of `consents.grant`."""
        with self.catalog.write() as writer:
            new, made = consents.grant(writer, rider_id, scope, at or datetime.now(UTC), **more)
            if new:
                self.log(writer, "consent grant", rider_id, scope=scope)
        return new, made

    def withdraw(self, rider_id: str, scope: str, at: datetime | None = None, **more: Any) -> Consent:
        """A rider no longer agrees, now where no moment is given; `more` as of `consents.withdraw`."""
        with self.catalog.write() as writer:
            ended = consents.withdraw(writer, rider_id, scope, at or datetime.now(UTC), **more)
            self.log(writer, "consent withdraw", rider_id, scope=scope)
        return ended

    def consent(self, rider_id: str, scope: str) -> Consent | None:
        """The consent by which something of a rider may be shown; None where nobody ever asked.

        Raises
        ------
        Withheld : the rider withdrew it
        """
        with self.catalog.read() as connection:
            return consents.standing(connection, rider_id, scope)

    def withheld(self, scope: str) -> dict[str, datetime]:
        """Riders who withdrew a consent that they have not given again, with the moment."""
        with self.catalog.read() as connection:
            return consents.withdrawn(connection, scope)

    # --- changing -----------------------------------------------------------------------------------------

    def assign(self, recording_id: str, rider_id: str, *, move: bool = False) -> Mapping[str, Any]:
        """Say whose class it is. A class that is somebody else's needs `move`.

        Raises
        ------
        BadInput : unknown class or rider, or the class is another rider's
        """
        with self.catalog.write() as writer:
            row = self._row(writer.connection, recording_id)
            riders.find(writer.connection, rider_id)
            old = row["rider_id"]
            if old is not None and old != rider_id and not move:
                raise BadInput(
                    f"this class is {old}'s",
                    place=f"class {row['recording_id']}",
                    expected="telemetry library reassign, which writes down that it changed hands",
                )
            if old != rider_id:
                writer.update(recordings, row["recording_id"], rider_id=rider_id)
                if old is not None:
                    self.log(writer, "reassign from", old, classes=1)
                self.log(writer, "reassign to" if old else "assign", rider_id, classes=1)
        return row

    def remove(self, recording_id: str) -> Mapping[str, Any]:
        """Take one class out, with all its analyses and files."""
        gone: list[tuple[str, str, str]] = []
        with self.catalog.write() as writer:
            row = self.take_out(writer, self._row(writer.connection, recording_id)["recording_id"], gone)
            self.log(writer, "remove", row["rider_id"], classes=1)
        self.forget_files(gone)
        return row

    def take_out(
        self, writer: Writer, recording_id: str, gone: list[tuple[str, str, str]]
    ) -> Mapping[str, Any]:
        """Delete a class's rows; its files, where nobody else has them, are noted in `gone`."""
        row = self._row(writer.connection, recording_id)
        writer.delete(analysis_rows, analysis_rows.c.recording_id == recording_id)
        writer.delete(recordings, recordings.c.recording_id == recording_id)
        gone.append((SAMPLES, row["samples"], ".parquet"))
        sha256 = row["original"]
        others = writer.connection.execute(
            sa.select(recordings.c.recording_id).where(recordings.c.original == sha256)
        ).first()
        if sha256 is not None and others is None:
            kept = writer.connection.execute(originals.select().where(originals.c.sha256 == sha256)).one()
            writer.delete(originals, originals.c.sha256 == sha256)
            gone.append((ORIGINALS, sha256, kept.suffix))
        return row

    def forget_files(self, gone: Sequence[tuple[str, str, str]]) -> int:
        """Remove files whose rows are gone, unless a row came back meanwhile; how many went."""
        if not gone:
            return 0
        removed = 0
        with self.catalog.translated(), self.store.clearing():
            with self.catalog.read() as connection:
                kept = set(connection.execute(sa.select(recordings.c.samples)).scalars())
                kept |= set(connection.execute(sa.select(originals.c.sha256)).scalars())
            for kind, sha256, suffix in gone:
                if sha256 not in kept:
                    removed += self.store.remove(kind, sha256, suffix)
        return removed

    def sweep(self) -> int:
        """Remove files that an interrupted `add` left without a row; how many went."""
        with self.catalog.translated():
            swept = self.store.sweep(time.time() - ABANDONED_S)
            return swept + self.forget_files(
                [(kind, sha, suffix) for kind, sha, suffix, _ in self.store.all()]
            )

    # --- small things -------------------------------------------------------------------------------------

    def log(self, writer: Writer, action: str, rider_id: str | None = None, **detail: Any) -> None:
        """One line in the audit log."""
        subject = None if rider_id is None else riders.find(writer.connection, rider_id)["subject"]
        audit.log(writer, self.key, self.actor, action, subject, **detail)

    def audit(self) -> list[Mapping[str, Any]]:
        """The audit log, oldest line first."""
        with self.catalog.read() as connection:
            rows = connection.execute(audit_rows.select().order_by(audit_rows.c.audit_id)).all()
        return [trusted(audit_rows, row) for row in rows]

    def token(self, kind: str, value: str) -> str:
        """A keyed hash that stands for something erased."""
        return token(self.key, kind, value)

    def remember_storage(self) -> None:
        """Write down where the files are, once: whoever names the server finds them."""
        with self.catalog.write() as writer:
            mine = settings.c.name == STORAGE
            if writer.connection.execute(settings.select().where(mine)).first() is None:
                writer.insert(settings, name=STORAGE, value=self.store.place)

    def setting(self, name: str) -> str | None:
        """What the library knows of itself under a name."""
        with self.catalog.read() as connection:
            row = connection.execute(settings.select().where(settings.c.name == name)).one_or_none()
        return None if row is None else str(trusted(settings, row)["value"])


def open_library(
    place: str | os.PathLike[str] | None = None,
    *,
    storage: str | os.PathLike[str] | None = None,
    create: bool = True,
    wait_s: float = 15.0,
    actor: str = "python",
) -> Library:
    """Open the library in a folder, or the one of a `postgresql://` URL; `storage` is a place for the files.

    Without a place: what TELEMETRY_LIBRARY says, else a folder in the user's data. A new one is made, unless
    `create` is False.

    Raises
    ------
    BadLibrary : it cannot be opened: locked, damaged, made by a newer version, not there
    BadInput : a URL that is none of a library
    """
    where = place_of(place, storage)
    url, folder = where.url, where.folder
    local = url.startswith("sqlite")
    if local and not create and not (folder / CATALOG).is_file():
        raise BadLibrary("there is no library here", file=str(folder), expected="the folder of a library")
    try:
        make_folder(folder.absolute())
        if is_url(where.files) and not local:
            shared_key(folder, ObjectStore(folder, where.files), new=create)
        key = own_key(folder, new=create and not (folder / CATALOG).exists())
    except OSError as cause:
        raise BadLibrary(
            f"the library cannot be opened: {cause.strerror}", file=str(folder), expected="a writable folder"
        ) from cause
    catalog = Catalog(url, folder, wait_s=wait_s, create=create)
    library = Library(catalog, Store(folder), key, actor)
    try:
        kept = library.setting(STORAGE) if local else None
        files = where.files or kept or ""
        if kept is not None and where.files not in ("", kept):
            raise BadInput("this library keeps its files elsewhere", file=str(folder), expected=kept)
        if is_url(files):
            library.store = ObjectStore(folder, files)
        if not local:
            library.store.lock = catalog.locked
        if create and (not local or (where.files and kept is None)):
            library.remember_storage()
    except BaseException:
        library.close()
        raise
    return library


def _checked(table: sa.Table, values: Mapping[Any, Any], prefix: str) -> Mapping[str, Any]:
    """One table's part of a joined row, after its hash was checked."""
    row = {column.name: values[prefix + column.name] for column in table.c}
    check_row(table, row)
    return row
