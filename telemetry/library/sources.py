"""Whose class a file is: from an option, a pattern of its path, or a manifest; said, never guessed.

Comes in: what was said on the command line, a manifest CSV. Goes out: an `Input` for each file. Two sources
that contradict each other are an error that names both. Leaves to others: what the file itself says.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from telemetry.errors import BadInput
from telemetry.library.ingest import Input
from telemetry.library.moments import moment

FIELDS: Final = ("rider", "bike", "class", "any")
COLUMNS: Final = ("file", "rider", "bike", "class", "started_at")
LARGEST_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class Row:
    """One line of a manifest."""

    number: int
    rider: str | None
    bike: str | None
    class_id: str | None
    started_at: datetime | None


@dataclass(frozen=True)
class Sources:
    """Everything that was said about files beside what is in them."""

    rider: str | None = None
    bike: str | None = None
    class_id: str | None = None
    started_at: datetime | None = None
    pattern: re.Pattern[str] | None = None
    pattern_text: str = ""
    manifest: Path | None = None
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        rider: str | None = None,
        bike: str | None = None,
        class_id: str | None = None,
        pattern: str | None = None,
        manifest: Path | None = None,
        started_at: datetime | None = None,
        now: datetime | None = None,
    ) -> Sources:
        """Read the pattern and the manifest.

        Raises
        ------
        BadInput : a pattern without names, a manifest that cannot be read; says which row
        """
        return cls(
            rider,
            bike,
            class_id,
            started_at,
            None if pattern is None else compiled(pattern),
            pattern or "",
            manifest,
            {} if manifest is None else read_manifest(manifest, now or datetime.now(UTC)),
        )

    def input(self, path: Path) -> Input:
        """What is known of one file.

        Raises
        ------
        BadInput : sources contradict each other, or the path does not fit the pattern
        """
        said = Input(path, self.rider, self.bike, self.class_id, self.started_at)
        if self.pattern is not None:
            match = self.pattern.search(path.absolute().as_posix())
            if match is None:
                raise BadInput(
                    "the path does not fit the pattern", file=str(path), expected=self.pattern_text
                )
            found = match.groupdict()
            said = _joined(
                said,
                Input(path, found.get("rider"), found.get("bike"), found.get("class")),
                f"the pattern {self.pattern_text}",
            )
        row = self.rows.get(path.absolute().as_posix()) or self.rows.get(path.name)
        if row is not None:
            where = f"row {row.number} of {self.manifest}"
            said = _joined(said, Input(path, row.rider, row.bike, row.class_id, row.started_at), where)
        return said


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of paths as a regular expression: each name stands for one part of the path or of a name."""
    parts = re.split(r"\{(\w+)\}", pattern.lstrip("./"))
    names = parts[1::2]
    wrong = [name for name in names if name not in FIELDS]
    if (
        wrong
        or not set(names) - {"any"}
        or len(set(names) - {"any"}) != len([n for n in names if n != "any"])
    ):
        raise BadInput(
            "this pattern cannot be used",
            place="--pattern",
            expected="names like '{class}/{bike}.fit', each once, of " + ", ".join(FIELDS),
            got=pattern[:80],
        )
    text = "".join(
        re.escape(part) if index % 2 == 0 else ("[^/]+" if part == "any" else f"(?P<{part}>[^/]+?)")
        for index, part in enumerate(parts)
    )
    return re.compile(rf"(?:^|/){text}$", re.IGNORECASE)


def read_manifest(path: Path, now: datetime) -> dict[str, Row]:
    """The rows of a manifest by file: whole path, and bare name where it is the only one.

    Raises
    ------
    BadInput : no CSV, an unknown column, a row without a file, a file twice; names the row
    """
    try:
        with path.open("rb") as handle:
            text = handle.read(LARGEST_BYTES).decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        raise BadInput(
            f"the manifest cannot be read: {getattr(cause, 'strerror', None) or cause}",
            file=str(path),
            expected="a CSV in UTF-8 with a header: " + ",".join(COLUMNS),
        ) from cause
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if "file" not in header or set(header) - set(COLUMNS):
        raise BadInput(
            "the manifest has other columns", file=str(path), place="row 1", expected=",".join(COLUMNS),
            got=",".join(header)[:80] or "nothing",
        )  # fmt: skip
    found: dict[str, Row] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        cells = {name: cell.strip() or None for name, cell in zip(header, line, strict=False)}
        file = cells.get("file")
        if file is None or len(line) > len(header):
            raise BadInput(
                "a row that cannot be read", file=str(path), place=f"row {number}", expected=",".join(header)
            )
        whole = (path.absolute().parent / file).as_posix()
        if whole in seen:
            raise BadInput(
                "a file stands twice",
                file=str(path),
                place=f"row {number}",
                expected=f"only row {seen[whole]}",
            )
        seen[whole] = number
        started_at = None
        if cells.get("started_at"):
            try:
                started_at = moment(str(cells["started_at"]), now)[0]
            except BadInput as problem:
                problem.file, problem.place = str(path), f"row {number}, started_at"
                raise
        row = Row(number, cells.get("rider"), cells.get("bike"), cells.get("class"), started_at)
        found[whole] = row
        found.setdefault(Path(file).name, row)
    names = [Path(whole).name for whole in seen]
    for name in {name for name in names if names.count(name) > 1}:
        del found[name]
    return found


def _joined(first: Input, second: Input, where: str) -> Input:
    """What two sources say together; the second is the one that is looked up."""
    for what in ("rider", "bike", "class_id"):
        one, other = getattr(first, what), getattr(second, what)
        if one is not None and other is not None and one != other:
            raise BadInput(
                f"conflicting {what.removesuffix('_id')}s",
                file=str(first.path),
                expected=f"{one}, as {first.said_by} says",
                got=f"{other}, from {where}",
            )
    looked_up = first.rider is None and second.rider is not None
    return replace(
        first,
        rider=first.rider or second.rider,
        bike=first.bike or second.bike,
        class_id=first.class_id or second.class_id,
        started_at=second.started_at or first.started_at,
        must_exist=first.must_exist or looked_up,
        said_by=where if looked_up else first.said_by,
    )
