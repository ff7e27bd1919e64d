"""The room at a glance while it rides: a table on a terminal, or a line of JSON a second.

Comes in: messages of a capture or a replay. Goes out: rows on stdout; nothing where stdout is no terminal
and no JSON was asked for. Leaves to others: what a seat does (`ingest/antplus/live.py`), thresholds
(analysis).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Group
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

HEADINGS: Final = {
    "power_w": "W",
    "cadence_rpm": "rpm",
    "torque_nm": "N·m",
    "heart_rate_bpm": "bpm",
    "resistance_pct": "resist. %",
    "reception_pct": "recv. %",
    "remarks": "",
}
DIGITS: Final = {name: int(name == "torque_nm") for name in HEADINGS if name != "remarks"}
WIDTHS: Final[tuple[tuple[int, tuple[str, ...]], ...]] = (
    # from this width on, these columns
    (76, ("seat", "rider", *HEADINGS)),
    (60, ("seat", *HEADINGS)),
    (44, ("seat", "power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm", "remarks")),
    (26, ("seat", "power_w", "cadence_rpm", "remarks")),
    (0, PUBLIC),
)
REMARKS_WIDTH: Final = 12
HEAD_LINES: Final = 5
"""Title, heading and rule, and what a terminal keeps for itself"""


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
        self._begin()
        return self

    def _begin(self) -> None:
        if self.shown and not self._json:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(highlight=False), auto_refresh=False)
            self._live.start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Something else may be printed within; the table is taken away before and drawn anew below it."""
        live, self._live = self._live, None
        if live is not None:
            live.transient = True
            live.stop()
        try:
            yield
        finally:
            if live is not None:
                self._begin()
                self._drawn_s = float("-inf")

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
            size = self._live.console.size
            self._live.update(self._table(seats, at_s, size.width, size.height), refresh=True)

    def _plain(self, seat: SeatNow) -> dict[str, Any]:
        from dataclasses import asdict

        content = {
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in asdict(seat).items()
        }
        return {name: content[name] for name in PUBLIC} if self._public else content

    def _table(self, seats: list[SeatNow], at_s: float, width: int, height: int) -> Group:
        """Every seat, side by side in as many blocks as the screen's height asks for."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        from telemetry.cli.console import clean

        minutes, seconds = divmod(max(0, int(at_s)), 60)
        rows = max(4, height - HEAD_LINES)
        blocks = max(1, math.ceil(len(seats) / rows))
        each = max(1, math.ceil(len(seats) / blocks))
        names = PUBLIC if self._public else _fitting(width // blocks)
        page = Table.grid(padding=(0, 2))
        page.add_row(
            *(
                _block(seats[first : first + each], names, narrow=blocks > 1)
                for first in range(0, max(1, len(seats)), each)
            )
        )
        return Group(Text(clean(f"{self.title}  {minutes}:{seconds:02d}"), no_wrap=True), page)


def _fitting(width: int) -> tuple[str, ...]:
    """The columns that a block of this width has room for, the dearest first to go."""
    return next((names for least, names in WIDTHS if width >= least), WIDTHS[-1][1])


def _block(seats: list[SeatNow], names: tuple[str, ...], narrow: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from telemetry.cli.console import clean

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        left = name in ("seat", "rider", "remarks")
        heading = HEADINGS.get(name, name)
        table.add_column(
            heading,
            justify="left" if left else "right",
            no_wrap=True,
            min_width=4 if name == "seat" else None if left else max(4, len(heading)),
            max_width=REMARKS_WIDTH if name == "remarks" and narrow else None,
        )
    for seat in seats:
        cells: list[Text | str] = []
        for name in names:
            if name == "remarks":
                cells.append(Text(", ".join(_remarks(seat))))
            elif name in DIGITS:
                cells.append(_number(getattr(seat, name), DIGITS[name]))
            else:
                cells.append(Text(clean(getattr(seat, name) or "")))
        bold = seat.grinding and "remarks" in names
        table.add_row(*cells, style="bold" if bold else None)
    return table


def _remarks(seat: SeatNow) -> list[str]:
    """What is to be said of a seat in words."""
    said = [] if seat.state in ("pedalling", "unknown") else [seat.state]
    said += ["grinding"] if seat.grinding else []
    said += ["battery low"] if seat.battery_low else []
    said += ["number twice"] if seat.shared_number else []
    return said


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
