"""A made-up class taken the whole way once, so that every kernel is compiled and kept.

Comes in: nothing. Goes out: how long it took. The class has every channel and is long enough for every metric
of one class; its numbers mean nothing. As a program of its own it compiles the second half of an analysis,
while another process goes the whole way (`kernels.ready`).
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.model import ClassRecording

SECONDS = 1800


def compile_all() -> float:
    """Write, read and analyze the class; seconds it took."""
    from telemetry.analysis import analyze
    from telemetry.cli.kernels import load_all
    from telemetry.ingest import read_all
    from telemetry.ingest.fit.export import activity
    from telemetry.model import Rider

    start = time.perf_counter()
    rider = Rider(rider_id="warm", mass_kg=70.0, ftp_w=200.0, cp_w=190.0, w_prime_j=15000.0, max_hr_bpm=190.0)
    load_all()  # what is loaded is used, also where one small file would not be worth it
    whole = activity(_recording())
    broken = whole[: len(whole) // 2] + b"\x55" * 40 + whole[len(whole) // 2 :]
    with tempfile.TemporaryDirectory(prefix="telemetry-warm-") as folder:
        for name, data in (("whole.fit", whole), ("broken.fit", broken)):
            path = Path(folder, name)
            path.write_bytes(data)
            for recording in read_all(path):
                analyze(recording, rider)
    return time.perf_counter() - start


def compile_drift() -> None:
    """Compile the kernels of fatigue drift and symmetry, on bare arrays: no kernel that comes before them."""
    import numpy as np

    from telemetry.analysis import blocks, cadence_drift, fatigue_drift, onset, robust
    from telemetry.analysis.heart_rate_drift import fit_heart_rate

    # from the back: who goes the whole way comes to these last
    samples = _recording().samples
    time_s, power, cadence, heart_rate, balance = (
        samples[name].fill_null(np.nan).to_numpy().copy()
        for name in ("time_s", "power_w", "cadence_rpm", "heart_rate_bpm", "right_balance_pct")
    )
    ones, turned, fifth = np.ones(SECONDS), cadence > 0.0, np.arange(SECONDS) % 5
    edges, channels = np.array([0.0, 900.0]), (power, heart_rate, cadence, power)
    blocks.block_sums(edges, edges + 900.0, time_s, ones, *channels, turned, turned, turned)
    fit_heart_rate(power, cadence, heart_rate)
    robust.cell_means(time_s, balance, fifth, ones, ones, 60.0, 5.0)
    fatigue_drift.steady_share(time_s, ones, power, 0.1)
    half_minutes = np.arange(60) / 2.0
    onset.broken_stick(half_minutes, 85.0 - half_minutes + half_minutes % 3.0, seed="warm")
    cadence_drift.swings_in_thirds(time_s, ones, cadence, cadence, fifth, 2, 2.0, 5)
    robust.line(half_minutes, half_minutes % 3.0)
    robust.quantile_bins(power, 5)


def _recording() -> ClassRecording:
    """Minutes fast and light, minutes slow and heavy, with every channel that is computed on."""
    import numpy as np
    import polars as pl

    from telemetry.model import ClassRecording

    time_s = np.arange(SECONDS, dtype=np.float64)
    slow = (time_s // 60) % 2 == 1
    ripple = np.sin(time_s / 7.0)
    columns = {
        "time_s": time_s,
        "power_w": np.where(time_s % 400 == 399, np.nan, np.where(slow, 230.0, 140.0) + 9.0 * ripple),
        "cadence_rpm": np.where(slow, 52.0, 88.0) + 2.0 * np.cos(time_s / 5.0),
        "heart_rate_bpm": 135.0 + 10.0 * ripple + time_s / 300.0,
        "right_balance_pct": 50.0 + ripple,
        "left_torque_effectiveness_pct": 80.0 + ripple,
        "right_torque_effectiveness_pct": 80.0 - ripple,
        "left_pedal_smoothness_pct": 22.0 + ripple,
        "right_pedal_smoothness_pct": 22.0 - ripple,
        "respiration_per_min": 25.0 + 3.0 * ripple,
        "standing": np.where((time_s // 60) % 7 == 6, 1.0, 0.0),
    }
    return ClassRecording(
        id="warm",
        source="made up",
        samples=pl.DataFrame(columns).fill_nan(None),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        posture_known=True,
        single_sided=False,
    )


if __name__ == "__main__":
    from telemetry.cli.kernels import open_compiler

    open_compiler()
    compile_drift()
