"""`telemetry doctor`: is this installation sound, and if not, what to do.

Comes in: the machine. Goes out: one line a check on stdout, each with the fix where there is one.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from telemetry.cli import options

MARKS = {"ok": "ok   ", "warning": "warn ", "problem": "FAIL "}


def doctor(
    warm: Annotated[
        bool, typer.Option("--warm", help="Compile the calculations now, so that no class has to wait.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Check this installation: versions, compiled calculations, names that clash."""
    from telemetry.cli import console
    from telemetry.cli.checks import CHECKS, Check
    from telemetry.cli.guard import sentence
    from telemetry.cli.kernels import ready
    from telemetry.cli.session import Session

    ready()
    if warm:
        from telemetry.cli.warm import compile_all

        with console.ProgressBar(1, "Compiling"):
            seconds = compile_all()
        console.note(f"compiled and tried in {seconds:.1f} s")
    results: list[Check] = []
    for name, look in CHECKS.items():
        try:
            results.extend(look())
        except Exception as problem:  # a broken package is just what this command is for
            results.append(Check(name, "problem", sentence(problem)))
    sound = all(result.state != "problem" for result in results)
    if as_json:
        checks = [
            {"check": item.name, "state": item.state, "found": item.found, "fix": item.fix}
            for item in results
        ]
        Session.print_json({"python": sys.version.split()[0], "sound": sound, "checks": checks})
    else:
        for item in results:
            console.result(console.clean(f"{MARKS[item.state]} {item.name}: {item.found}"))
            if item.fix:
                console.result(console.clean(f"      → {item.fix}"))
    raise typer.Exit(0 if sound else 1)
