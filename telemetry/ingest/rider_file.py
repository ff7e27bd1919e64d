"""A rider's TOML file → `Rider`.

Comes in: the path of a small TOML file, keys at the top or in a `[rider]` table, overridden limits in
`[limits]`. Goes out: a `Rider`, or one sentence that names file, key, expectation and what stood there.
Leaves to others: whether a limit of that name exists (`analysis/limits.py`).

    id = "r07"
    mass_kg = 68
    ftp_w = 210

    [limits]
    r2_grinding_min = 6
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard

from telemetry.errors import BadRider
from telemetry.model import Rider

LARGEST_BYTES = 1 << 20
LONGEST_ID = 64
LARGEST_LIMIT = 1e12


@dataclass(frozen=True, slots=True)
class Key:
    """One number of the file and the range in which it describes a person on a bike."""

    name: str
    unit: str
    low: float
    high: float


KEYS: tuple[Key, ...] = (
    Key("mass_kg", "kg", 20.0, 300.0),
    Key("ftp_w", "W", 30.0, 600.0),
    Key("cp_w", "W", 30.0, 600.0),
    Key("w_prime_j", "J", 1000.0, 100000.0),
    Key("crank_length_mm", "mm", 100.0, 220.0),
    Key("max_hr_bpm", "bpm", 90.0, 240.0),
    Key("resting_hr_bpm", "bpm", 25.0, 130.0),
    Key("meter_error_pct", "%", 0.0, 50.0),
)
NUMBERS = {key.name: key for key in KEYS}
NAMES = ("id", *NUMBERS, "limits")


def read_rider(path: str | os.PathLike[str]) -> Rider:
    """The rider that a TOML file describes.

    Raises
    ------
    BadRider : the file cannot be read, is no TOML, has an unknown key, or a value that fits no rider
    """
    file = str(path)
    try:
        table = tomllib.loads(_text(Path(path), file))
    except tomllib.TOMLDecodeError as cause:
        problem, _, place = str(cause).rpartition(" (at ")
        raise BadRider(
            f"this is no TOML: {problem or cause}",
            file=file,
            place=place.rstrip(")") or None,
            expected="lines like mass_kg = 68",
        ) from cause
    except RecursionError as cause:
        raise BadRider("this is no TOML: nested too deeply", file=file) from cause
    try:
        return rider_from(table)
    except BadRider as error:
        error.in_file(file)
        raise


def rider_from(table: Mapping[str, Any]) -> Rider:
    """A rider from parsed keys, at the top or in a `rider` table.

    Raises
    ------
    BadRider : an unknown key, or a value that fits no rider; `place` names the key
    """
    inner = table.get("rider")
    where = ""
    keys = dict(table)
    if isinstance(inner, Mapping):
        where = "[rider] "
        for name in table:
            if name not in ("rider", "limits"):
                hint = f", or {name} inside [rider]" if name in NAMES else ""
                raise BadRider(
                    "unknown key outside [rider]", place=str(name), expected=f"[rider] and [limits]{hint}"
                )
        keys = dict(inner)
        if "limits" in table:
            if "limits" in keys:
                raise BadRider("limits stand in two places", place="[limits] and [rider.limits]")
            keys["limits"] = table["limits"]
    elif "rider" in table:
        raise BadRider("rider is no table", place="rider", expected="[rider]", got=repr(inner)[:40])
    if "rider_id" in keys and "id" not in keys:
        keys["id"] = keys.pop("rider_id")
    values: dict[str, Any] = {}
    for name, value in keys.items():
        place = f"{where}{name}"
        if name == "id":
            values["rider_id"] = _identity(value, place)
        elif name == "limits":
            values["limits"] = _limits(value)
        elif name in NUMBERS:
            values[name] = number(NUMBERS[name], value, place)
        else:
            near = get_close_matches(str(name), NAMES, n=1)
            raise BadRider(
                f"unknown key {str(name)[:40]!r}",
                place=place[:60],
                expected=f"{near[0]}, perhaps" if near else "one of " + ", ".join(NAMES),
            )
    resting, most = values.get("resting_hr_bpm"), values.get("max_hr_bpm")
    if resting is not None and most is not None and resting >= most:
        raise BadRider(
            "resting heart rate is not below maximal heart rate",
            place=f"{where}resting_hr_bpm",
            expected=f"less than {most:g} bpm",
            got=f"{resting:g}",
        )
    return Rider(**values)


def number(key: Key, value: object, place: str) -> float:
    """A value of the file or of an option as a number inside its key's range.

    Raises
    ------
    BadRider : no number, not finite, or outside the range
    """
    expected = f"a number from {key.low:g} to {key.high:g} {key.unit}"
    if not _is_number(value):
        raise BadRider(f"{key.name} is no number", place=place, expected=expected, got=repr(value)[:40])
    if not key.low <= value <= key.high:
        raise BadRider(f"{key.name} fits no rider", place=place, expected=expected, got=str(value)[:40])
    return float(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    # a whole number of any length is finite: asking math.isfinite of 10**400 overflows
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _identity(value: object, place: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > LONGEST_ID:
        raise BadRider(
            "id is no name",
            place=place,
            expected=f"printable text of at most {LONGEST_ID} characters",
            got=repr(value)[:40],
        )
    return value.strip()


def _limits(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise BadRider("limits is no table", place="limits", expected="[limits]", got=repr(value)[:40])
    for name, limit in value.items():
        if not _is_number(limit) or abs(limit) > LARGEST_LIMIT:
            raise BadRider(
                "a limit is no number", place=f"[limits] {name}", expected="a number", got=repr(limit)[:40]
            )
    return {str(name): float(limit) for name, limit in value.items()}


def _text(path: Path, file: str) -> str:
    try:
        if path.is_dir():
            raise BadRider("this is a folder", file=file, expected="a rider's TOML file")
        with path.open("rb") as handle:
            data = handle.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as cause:
        problem = getattr(cause, "strerror", None) or str(cause)
        raise BadRider(f"cannot be read: {problem}", file=file, expected="a rider's TOML file") from cause
    if len(data) > LARGEST_BYTES:
        raise BadRider(
            "too large for a rider file",
            file=file,
            expected="at most 1 MB",
            got=f"over {LARGEST_BYTES} bytes",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        raise BadRider("this is no text in UTF-8", file=file, place=f"line {line}") from cause
