"""`telemetry capture`: one command, a simulated room, and a recording per seat; refusals in one sentence."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
import typer
from rich.console import Console

from telemetry.cli.capture import seconds
from telemetry.cli.live_view import View
from telemetry.ingest.antplus.capture_read import CaptureReader
from telemetry.ingest.antplus.live import SeatNow
from telemetry.ingest.antplus.studio import Studio
from telemetry.ingest.simulation import Step
from tests.cli.conftest import Command
from tests.ingest.antplus.rooms import bike, frames, ride, write_capture

ROOT = Path(__file__).parents[2]
EVERYTHING = [
    "room/capture.fit",
    "room/seat-01.parquet",
    "room/seat-02.parquet",
    "room/reception.json",
]


def process(*arguments: str, cwd: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "telemetry", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        **{"stdin": subprocess.DEVNULL, **options},  # type: ignore[call-overload]
    )


def test_a_simulated_class_leaves_its_recordings_and_they_become_reports(
    desk: Path, telemetry: Command
) -> None:
    ran = telemetry("capture", "--virtual", "2", "--duration", "4", "--seed", "1", "--out", "room")
    assert ran.code == 0
    assert ran.lines == EVERYTHING
    assert ran.err.splitlines()[0].startswith("ready: 2 simulated bikes, ")
    assert "ends after 4 s" in ran.err
    assert {path.name for path in Path("room").iterdir()} == {
        "capture.fit", "seat-01.parquet", "seat-02.parquet", "reception.json", "studio.toml", "truth.json",
    }  # fmt: skip
    account = json.loads(Path("room/reception.json").read_text())
    assert [seat["seat"] for seat in account["classes"][0]["seats"]] == ["01", "02"]
    assert account["dropped"] == 0
    pages = telemetry("report", "room", "-o", "pages")
    assert pages.lines == ["pages/seat-01.html", "pages/seat-02.html"], "recordings, not the capture again"
    again = telemetry("analyze", "room/capture.fit", "--json")
    assert [json.loads(line)["recording"]["bike_id"] for line in again.lines] == ["01", "02"]
    refused = telemetry("capture", "--virtual", "1", "--duration", "1", "--out", "room")
    assert refused.code == 1
    assert "a class was captured here already" in refused.errors[0]
    shown = telemetry("inspect", "room/capture.fit", "--json")
    found = json.loads(shown.out)
    assert (found["kind"], found["closed"], found["damage"]) == ("capture", True, [])
    assert len(found["devices"]) == 8
    assert "0x12" in found["devices"][0]["pages"]


def test_events_are_json_one_a_line(desk: Path, telemetry: Command) -> None:
    ran = telemetry(
        "capture", "--virtual", "1", "--duration", "2.5", "--out", "room", "--json", "--public", "--rate", "4"
    )
    told = [json.loads(line) for line in ran.lines]
    kinds = [item["event"] for item in told]
    assert (kinds[0], kinds[-1]) == ("ready", "received")
    assert {"live", "ended", "capture", "recording", "reception"} <= set(kinds)
    live = next(item for item in told if item["event"] == "live" and item["seats"])
    assert set(live["seats"][0]) == {"seat", "cadence_rpm", "power_w"}
    assert next(item for item in told if item["event"] == "ended")["whole"] is True


def test_a_roster_names_riders_and_stays_with_the_class(desk: Path, telemetry: Command) -> None:
    Path("tonight.csv").write_text("seat,rider\n01,r07\n")
    options = ("--virtual", "1", "--duration", "3", "--roster", "tonight.csv")
    assert telemetry("capture", *options, "--out", "room").code == 0
    assert Path("room/roster.csv").read_bytes() == Path("tonight.csv").read_bytes()
    found = json.loads(telemetry("analyze", "room/seat-01.parquet", "--json").out)
    assert found["recording"]["rider_id"] == "r07"
    Path("tonight.csv").write_text("seat,rider\n77,r07\n")
    ran = telemetry("capture", *options, "--out", "other")
    assert ran.code == 1
    assert "a seat that the studio does not have" in ran.errors[0]


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
def test_ctrl_c_ends_the_class_and_everything_is_left(tmp_path: Path) -> None:
    started = process(
        "capture", "--virtual", "2", "--duration", "1h", "--out", "room",
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert started.stderr is not None
    while "ready" not in started.stderr.readline():
        pass
    time.sleep(2.0)
    begun = time.monotonic()
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert started.returncode == 0, err
    assert out.splitlines() == EVERYTHING
    reader = CaptureReader(tmp_path / "room" / "capture.fit")
    assert len(list(reader.broadcasts())) > 20
    assert reader.closed
    assert time.monotonic() - begun < 15


def _screen(written: str) -> list[str]:
    """What is left on a terminal: lines, with the few movements of the cursor that the table makes."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece.endswith("A") and piece.startswith("\x1b"):
            row = max(0, row - int(piece[2:-1] or 1))
        elif piece.endswith("K") and piece.startswith("\x1b"):
            lines[row] = ""
        elif piece[0] not in "\x1b\r":
            lines[row] += piece
    return lines


