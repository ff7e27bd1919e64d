"""What arrives at the last line: an exit code and one sentence, never a traceback."""

from __future__ import annotations

import errno
import pickle
from collections.abc import Callable

import pytest

from telemetry.cli import guard
from telemetry.errors import BadInput, CannotWrite


def leave(problem: BaseException) -> Callable[..., None]:
    def app(arguments: object, prog_name: str) -> None:
        raise problem

    return app


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (SystemExit(0), 0, ""),
        (SystemExit(None), 0, ""),
        (SystemExit(2), 2, ""),
        (SystemExit("text"), 1, ""),
        (KeyboardInterrupt(), 130, "error: stopped"),
        (
            BadInput("cut short", file="a.fit", offset=14),
            1,
            "error: a.fit at byte 14: cut short",
        ),
        (MemoryError(), 1, "error: this machine has not enough memory for it"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out.html"),
            1,
            "error: out.html: No space left on device",
        ),
        (
            ValueError("odd\nthing"),
            1,
            "error: unexpected ValueError: odd thing"
            " (a fault of this program; TELEMETRY_DEBUG=1 shows the details)",
        ),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_every_end_has_a_code_and_at_most_one_line(
    problem: BaseException,
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TELEMETRY_DEBUG", raising=False)
    monkeypatch.setattr(guard, "_hush", lambda: None)
    with pytest.raises(SystemExit) as left:
        guard.run(leave(problem))
    assert left.value.code == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (says + "\n" if says else "")


def test_the_details_of_a_fault_are_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_DEBUG", "1")
    with pytest.raises(ValueError, match="odd"):
        guard.run(leave(ValueError("odd")))


def test_a_name_from_a_file_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        guard.run(leave(BadInput("bad", file="\x1b[2Jevil\r\nname\u202e.fit" + "x" * 5000)))
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\r" not in line
    assert "\u202e" not in line
    assert len(line) < 1200


def test_our_errors_survive_the_way_back_from_a_drawing_process() -> None:
    problem = CannotWrite("cannot be written", file="page.html", expected="room")
    again = pickle.loads(pickle.dumps(problem))
    assert str(again) == str(problem)
    assert type(again) is CannotWrite
