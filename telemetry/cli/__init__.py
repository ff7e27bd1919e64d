"""The roof: one file per command, composing the rooms; no arithmetic of its own.

Comes in: the arguments of a shell. Goes out: results on stdout, progress and warnings on stderr, and an
exit code: 0 done, 1 some input failed (the rest was done, each failure named), 2 wrong usage, 130 stopped by
Ctrl-C. The commands are listed in `telemetry.cli.app.COMMANDS`. This file imports nothing, so that even
Ctrl-C in the first milliseconds meets the guard.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line: the console script `telemetry` and `python -m telemetry`."""
    try:
        from telemetry.cli.guard import prepare, run

        prepare()
        from telemetry.cli.app import app
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run(app)
