"""Decoding speed, peers and us in one run: `python -m benchmarks.decode [--fast]`.

Scope of each column. `columns`: bytes in memory → NumPy columns of every record, checksums checked;
`fitfast`: `fitfast.records` on the same bytes, the same scope; `fitdecode`: a walk over every message with
its checksum check. `frame`: path → polars frame of the records. `all`: path → every message type as frames.
CPU time of one core, the best of several runs, warm.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import files, made_ride
from telemetry.ingest.fit import columns, open_fit, read_messages

SMALLEST_BYTES = 100_000
LARGEST_CLASS_BYTES = 2_000_000
BIG_RIDE_S = 600_000
ROUNDS = 5


def best(run: Callable[[], object], repeats: int) -> float:
    """CPU seconds of the fastest of `repeats` runs."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def fitfast_s(data: bytes, before: float | None) -> float | None:
    """CPU seconds of fitfast, or `before` where that was less; None where it is not installed or refuses the
    file."""
    with contextlib.suppress(ImportError):
        import fitfast

        with contextlib.suppress(fitfast.FitDecodeError):
            return min(best(lambda: fitfast.records(data), 3), before or float("inf"))
    return None


def fitdecode_s(data: bytes) -> float | None:
    """CPU seconds of fitdecode, once; None where it is not installed or fails."""
    with contextlib.suppress(ImportError), warnings.catch_warnings():
        import fitdecode

        warnings.simplefilter("ignore")

        def walk() -> None:
            with fitdecode.FitReader(data) as reader:
                for _ in reader:
                    pass

        with contextlib.suppress(fitdecode.FitError, ValueError, AssertionError):
            return best(walk, 1)
    return None


def frame_of(path: Path) -> object:
    return open_fit(path.read_bytes()).frame("record")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decode")
    parser.add_argument("--fast", action="store_true", help="without fitdecode, which takes minutes")
    given = parser.parse_args()
    import numba  # noqa: F401  # the compiled path, as in a process that has analysed a class before

    chosen = [(name, data) for name, data in files() if len(data) >= SMALLEST_BYTES]
    chosen.append((f"made, {BIG_RIDE_S:,} s", made_ride(1, BIG_RIDE_S)))
    print(f"{'file':44s} {'kB':>7s} {'columns':>10s} {'MB/s':>6s} {'fitfast':>8s} {'fitdecode':>9s} "
          f"{'frame':>9s} {'all':>9s} {'MB/s':>6s}")  # fmt: skip
    fast, slow, total_s, total_bytes = [], [], 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "class.fit"
        for name, data in chosen:
            path.write_bytes(data)
            columns(data, "record")
            ours = frame = every = float("inf")
            peer = None
            for _ in range(ROUNDS):  # in turn: other programs on the machine meet each of them
                ours = min(ours, best(lambda: columns(data, "record"), 20))  # noqa: B023
                frame = min(frame, best(lambda: frame_of(path), 5))
                every = min(every, best(lambda: read_messages(path), 4))
                peer = fitfast_s(data, peer)
            slowest = None if given.fast or len(data) > LARGEST_CLASS_BYTES else fitdecode_s(data)
            fast += [peer / ours] if peer else []
            slow += [slowest / ours] if slowest else []
            if len(data) <= LARGEST_CLASS_BYTES:
                total_s, total_bytes = total_s + every, total_bytes + len(data)
            cells = [
                f"{name[-44:]:44s} {len(data) / 1e3:7.0f} {ours * 1e3:7.3f} ms {len(data) / ours / 1e6:6.0f}",
                f"{f'x{peer / ours:.1f}' if peer else '-':>8s}",
                f"{f'x{slowest / ours:.0f}' if slowest else '-':>9s}",
                f"{frame * 1e3:6.2f} ms {every * 1e3:6.1f} ms {len(data) / every / 1e6:6.0f}",
            ]
            print(*cells)
    for peer_name, ratios in (("fitfast", fast), ("fitdecode", slow)):
        if ratios:
            print(f"against {peer_name}: least x{min(ratios):.1f}, median x{statistics.median(ratios):.1f}")
    print(f"every message as frames, all real files together: {total_bytes / total_s / 1e6:.0f} MB/s")


if __name__ == "__main__":
    main()
