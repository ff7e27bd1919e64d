"""`telemetry diary …`: noting things in seconds, and reading, changing and moving what was noted.

Comes in: arguments. Goes out: a line for each entry. Leaves to others: keeping them (`telemetry/library`).
"""

from __future__ import annotations

DIARY: dict[str, str] = {
    "add": "diary.note:add",
    "list": "diary.table:list_",
    "edit": "diary.note:edit",
    "remove": "diary.table:remove",
    "import": "diary.table:import_",
    "export": "diary.table:export",
}
