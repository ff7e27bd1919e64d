"""`telemetry diary …`: noting things in seconds, and reading, changing and moving what was noted.

Comes in: arguments. Goes out: a line for each entry. Leaves to others: keeping them (`telemetry/library`).
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.cli.diary.note import add, edit
from telemetry.cli.diary.table import export, import_, list_, remove

DIARY: dict[str, Callable[..., None]] = {
    "add": add,
    "list": list_,
    "edit": edit,
    "remove": remove,
    "import": import_,
    "export": export,
}
