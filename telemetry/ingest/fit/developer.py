"""Developer fields: what the file's field_description messages say of them, as it stood at each definition.

Comes in: the index of the messages and the bytes. Goes out: for any definition, its developer fields with
name, units and type. A description holds from where it stands until the same field is described again; a
field that is used before it is described takes the first description that follows in the same chained file.
Leaves to others: reading values.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import LimitExceeded
from telemetry.ingest.fit.base_types import STRING, TYPE_OF_CODE, UNKNOWN
from telemetry.ingest.fit.fields import DeveloperField
from telemetry.ingest.fit.index import MAX_BYTES, MAX_DESCRIPTIONS
from telemetry.ingest.fit.text import clean_text

FIELD_DESCRIPTION = 206


class Descriptions:
    """Every field description of a file, looked up by chained file, developer index and field number."""

    def __init__(self) -> None:
        self._by_field: dict[tuple[int, int, int], tuple[list[int], list[DeveloperField]]] = {}
        self._changes: dict[int, list[int]] = {}
        self._told: list[tuple[int, DeveloperField]] = []

    def add(self, section: int, offset: int, field: DeveloperField) -> None:
        """Note a description that stands at byte `offset`; offsets rise.

        Raises
        ------
        LimitExceeded : more developer fields than the grammar allows
        """
        key = (section, field.developer, field.number)
        if key not in self._by_field:
            if len(self._by_field) >= MAX_DESCRIPTIONS.value:
                raise LimitExceeded(
                    "too many developer fields are described",
                    offset=offset,
                    expected=f"at most {MAX_DESCRIPTIONS.value} field descriptions",
                )
            self._by_field[key] = ([], [])
        places, fields = self._by_field[key]
        if not fields or fields[-1] != field:
            places.append(offset)
            fields.append(field)
            self._changes.setdefault(section, []).append(offset)
            self._told.append((section, field))
            self.__dict__.pop("signature", None)

    @cached_property
    def signature(self) -> tuple[tuple[int, DeveloperField], ...]:
        """All that was described, in file order: equal for files whose developer fields mean the same."""
        return tuple(self._told)

    def epoch(self, section: int, offset: int) -> tuple[tuple[int, int], int]:
        """Equal for two definitions between which nothing was described: the same bytes mean the same
        there. And the offset up to which it holds for definitions of the same section."""
        changes = self._changes.get(section, ())
        at = bisect_right(changes, offset)
        return (section, at), changes[at] if at < len(changes) else MAX_BYTES.value

    def find(self, section: int, offset: int, index: int, number: int) -> DeveloperField:
        """The field as it was known where a definition stands at byte `offset`."""
        places, fields = self._by_field.get((section, index, number), ((), ()))
        if not fields:
            return DeveloperField(index, number)
        return fields[max(0, bisect_right(places, offset) - 1)]


def read_descriptions(
    raw: bytes,
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
) -> Descriptions:
    """Collect the descriptions; `offset` and `definition` are those of the field_description messages."""
    known = Descriptions()
    layouts: dict[int, dict[int, tuple[int, int, int]]] = {}
    for p, d in zip(offset.tolist(), definition.tolist(), strict=True):
        if d not in layouts:
            layouts[d] = _layout(raw, int(definitions[d, 0]), int(definitions[d, 4]))
        fields = layouts[d]
        index = _number(raw, p, fields.get(0))
        number = _number(raw, p, fields.get(1))
        if index is None or number is None:
            continue
        code = _number(raw, p, fields.get(2))
        native = _number(raw, p, fields.get(15))
        known.add(
            int(definitions[d, 7]),
            p,
            DeveloperField(
                index,
                number,
                _text(raw, p, fields.get(3)),
                _text(raw, p, fields.get(8)),
                UNKNOWN if code is None else int(TYPE_OF_CODE[code]),
                255 if native is None else native,
            ),
        )
    return known


def _layout(raw: bytes, at: int, n_fields: int) -> dict[int, tuple[int, int, int]]:
    """Field number → (bytes after the header byte, size, type) of the definition at byte `at`."""
    place = 1
    fields: dict[int, tuple[int, int, int]] = {}
    for i in range(at + 6, at + 6 + 3 * n_fields, 3):
        fields.setdefault(raw[i], (place, raw[i + 1], int(TYPE_OF_CODE[raw[i + 2]])))
        place += raw[i + 1]
    return fields


def _number(raw: bytes, p: int, place: tuple[int, int, int] | None) -> int | None:
    """A one-byte number, None where absent or, for numbers that may not be 255, invalid."""
    if place is None or place[1] < 1:
        return None
    value = raw[p + place[0]]
    return None if value == 0xFF else value


def _text(raw: bytes, p: int, place: tuple[int, int, int] | None) -> str:
    if place is None or place[2] != STRING:
        return ""
    return clean_text(raw[p + place[0] : p + place[0] + place[1]]) or ""
