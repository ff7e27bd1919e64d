"""`telemetry library …`: one file per command or family of commands, listed here.

Comes in: arguments. Goes out: results on stdout, what was not taken and why on stderr. Leaves to others:
keeping (`telemetry/library`), reading and analysing, which are lent to it in `work.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.cli.library.add import add
from telemetry.cli.library.change import assign, erase, reassign, remove
from telemetry.cli.library.consent import consent
from telemetry.cli.library.keep import backup, init, migrate, restore
from telemetry.cli.library.look import list_, show, verify
from telemetry.cli.library.out import anonymise, export
from telemetry.cli.library.rider import rider_list, rider_set
from telemetry.cli.library.studio import bike_list, bike_set, studio_list, studio_set
from telemetry.cli.library.watch import reanalyze, watch

LIBRARY: dict[str, Callable[..., None]] = {
    "add": add,
    "list": list_,
    "show": show,
    "remove": remove,
    "verify": verify,
    "assign": assign,
    "reassign": reassign,
    "rider set": rider_set,
    "rider list": rider_list,
    "consent": consent,
    "studio set": studio_set,
    "studio list": studio_list,
    "bike set": bike_set,
    "bike list": bike_list,
    "reanalyze": reanalyze,
    "watch": watch,
    "export": export,
    "anonymise": anonymise,
    "backup": backup,
    "restore": restore,
    "migrate": migrate,
    "erase": erase,
    "init": init,
}
