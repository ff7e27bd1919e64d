"""One class of a room, from the checks before it to what it leaves.

Comes in: a plan. Goes out: the folder with capture, recordings and reception; on the way one "ready" line,
the live view, and every event in words or JSON. Leaves to others: options (`capture.py`), drawing
(`live_view.py`), the work (`ingest/antplus`).
"""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from telemetry.cli import console
from telemetry.cli.awake import Awake
from telemetry.cli.live_view import View
from telemetry.errors import CannotWrite, NoRadio, TelemetryError

if TYPE_CHECKING:
    from telemetry.ingest.antplus.capture import Capture
    from telemetry.ingest.antplus.recorder import Event
    from telemetry.ingest.antplus.studio import Studio

BYTES_PER_BIKE_S: Final = 4 * 4 * 30
"""four sensors, four messages a second, thirty bytes each"""
UNKNOWN_BIKES, UNKNOWN_S = 40, 3 * 3600.0
LEAST_FREE_BYTES: Final = 20 * 1024 * 1024
MB: Final = 1e6
UNFINISHED: Final = ", the file is not finished: telemetry capture --recover does it once there is room"


@dataclass(frozen=True)
class Plan:
    """What the command line asked for."""

    out: Path | None
    studio: Studio
    studio_file: Path | None
    roster_file: Path | None
    duration_s: float | None
    sticks: tuple[int, ...]
    keep_all: bool
    ble: bool
    bikes: int | None
    seed: int
    rate_hz: float


@dataclass(frozen=True)
class Told:
    """How people and programs are told what happens."""

    as_json: bool = False
    public: bool = False

    def event(self, kind: str, words: str | None, **facts: Any) -> None:
        """One thing that happened: a line of JSON, or words on stderr."""
        if self.as_json:
            from telemetry.cli.session import Session

            Session.print_json({"event": kind, **facts})
        elif words is not None:
            console.note(words)

    def path(self, kind: str, path: Path) -> None:
        """Something was written."""
        if self.as_json:
            self.event(kind, None, path=str(path))
        else:
            console.path(str(path))


def nobody() -> Studio:
    """A studio of which nothing is known: every device is a bike of its own."""
    from telemetry.ingest.antplus.studio import Studio

    return Studio()


def captured(plan: Plan, told: Told) -> Path:
    """Run a capture to its end and leave what it gives; the folder.

    Raises
    ------
    NoRadio : no stick, or it cannot be used
    CannotWrite : the folder cannot be used, or holds a capture already
    """
    from telemetry.ingest.antplus.capture import Capture
    from telemetry.ingest.antplus.capture_process import Virtual, Wanted
    from telemetry.ingest.antplus.leave import CAPTURE

    folder = _folder(plan)
    path = folder / CAPTURE
    free = _space(plan, folder, told)
    wanted = Wanted(
        path=path,
        studio=plan.studio,
        sticks=plan.sticks,
        duration_s=plan.duration_s,
        keep_all=plan.keep_all,
        virtual=None if plan.bikes is None else Virtual(plan.bikes, plan.seed, plan.duration_s or 60.0),
        ble=plan.ble,
        serial=int(datetime.now(UTC).timestamp()) & 0x7FFFFFFF,
    )
    lost: TelemetryError | None = None
    with ExitStack() as stack:
        awake = stack.enter_context(Awake())
        running = stack.enter_context(Capture(wanted))
        studio: Studio = running.ready["studio"]
        _ready(plan, studio, running, awake, free, told)
        _keep(plan, folder)
        try:
            _follow(running, studio, plan, told)
        except NoRadio as problem:
            # the process is gone, what it wrote is not
            lost = problem
    if lost is not None:
        console.error(str(lost))
        from telemetry.ingest.antplus.capture_read import recover

        recover(path)
    _leave(path, folder, studio, plan.rate_hz, told)
    if lost is not None:
        raise typer.Exit(1)
    return folder


def recovered(capture: Path, studio: Studio | None, rate_hz: float, told: Told) -> Path:
    """Finish a capture that was cut, and leave its recordings beside it; the folder.

    Raises
    ------
    BadInput : no capture, or it cannot be opened
    """
    from telemetry.ingest.antplus.capture_read import recover
    from telemetry.ingest.antplus.leave import studio_beside

    found = recover(capture)
    words = "was finished already" if found.closed else "is finished now"
    told.event("recovered", f"{capture} {words}", path=str(capture), was_closed=found.closed)
    _leave(capture, capture.parent, studio or studio_beside(capture), rate_hz, told)
    return capture.parent


# --- before class -------------------------------------------------------------------------------------------


