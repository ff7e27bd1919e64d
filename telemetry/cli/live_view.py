"""The room at a glance while it rides: a table on a terminal, or a line of JSON a second.

Comes in: messages of a capture or a replay. Goes out: rows on stdout; nothing where stdout is no terminal
and no JSON was asked for. Leaves to others: what a seat does (`ingest/antplus/live.py`), thresholds
(analysis).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from telemetry.ingest.antplus.broadcast import Broadcast
    from telemetry.ingest.antplus.capture_read import BleRow
    from telemetry.ingest.antplus.live import Grinding, LiveRoom, SeatNow
    from telemetry.ingest.antplus.recorder import LiveRow
    from telemetry.ingest.antplus.studio import Studio

EVERY_S: Final = 0.5
JSON_EVERY_S: Final = 1.0
PUBLIC: Final = ("seat", "cadence_rpm", "power_w")
"""What may hang on a wall for everybody to see."""

COLUMNS: Final[tuple[tuple[str, str, int], ...]] = (
    # heading, field, digits
    ("W", "power_w", 0),
    ("rpm", "cadence_rpm", 0),
    ("N·m", "torque_nm", 1),
    ("bpm", "heart_rate_bpm", 0),
    ("resistance %", "resistance_pct", 0),
    ("reception %", "reception_pct", 0),
)


def grinding() -> Grinding:
    """The thresholds of the grinding metric, for riders of whom nothing is known."""
    from telemetry.analysis.limits import Limits
    from telemetry.ingest.antplus.live import Grinding

    limits = Limits()
    reference = limits["grinding_reference_nm"]
    return Grinding(
        on_rpm=limits["grinding_on_cadence_rpm"],
        off_rpm=limits["grinding_off_cadence_rpm"],
        on_nm=limits["grinding_on_factor"] * reference,
        off_nm=limits["grinding_off_factor"] * reference,
        turning_rpm=limits["turning_cadence_rpm"],
    )


class View:
    """Feed it and `show` it often; it draws no faster than eyes and programs read."""

    def __init__(self, studio: Studio, title: str, *, as_json: bool = False, public: bool = False) -> None:
        self.shown = as_json or sys.stdout.isatty()
        self.title = title
        self._json, self._public = as_json, public
        self._room: LiveRoom | None = None
        self._live: Live | None = None
        self._drawn_s = float("-inf")
        self._heard_s = time.monotonic()
        if self.shown:
            from telemetry.ingest.antplus.live import LiveRoom

            self._room = LiveRoom(studio, grinding())

    def __enter__(self) -> View:
        if self.shown and not self._json:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(highlight=False), auto_refresh=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, received: Iterable[LiveRow | BleRow]) -> None:
        """What the capture process received."""
        if self._room is not None:
            self._room.take(received)
            self._heard_s = time.monotonic()

    def feed(self, message: Broadcast | BleRow) -> None:
        """One message of a replay."""
        if self._room is None:
            return
        from telemetry.ingest.antplus.broadcast import Broadcast

        if isinstance(message, Broadcast):
            self._room.feed(message)
        else:
            self._room.feed_ble(message)
        self._heard_s = time.monotonic()

    def show(self, speed: float = 1.0, *, last: bool = False) -> None:
        """Draw or print the room as it is now, if it is time to."""
        room, now = self._room, time.monotonic()
        if room is None or (now - self._drawn_s < (JSON_EVERY_S if self._json else EVERY_S) and not last):
            return
        self._drawn_s = now
        at_s = room.now_s if last else room.now_s + (now - self._heard_s) * speed
        seats = room.seats(at_s)
        if self._json:
            from telemetry.cli.session import Session

            Session.print_json(
                {"event": "live", "time_s": round(at_s, 2), "seats": [self._plain(seat) for seat in seats]}
            )
        elif self._live is not None:
            self._live.update(self._table(seats, at_s), refresh=True)

    def _plain(self, seat: SeatNow) -> dict[str, Any]:
        from dataclasses import asdict

        content = {
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in asdict(seat).items()
        }
        return {name: content[name] for name in PUBLIC} if self._public else content

    def _table(self, seats: list[SeatNow], at_s: float) -> Table:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        from telemetry.cli.console import clean

        minutes, seconds = divmod(max(0, int(at_s)), 60)
        table = Table(
            box=box.SIMPLE_HEAD, title=clean(f"{self.title}  {minutes}:{seconds:02d}"), title_justify="left"
        )
        table.add_column("seat")
        columns = [column for column in COLUMNS if not self._public or column[1] in PUBLIC]
        if not self._public:
            table.add_column("rider")
        for heading, _, _ in columns:
            table.add_column(heading, justify="right")
        if not self._public:
            table.add_column("")
        for seat in seats:
            cells = [_number(getattr(seat, name), digits) for _, name, digits in columns]
            row: list[Text | str] = [Text(clean(seat.seat)), *cells]
            if not self._public:
                row = [row[0], Text(clean(seat.rider or "")), *cells, Text(", ".join(_remarks(seat)))]
            table.add_row(*row, style="bold" if seat.grinding and not self._public else None)
        return table


def _remarks(seat: SeatNow) -> list[str]:
    """What is to be said of a seat in words."""
    said = [] if seat.state in ("pedalling", "unknown") else [seat.state]
    said += ["grinding"] if seat.grinding else []
    said += ["battery low"] if seat.battery_low else []
    said += ["two bikes with one number"] if seat.shared_number else []
    return said


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
