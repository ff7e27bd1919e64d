"""One-hour classes of many riders, made here: `python -m benchmarks.made_classes FOLDER [--files N]`.

Comes in: a seed. Goes out: a class as a head unit writes it, 1 Hz for 3,600 s: riders and cues differ, a
third of the files carry both pedals' channels, every fifth rider fades. The same bytes for the same seed.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from fixtures.generate import fit_bytes
from fixtures.stories import CADENCE, GRINDING_CLASS, HEART, PEDALS, POWER, USUAL_CLASS, Story
from telemetry.ingest.simulation import BikeModel, RiderModel, Step, simulate

HOUR_S = 3600
FILES = 1000


def hour_class(seed: int) -> bytes:
    """A class of one hour as FIT bytes."""
    dice = random.Random(seed)
    ftp_w = dice.uniform(140.0, 300.0)
    rider = RiderModel(
        mass_kg=dice.uniform(50.0, 95.0),
        ftp_w=ftp_w,
        cp_w=0.97 * ftp_w,
        fade_min=dice.uniform(25.0, 45.0) if dice.random() < 0.2 else None,
        fade_rpm_per_min=0.3,
    )
    story = Story(
        name=f"hour-{seed:04d}",
        tells="one of many",
        seed=seed,
        rider=rider,
        bike=BikeModel(meter_scale=dice.uniform(0.98, 1.02)),
        programme=_hour(dice),
        channels=POWER + CADENCE + HEART + (PEDALS if dice.random() < 1 / 3 else ()),
        file_ftp_w=round(ftp_w) if dice.random() < 0.7 else None,
        file_mass_kg=round(rider.mass_kg),
    )
    return fit_bytes(story, simulate(rider, story.bike, story.programme, seed))


def _hour(dice: random.Random) -> tuple[Step, ...]:
    """Warm-up, then steps of one of two classes in an order of this class's own, an hour in all."""
    first, *middle = dice.choice((USUAL_CLASS, GRINDING_CLASS))
    steps, left = [first], HOUR_S - first.duration_s
    while left > 0:
        step = dice.choice(middle)
        took = min(step.duration_s, left)
        steps.append(Step(step.name, took, step.intensity, step.cadence_rpm, step.standing))
        left -= took
    return tuple(steps)


def fill(folder: Path, count: int) -> list[Path]:
    """`count` classes in `folder`; those that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"hour-{seed:04d}.fit" for seed in range(1, count + 1)]
    for seed, path in enumerate(paths, start=1):
        if not path.exists():
            path.write_bytes(hour_class(seed))
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.made_classes")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=FILES)
    given = parser.parse_args()
    sizes = [path.stat().st_size for path in fill(given.folder, given.files)]
    print(f"{len(sizes)} classes, {sum(sizes) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
