"""What every command does around its own work: find the inputs, go through them, name what failed.

Comes in: names from the command line and a function for one file. Goes out: results in order, problems on
stderr as they come, and the exit code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from telemetry.cli import console, guard, kernels
from telemetry.cli.batch import WORTH, in_order
from telemetry.cli.inputs import expand
from telemetry.cli.options import columns_of
from telemetry.cli.streams import speaks_utf8

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis

Result = TypeVar("Result")


class Session:
    """One run of a command over its inputs; `also` are suffixes it takes beside those of READERS.

    `decides`: the command tells `kernels.open_compiler` how large a single input is.
    """

    def __init__(
        self,
        names: Sequence[str],
        columns: Sequence[str] | None = None,
        also: Sequence[str] = (),
        *,
        decides: bool = False,
    ) -> None:
        self.columns = columns_of(list(columns or ()))
        from telemetry.ingest import LOGS, READERS, reader_for

        self.suffixes = (*READERS, *also)
        self.files, problems = expand(names, self.suffixes, LOGS)
        kernels.ready(alone=decides and len(self.files) <= 1)
        self.failed = 0
        if self.columns and self.files and not any(reader_for(path).takes_columns for path in self.files):
            raise typer.BadParameter("none of the files is a table", param_hint="'--column'")
        for problem in problems:
            self.fail(problem)

    @property
    def code(self) -> int:
        """0 when all inputs were done, 1 when some failed."""
        return guard.FAILED if self.failed else guard.DONE

    def fail(self, problem: BaseException, file: Path | None = None) -> None:
        """Name one problem on stderr; the others go on."""
        self.failed += 1
        if guard.debugging():
            import traceback

            traceback.print_exception(problem)
        text = guard.sentence(problem)
        if file is not None and getattr(problem, "file", None) is None and file.name not in text:
            text = f"{file}: {text}"
        console.error(text)

    def each(
        self, work: Callable[[Path], Result], what: str, *, processes: bool = False
    ) -> Iterator[tuple[Path, Result]]:
        """`work` over all files, results in the order of the inputs, failures named.

        In threads; with `processes` in processes where there are many files: `work` and its results are sent.
        """
        with console.ProgressBar(len(self.files), what) as bar:
            yield from self.each_with(bar, work, processes=processes)

    def each_with(
        self, bar: console.ProgressBar, work: Callable[[Path], Result], *, processes: bool = False
    ) -> Iterator[tuple[Path, Result]]:
        """As `each`, with a bar that somebody else shows."""
        if processes and len(self.files) >= WORTH:
            from telemetry.cli.processes import in_order_over_processes

            outcomes = in_order_over_processes(self.files, work)
        else:
            outcomes = in_order(self.files, work)
        for outcome in outcomes:
            if outcome.error is None:
                yield outcome.item, outcome.result
            else:
                self.fail(outcome.error, outcome.item)
            bar.step()

    @staticmethod
    def print_json(content: dict[str, Any]) -> None:
        """One JSON object in one line on stdout."""
        Session.print_json_text(json_text(content))

    @staticmethod
    def print_json_text(text: str) -> None:
        """The same, of what `json_text` gave."""
        if not (speaks_utf8(sys.stdout) and text.isprintable()):
            # a name that is no UTF-8, or a stream that is not: escaped, it stays JSON
            text = json.dumps(json.loads(text), allow_nan=False)
        console.result(text)

    @staticmethod
    def print_summary(analysis: ClassAnalysis, to_stderr: bool = False) -> None:
        """The class in a terminal's width."""
        from rich.console import Console

        from telemetry.reports.terminal import summary

        Console(stderr=to_stderr, highlight=False).print(summary(analysis))


def json_text(content: dict[str, Any]) -> str:
    """One JSON object as one line."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False)
