"""`telemetry library …`: one file per command or family of commands, listed here.

Comes in: arguments. Goes out: results on stdout, what was not taken and why on stderr. Leaves to others:
keeping (`telemetry/library`), reading and analysing, which are lent to it in `work.py`.
"""

from __future__ import annotations

LIBRARY: dict[str, str] = {
    "add": "library.add:add",
    "list": "library.look:list_",
    "show": "library.look:show",
    "remove": "library.change:remove",
    "verify": "library.look:verify",
    "assign": "library.change:assign",
    "reassign": "library.change:reassign",
    "rider set": "library.rider:rider_set",
    "rider list": "library.rider:rider_list",
    "consent": "library.consent:consent",
    "studio set": "library.studio:studio_set",
    "studio list": "library.studio:studio_list",
    "bike set": "library.studio:bike_set",
    "bike list": "library.studio:bike_list",
    "reanalyze": "library.watch:reanalyze",
    "watch": "library.watch:watch",
    "export": "library.out:export",
    "anonymise": "library.out:anonymise",
    "backup": "library.keep:backup",
    "restore": "library.keep:restore",
    "migrate": "library.keep:migrate",
    "erase": "library.change:erase",
    "init": "library.keep:init",
}
