"""A library to try things in, a few short classes, and the tools that the command line lends."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from telemetry.cli.library.work import tools as lent
from telemetry.library.analyses import Tools
from telemetry.library.ingest import Added, Input
from telemetry.library.library import Library, open_library
from telemetry.model import Device
from tests.builders import STARTED_AT, fit_activity
from tests.library.bucket import Handler, Objects

MINUTES = 12


def device(serial: str) -> tuple[Device, ...]:
    """A bike with a power meter of its own."""
    return (Device("power", "development", "Bike", serial, measures=("power_w", "cadence_rpm")),)


def write_class(
    path: Path, day: int, *, serial: str = "2002", hour: float = 0.0, minutes: int = MINUTES
) -> Path:
    """A class of some minutes on a day after the first Monday, its numbers seeded by the day."""
    rng = np.random.default_rng(day)
    seconds = 60 * minutes
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        fit_activity(
            power=(150 + rng.normal(0, 15, seconds)).round(),
            cadence=(75 + rng.normal(0, 4, seconds)).round(),
            heart_rate=(130 + rng.normal(0, 3, seconds)).round(),
            started_at=STARTED_AT + dt.timedelta(days=day, hours=hour),
            devices=device(serial),
        )
    )
    return path


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Reading and analysing as the command line does."""
    return lent()


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Six classes of one rider, two a week."""
    folder = tmp_path_factory.mktemp("six")
    return [write_class(folder / f"class-{day:02}.fit", day) for day in (0, 3, 7, 10, 14, 17)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the library is."""
    return tmp_path / "L"


@pytest.fixture
def library(place: Path) -> Iterator[Library]:
    """An empty library."""
    with open_library(place) as opened:
        yield opened


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    """What the store holds, by name; the environment says where it is."""
    pytest.importorskip("obstore", reason="obstore is not installed")
    held: Objects = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Held", (Handler,), {"objects": held}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    said = {"ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "ALLOW_HTTP": "true", "REGION": "eu"}
    for name, value in {**said, "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield held
    server.shutdown()
    server.server_close()


def add(
    library: Library, paths: Sequence[Path], tools: Tools, rider: str | None = "r07", **options: object
) -> list[Added]:
    """Add files of one rider."""
    return list(library.add([Input(path, rider) for path in paths], tools, **options))


def states(done: Sequence[Added]) -> list[str]:
    """What became of each."""
    return [item.state for item in done]
