"""Runs the examples of a Markdown page, in order, in a folder like a reader's.

Comes in: a page. Goes out: nothing, or a failed assertion that names the page and line. Conventions:

    ```console       each `$ command` is run and must exit 0; lines below it are its stdout, where "…" stands
                     for anything, and a line of its own for any number of lines
    ```python        run in one namespace for the page
    ```toml file=X   written to X first
    ```sh            shown, not run

The folder holds `fixtures/`, `class.fit` (the grinder) and `classes/` with three classes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLASSES = ROOT / "fixtures" / "classes"
FENCE = re.compile(r"^```(?P<kind>\w*)(?P<rest>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    kind: str
    rest: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page, text.count("\n", 0, match.start()) + 1, match["kind"], match["rest"].strip(), match["text"]
        )
        for match in FENCE.finditer(text)
    ]


def desk(folder: Path) -> None:
    """Lay out what the examples speak of."""
    (folder / "fixtures").symlink_to(ROOT / "fixtures", target_is_directory=True)
    shutil.copy(CLASSES / "grinder.fit", folder / "class.fit")
    (folder / "classes").mkdir()
    for name in ("fading", "grinder", "usual"):
        shutil.copy(CLASSES / f"{name}.fit", folder / "classes" / f"{name}.fit")


def run_page(page: Path) -> None:
    """Run every example of a page in the working directory."""
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks(page):
        if block.kind == "toml" and block.rest.startswith("file="):
            Path(block.rest.removeprefix("file=")).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            code = compile("\n" * block.line + block.text, str(page), "exec")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, names)
        elif block.kind == "console":
            for command, expected in commands(block):
                code_, out, err = run(command)
                assert code_ == 0, f"{block}: {command} ended with {code_}: {err}"
                assert "error:" not in err, f"{block}: {command}: {err}"
                check(out, expected, f"{block}: {command}")


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the output that is shown for it."""
    command = ""
    shown: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            assert command, f"{block}: output before any command"
            shown.append(line)
    yield command, shown


def run(command: str) -> tuple[int, str, str]:
    """Run one command line: ours in this process, anything with a pipe in a shell."""
    words = shlex.split(command, comments=True)
    if words[0] == "telemetry" and not set(words) & {"|", ">"}:
        return in_process(words[1:])
    tools = Path(".tools")
    tools.mkdir(exist_ok=True)
    for name, what in (("telemetry", "-m telemetry"), ("python", "")):
        script = tools / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {what} "$@"\n')
        script.chmod(0o755)
    path = os.pathsep.join([str(tools.resolve()), os.environ.get("PATH", "")])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def in_process(arguments: list[str]) -> tuple[int, str, str]:
    """Run `telemetry` here: exit code, stdout, stderr."""
    from telemetry.cli.app import app
    from telemetry.cli.guard import run as guarded

    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            guarded(app, arguments)
        except SystemExit as left:
            code = left.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()


def check(out: str, shown: list[str], where: str) -> None:
    """The output is what the page shows, "…" standing for anything."""
    if not shown:
        return
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in shown
    )
    assert re.fullmatch(pattern, out), f"{where} printed\n{out}\nand not\n" + "\n".join(shown)
