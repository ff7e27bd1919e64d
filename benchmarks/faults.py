"""Faults put into FIT files, on us and on the peers, in one harness: `python -m benchmarks.faults NAME`.

    fit-mutate --n N --seed S [--peers 0|1]   damaged real files: intact records lost or invented, exceptions
    fit-structure [--peers 0|1]               odd structures before a thousand good records
    bombs [--mb 1.0] [--peers 0|1]            seconds and memory for files that ask for much
    kill, io, rot [--n N] [--seed S]          a library under kill -9, failing disks, flipped bits

`--json` prints one object a line instead of a table. `fit-mutate` leaves with 1 where ours let a foreign
exception out, or lost more than half a percent of the intact records.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.corpus import files
from benchmarks.faults_bombs import bombs, through_read
from benchmarks.faults_mutate import Mutant, make
from benchmarks.faults_oracle import Record, records
from benchmarks.faults_structure import EXPECTED, cases
from benchmarks.peers import Decode, Outcome, installed

SMALLEST_BYTES, LARGEST_BYTES = 3_000, 140_000
"""Files mutated: large enough to have a ride in them, small enough for the slowest peer."""
FEWEST_RECORDS = 50
MOST_LOST = 0.005
"""of the records whose bytes are intact: what is promised of our decoder, over a campaign"""


def base_files() -> list[tuple[str, bytes, list[Record]]]:
    """Undamaged files whose records the oracle and our decoder agree on."""
    found = []
    for name, data in files():
        if SMALLEST_BYTES < len(data) < LARGEST_BYTES:
            known = records(data)
            if len(known) >= FEWEST_RECORDS and _whole(data):
                found.append((name, data, known))
    return found


def _whole(data: bytes) -> bool:
    from telemetry.ingest.fit import open_fit

    return not open_fit(data).damage


def fit_mutate(n: int, seed: int, decoders: list[tuple[str, Decode]]) -> list[dict[str, Any]]:
    """Mutate base files in turn; one row of counts for each decoder and kind of damage."""
    bases = base_files()
    clean = [{name: Counter(decode(data).rows) for name, decode in decoders} for _, data, _ in bases]
    spans = [sorted({(r.definition_start, r.definition_stop) for r in known}) for _, _, known in bases]
    table: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for i in range(n):
        which = i % len(bases)
        _, data, known = bases[which]
        mutant = make(data, seed * 1_000_003 + i, spans[which])
        whole = _intact(mutant, known)
        for name, decode in decoders:
            began = time.perf_counter()
            outcome = decode(mutant.data)
            took = time.perf_counter() - began
            score = _score(outcome, whole, clean[which][name], len(known) - len(whole))
            for kind in (mutant.kind, "all"):
                cell = table[name, kind]
                cell.update(score)
                cell["slowest_ms"] = max(cell["slowest_ms"], round(1000 * took))
    return [{"decoder": name, "kind": kind, **cell} for (name, kind), cell in table.items()]


def _intact(mutant: Mutant, known: list[Record]) -> list[Record]:
    def hit(start: int, stop: int) -> bool:
        return any(first < stop and start < last for first, last in mutant.touched)

    return [r for r in known if not hit(r.start, r.stop) and not hit(r.definition_start, r.definition_stop)]


def _score(outcome: Outcome, whole: list[Record], clean: Counter[Any], damaged: int) -> Counter[str]:
    have = Counter(outcome.rows)
    lost = 0
    for record in whole:
        if have[record.row] > 0:
            have[record.row] -= 1
        else:
            lost += 1
    left = clean.copy()
    strange = unmarked = 0
    for row, marked in zip(outcome.rows, outcome.marked, strict=True):
        if left[row] > 0:
            left[row] -= 1
        else:
            strange += 1
            unmarked += not marked
    return Counter(
        mutants=1,
        intact=len(whole),
        lost=lost,
        losing=int(lost > 0),
        phantom=max(0, strange - damaged),
        unmarked=max(0, unmarked - damaged),
        silent=int(lost > 0 and not outcome.signalled),
        foreign=int(bool(outcome.foreign)),
        slowest_ms=0,
    )


def fit_structure(decoders: list[tuple[str, Decode]]) -> list[dict[str, Any]]:
    """Odd structures before a thousand good records: cases in which all thousand come out."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for case, data in cases():
        for name, decode in decoders:
            outcome = decode(data)
            have = Counter((row[0], row[1], row[2]) for row in outcome.rows)
            lost = sum(have[row] == 0 for row in EXPECTED)
            table[name].update(cases=1, kept=int(not lost), foreign=int(bool(outcome.foreign)), lost=lost)
            if name == "ours" and lost:
                print(f"ours loses {lost} records: {case}")
    return [{"decoder": name, **cell} for name, cell in table.items()]


