"""A desk to work at, and the command line without a new process."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from telemetry.cli.app import app
from telemetry.cli.guard import run

CLASSES = Path(__file__).parents[2] / "fixtures" / "classes"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]


def plain(text: str) -> str:
    """Text without colours, which some CI services ask for."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


Command = Callable[..., Ran]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `class.fit` (the grinder), `usual.fit`, and two files that are no classes."""
    shutil.copy(CLASSES / "grinder.fit", tmp_path / "class.fit")
    shutil.copy(CLASSES / "usual.fit", tmp_path / "usual.fit")
    (tmp_path / "page.fit").write_text("<html>not a class</html>")
    (tmp_path / "empty.fit").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def telemetry(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command line here, as `main` does."""
    monkeypatch.delenv("TELEMETRY_DEBUG", raising=False)

    def command(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(app, arguments)
        captured = capsys.readouterr()
        assert isinstance(left.value.code, int)
        assert "Traceback" not in captured.err
        return Ran(left.value.code, captured.out, plain(captured.err))

    return command