@pytest.mark.skipif(os.name != "posix", reason="a terminal of a POSIX system")
def test_a_class_that_is_begun_on_the_keyboard_leaves_one_table_and_its_words(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    echoed = termios.tcgetattr(ours)[3] & termios.ECHO
    started = process(
        "capture", "--virtual", "2", "--duration", "6", "--out", "room",
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    seen, pressed = b"", 0
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and b"recording" not in seen:
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 65536)
        if pressed < 2 and seen.count(b"Virtual room") > 4 + 4 * pressed:
            os.write(ours, b"\n")
            pressed += 1
    assert started.wait(20) == 0
    left = _screen(seen.decode("utf-8", "replace"))
    assert sum("Virtual room" in line for line in left) == 1
    assert [line for line in left if line.startswith("class ")] == ["class begins", "class ends"]
    assert termios.tcgetattr(ours)[3] & termios.ECHO == echoed
    os.close(ours)
    os.close(theirs)


@pytest.mark.skipif(os.name != "posix", reason="a terminal of a POSIX system")
def test_on_a_terminal_the_room_is_a_table(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    started = process(
        "capture", "--virtual", "2", "--duration", "3", "--out", "room",
        cwd=tmp_path, stdout=theirs, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and select.select([ours], [], [], 20.0)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert started.wait(10) == 0
    text = seen.decode("utf-8", "replace")
    assert "seat" in text
    assert "rpm" in text
    assert "recv. %" in text
    assert "Virtual room, seed 1" in text


def test_a_killed_capture_process_is_finished_by_its_parent(tmp_path: Path) -> None:
    started = process(
        "capture", "--virtual", "2", "--duration", "1h", "--out", "room", "--json",
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    lines = [started.stdout.readline() for _ in range(3)]
    assert json.loads(lines[0])["event"] == "ready"
    time.sleep(1.5)
    for child in children(started.pid):
        os.kill(child, signal.SIGKILL)
    out, err = started.communicate(timeout=20)
    assert started.returncode == 1
    assert "the capture process ended without a word" in err
    assert json.loads(out.splitlines()[-1])["event"] == "received"
    assert (tmp_path / "room" / "seat-01.parquet").is_file()


def children(pid: int) -> list[int]:
    """The capture process among the children: the one that runs our code."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat[1]) == pid and b"spawn_main" in words:
                found.append(int(entry.name))
    return found


if not Path("/proc/self/stat").exists():
    test_a_killed_capture_process_is_finished_by_its_parent = pytest.mark.skip(reason="no /proc here")(
        test_a_killed_capture_process_is_finished_by_its_parent
    )


# --- finishing what was cut ---------------------------------------------------------------------------------


def test_recover_finishes_a_cut_file_and_leaves_its_recordings(desk: Path, telemetry: Command) -> None:
    path = Path("room/capture.fit")
    path.parent.mkdir()
    write_capture(path, frames(bike(ride(Step("ride", 30, 0.7, 85)), 1)), close=False)
    path.write_bytes(path.read_bytes()[:-7])
    ran = telemetry("capture", "--recover", str(path))
    assert ran.code == 0
    assert ran.lines == ["room/capture.fit", "room/seat-1.parquet", "room/reception.json"]
    assert "is finished now" in ran.err
    assert "was finished already" in telemetry("capture", "--recover", str(path)).err
    refused = telemetry("capture", "--recover", "usual.fit")
    assert refused.code == 1
    assert "not a capture" in refused.errors[0]


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60", 60.0), ("90s", 90.0), ("45m", 2700.0), ("1h", 3600.0), ("1h30m", 5400.0), ("2.5", 2.5)],
)
def test_durations_are_written_as_people_do(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "25h", "1d", "nan", "1e3"])
def test_what_is_no_duration_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="45m or 1h"):
        seconds(text)


def test_without_a_stick_it_says_what_to_do(desk: Path, telemetry: Command) -> None:
    ran = telemetry("capture", "--duration", "2", "--stick", "90", "--out", "room")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert "stick" in ran.errors[0] or "USB library" in ran.errors[0]
    assert not Path("room/capture.fit").exists()


def test_a_simulated_room_takes_no_studio(desk: Path, telemetry: Command) -> None:
    Path("studio.toml").write_text("")
    assert telemetry("capture", "--virtual", "1", "--studio", "studio.toml").code == 2


def test_a_folder_that_cannot_be_made_is_said(desk: Path, telemetry: Command) -> None:
    ran = telemetry("capture", "--virtual", "1", "--duration", "1", "--out", "usual.fit/room")
    assert ran.code == 1
    assert "the folder cannot be made" in ran.errors[0]


def test_a_studio_with_nonsense_is_named_before_anything_starts(desk: Path, telemetry: Command) -> None:
    Path("studio.toml").write_text('[[bike]]\nseat = "1"\npowr = 5\n')
    ran = telemetry("capture", "--studio", "studio.toml", "--out", "room")
    assert ran.code == 1
    assert "perhaps power" in ran.errors[0]
    assert not Path("room").exists()


@pytest.mark.parametrize(
    ("bikes", "width", "height"), [(5, 80, 24), (40, 80, 24), (100, 200, 50), (0, 80, 24)]
)
def test_the_table_fits_the_screen(bikes: int, width: int, height: int) -> None:
    view = View(Studio("Corner"), "Corner studio")
    seats = [SeatNow(f"{n:02d}", f"r{n}", "pedalling", 200.0, 80.0, 24.0, 140.0) for n in range(bikes)]
    console = Console(width=width, file=io.StringIO())
    console.print(view._table(seats, 754.2, width, height))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].strip() == "Corner studio  12:34"
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert console.file.getvalue().count("200") == bikes