def _folder(plan: Plan) -> Path:
    from telemetry.ingest.antplus.leave import CAPTURE

    folder = plan.out or Path(f"room-{datetime.now():%Y%m%d-%H%M%S}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise CannotWrite(f"the folder cannot be made: {cause.strerror}", file=str(folder)) from cause
    if (folder / CAPTURE).exists():
        raise CannotWrite(
            "a class was captured here already", file=str(folder / CAPTURE), expected="another --out"
        )
    return folder


def _space(plan: Plan, folder: Path, told: Told) -> int:
    """Free bytes, with a word where they may not last."""
    bikes = plan.bikes or len(plan.studio.bikes) or UNKNOWN_BIKES
    needed = int(bikes * BYTES_PER_BIKE_S * (plan.duration_s or UNKNOWN_S))
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise CannotWrite(
            "the disk is full", file=str(folder), expected="20 MB and more", got=f"{free / MB:.0f} MB"
        )
    if free < 2 * needed:
        told.event(
            "little_space",
            f"little space: {free / MB:.0f} MB free, the class may need {needed / MB:.0f} MB",
            free_bytes=free,
            needed_bytes=needed,
        )
    return free


def _ready(plan: Plan, studio: Studio, running: Capture, awake: Awake, free: int, told: Told) -> None:
    sticks, held = running.ready["sticks"], awake.held
    heard = (
        f"{plan.bikes} simulated bikes" if plan.bikes is not None else f"{sticks} stick{'s' * (sticks > 1)}"
    )
    listed = f", {len(studio.bikes)} bikes listed" if studio.known and plan.bikes is None else ""
    sleep = "sleep held off" if held else "this system may fall asleep"
    ends = "Ctrl-C ends it" if plan.duration_s is None else f"ends after {plan.duration_s:g} s"
    told.event(
        "ready",
        f"ready: {heard}{listed}, {free / 1e9:.1f} GB free, {sleep}, {ends}",
        sticks=sticks,
        bikes=plan.bikes or len(studio.bikes),
        free_bytes=free,
        sleep_held_off=held,
        duration_s=plan.duration_s,
    )


def _keep(plan: Plan, folder: Path) -> None:
    """The studio's and the class's files beside the capture: who sat where belongs to it."""
    from telemetry.ingest.antplus.leave import ROSTER, STUDIO

    for source, name in ((plan.studio_file, STUDIO), (plan.roster_file, ROSTER)):
        if source is not None:
            with suppress(shutil.SameFileError):
                shutil.copyfile(source, folder / name)


# --- during class -------------------------------------------------------------------------------------------


def _follow(running: Capture, studio: Studio, plan: Plan, told: Told) -> None:
    from telemetry.ingest.antplus.notes import NOTES

    view = View(studio, studio.name or "Capture", as_json=told.as_json, public=told.public)

    def watch(kind: str, content: Any) -> None:
        if kind == "rows":
            view.take(content)
        elif kind == "event" and content.kind not in ("started", "ended"):
            with view.aside():
                _tell(content, NOTES[content.kind].says if content.kind in NOTES else content.kind, told)
        view.show()

    with _unechoed(), view:
        if sys.stdin is not None and sys.stdin.isatty() and not told.as_json:
            console.note("Enter begins and ends a class")
            threading.Thread(target=_keys, args=(running,), daemon=True).start()
        with _first_interrupt(running.ask_to_stop):
            running.follow(watch)
        with suppress(Exception):
            view.show(last=True)
    ended = running.ended or {}
    told.event(
        "ended",
        f"{ended.get('messages', 0):,} messages kept"
        + (f", {ended['dropped']:,} dropped" if ended.get("dropped") else "")
        + (
            ""
            if ended.get("whole", True)
            else ", the file could not be finished: telemetry capture --recover does it where there is room"
        ),
        **ended,
    )


@contextmanager
def _unechoed() -> Iterator[None]:
    """Keys are heard and not shown: an Enter that moves the cursor leaves a line of the table behind."""
    try:
        import termios

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
    except (ImportError, AttributeError, OSError, ValueError):
        # no terminal, or a system without this way to ask it: its lines stay as they fall
        yield
        return
    except termios.error:
        yield
        return
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _first_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C once ends the class and what comes after it is done; twice it is an interrupt like any other.

    Raised in the middle of a message from the capture process, an interrupt would garble the next one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def once(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        act()

    signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(event: Event, says: str, told: Told) -> None:
    facts = {"time": datetime.fromtimestamp(event.unix_s, UTC).isoformat(timespec="milliseconds")}
    if event.number is not None:
        facts["number"] = str(event.number)
    if event.detail:
        facts["detail"] = event.detail
    quiet = event.kind in ("foreign", "damaged")
    told.event(event.kind, None if quiet else f"{says}{': ' + event.detail if event.detail else ''}", **facts)


def _keys(running: Capture) -> None:
    """Enter on the keyboard begins a class, and ends it."""
    on = False
    with suppress(OSError, ValueError):
        for _ in sys.stdin:
            on = not on
            running.tell("class_start" if on else "class_stop")


# --- after class --------------------------------------------------------------------------------------------


def _leave(path: Path, folder: Path, studio: Studio, rate_hz: float, told: Told) -> None:
    from telemetry.ingest.antplus.leave import leave

    told.path("capture", path)
    with console.ProgressBar(1, "Decoding"):
        left = leave(
            path, folder, studio, rate_hz=rate_hz, told=lambda written: told.path("recording", written)
        )
    told.path("reception", left.reception)
    shares = [
        (seat["reception_pct"], seat["seat"])
        for each in left.account["classes"]
        for seat in each["seats"]
        if seat["reception_pct"] is not None
    ]
    if not left.classes:
        told.event("no_class", "nobody rode: the capture is kept, there is no recording")
    elif shares:
        worst, seat = min(shares)
        told.event(
            "received",
            f"{len(left.recordings)} recordings, {left.classes} class{'es' * (left.classes > 1)}; "
            f"received {sum(share for share, _ in shares) / len(shares):.1f} % of what was sent, "
            f"worst seat {seat} with {worst:.1f} %",
            recordings=len(left.recordings),
            classes=left.classes,
            worst_seat=seat,
            worst_pct=worst,
        )