def run_bombs(megabytes: float, decoders: list[tuple[str, Decode]]) -> list[dict[str, Any]]:
    """Seconds of CPU per MB, growth of memory per byte: records as columns, then the whole of `read()`."""
    from telemetry.errors import TelemetryError
    from telemetry.ingest.fit import open_fit

    for _, data in bombs(20_000):
        for _, decode in decoders:
            decode(data)
    found = []
    for bomb, data in bombs(int(megabytes * 1_000_000)):
        for name, decode in decoders:
            before, began = _memory(), time.process_time()
            kept: object = None
            if name == "ours":
                try:
                    kept = open_fit(data).columns("record")
                except TelemetryError:
                    kept = None
            else:
                kept = decode(data)
            took, after = time.process_time() - began, _memory()
            size = len(data)
            row = {"decoder": name, "bomb": bomb, "mb": round(size / 1e6, 2)}
            found.append(
                {**row, "s_per_mb": round(took / size * 1e6, 3), "b_per_b": round((after - before) / size, 1)}
            )
            del kept
    found.extend(through_read(int(megabytes * 1_000_000)))
    return found


def _verdict(rows: Iterable[dict[str, Any]]) -> int:
    """1 where ours let a foreign exception out, or lost more of the intact records than is promised."""
    (ours,) = (row for row in rows if row["decoder"] == "ours" and row["kind"] == "all")
    return int(ours["foreign"] > 0 or ours["lost"] > MOST_LOST * ours["intact"])


def _memory() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def show(rows: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Print rows as a table, or one JSON object a line."""
    rows = list(rows)
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    if rows and "intact" in rows[0]:
        for row in rows:
            row["lost_pct"] = f"{100 * row['lost'] / max(1, row['intact']):.3f}"
    columns = list(dict.fromkeys(key for row in rows for key in row))
    widths = [max(len(name), *(len(str(row.get(name, ""))) for row in rows)) for name in columns]
    print("  ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)))
    for row in rows:
        print(
            "  ".join(
                str(row.get(name, "")).ljust(width) for name, width in zip(columns, widths, strict=True)
            )
        )


OF_A_LIBRARY = {"kill": "kill", "io": "io", "io-faults": "io", "rot": "rot"}
"""Campaigns of `faults_library.py` by the names they have here."""


def main() -> None:
    import sys

    if sys.argv[1:] and sys.argv[1] in OF_A_LIBRARY:
        # faults put into a library have nothing to do with decoders, and must fork before polars is used
        from benchmarks import faults_library

        raise SystemExit(faults_library.main([OF_A_LIBRARY[sys.argv[1]], *sys.argv[2:]]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.splitlines()[0])
    parser.add_argument(
        "name",
        choices=("fit-mutate", "fit-structure", "bombs", *OF_A_LIBRARY),
        help="the last four are put into a library: a process killed, a disk that fails, bits that flip",
    )
    parser.add_argument("--n", type=int, default=4086, help="mutants, or trials (25) with a library")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mb", type=float, default=1.0, help="size of each bomb")
    parser.add_argument("--peers", type=int, default=1, help="0: only us, which is a thousand times faster")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    decoders = list(installed())[: None if given.peers else 1]
    # our compiled path in every case, as in a process that has analysed a class before
    import numba  # noqa: F401

    if given.name == "fit-mutate":
        rows = fit_mutate(given.n, given.seed, decoders)
        show(rows, given.json)
        raise SystemExit(_verdict(rows))
    elif given.name == "fit-structure":
        show(fit_structure(decoders), given.json)
    else:
        show(run_bombs(given.mb, decoders), given.json)


if __name__ == "__main__":
    main()
