"""The whole table: `python -m benchmarks [NAME ...] [--quick]`.

    decode    every real file: columns, frames, all messages, beside fitfast and fitdecode
    analyze   parts of one analysis of an hour, ms of one core
    report    a page from the shell, whole processes, beside bare imports; the first run ever
    batch     a thousand hours analyzed, and pages of some, files a second
    faults    damaged files: intact records lost, structures kept, beside fitdecode and fitparse

All of them where none is named. `--quick` runs each small, in three minutes in all; the figures of the page
on performance are those without it, which takes half an hour, nearly all of it the peers'. Each part is a
process of its own, so that none warms another.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from benchmarks.processes import ROOT

Part = tuple[tuple[str, ...], ...]
PARTS: dict[str, tuple[Part, Part]] = {
    # name: (in full, quick), each a row of commands
    "decode": ((("decode",),), (("decode", "--fast"),)),
    "analyze": ((("analyze",),), (("analyze",),)),
    "report": ((("report", "--cold"),), (("report", "--runs", "2"),)),
    "batch": ((("batch",),), (("batch", "--files", "200", "--pages", "12"),)),
    "faults": (
        (("faults", "fit-mutate", "--n", "4086", "--seed", "1"), ("faults", "fit-structure")),
        (("faults", "fit-mutate", "--n", "150", "--seed", "1"), ("faults", "fit-structure", "--peers", "0")),
    ),
}
PACKAGES = ("numpy", "numba", "polars", "matplotlib", "fitfast", "fitdecode", "fitparse")


def main() -> int:
    """Run the parts in order; 1 where one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    for name in given.names:
        if name not in PARTS:
            parser.error(f"there is no {name!r}: {', '.join(PARTS)}")
    print(machine())
    failed = 0
    for name in given.names or PARTS:
        for command in PARTS[name][given.quick]:
            print(f"\n== {' '.join(command)}", flush=True)
            failed |= subprocess.run(
                [sys.executable, "-m", f"benchmarks.{command[0]}", *command[1:]], cwd=ROOT
            ).returncode
    return int(failed != 0)


def machine() -> str:
    """When, on what, and with which packages."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores{load}, "
        f"Python {platform.python_version()}, {', '.join(found)}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
