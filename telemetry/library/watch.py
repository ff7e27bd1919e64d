"""A drop folder: each file becomes a class within seconds of being complete.

Comes in: a folder that others write to. Goes out: an `Added` for each file, once; a file that changes is
looked at again. A file is complete when its size and time have stood still for a while: who writes it says
nothing. Polling, because network shares and half the file systems tell nobody of a change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from telemetry.errors import BadInput, TelemetryError
from telemetry.library.ingest import Added

if TYPE_CHECKING:
    from telemetry.library.analyses import Tools
    from telemetry.library.library import Library
    from telemetry.library.sources import Sources

POLL_S: Final = 0.5
STILL_S: Final = 2.0
"""Untouched for so long, a file is complete. With a poll and an analysis it is in well under 5 s."""
RETRY_S: Final = 30.0
"""After a full disk or a locked catalog."""

Print = tuple[int, int]


class Watch:
    """What is known of the files of a drop folder."""

    def __init__(
        self,
        library: Library,
        tools: Tools,
        folder: Path,
        suffixes: tuple[str, ...],
        sources: Sources,
        **options: Any,
    ) -> None:
        if not folder.is_dir():
            raise BadInput("there is no such folder", file=str(folder), expected="the drop folder")
        self.library, self.tools, self.folder = library, tools, folder
        self.suffixes, self.sources, self.options = suffixes, sources, options
        self._seen: dict[Path, tuple[Print, float]] = {}
        self._done: dict[Path, Print] = {}
        self._again: dict[Path, float] = {}

    def run(
        self,
        *,
        once: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[Added]:
        """Go on for ever; with `once` until everything that is there was taken."""
        while True:
            ready = self.ready(clock())
            yield from self._take(ready, clock())
            if once and not ready and not self._waiting():
                return
            sleep(POLL_S)

    def ready(self, now: float) -> list[Path]:
        """Files that are complete and were not taken as they are."""
        found = []
        for path, seen in self._files():
            before = self._seen.get(path)
            if before is None or before[0] != seen:
                self._seen[path] = (seen, now)
            elif (
                self._done.get(path) != seen
                and now - before[1] >= STILL_S
                and self._again.get(path, now) <= now
            ):
                found.append(path)
        return found

    def _waiting(self) -> bool:
        return any(self._done.get(path) != seen for path, seen in self._files() if path not in self._again)

    def _files(self) -> Iterator[tuple[Path, Print]]:
        for place, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.startswith(".") or not name.lower().endswith(self.suffixes):
                    continue
                path = Path(place, name)
                try:
                    state = path.stat()
                except OSError:  # gone again
                    continue
                if state.st_size:
                    yield path, (state.st_size, state.st_mtime_ns)

    def _take(self, paths: list[Path], now: float) -> Iterator[Added]:
        inputs = []
        for path in paths:
            self._done[path] = self._seen[path][0]
            try:
                inputs.append(self.sources.input(path))
            except TelemetryError as problem:
                yield Added(str(path), "refused", detail=str(problem))
        for done in self.library.add(inputs, self.tools, **self.options):
            if done.state == "failed":  # the disk or the catalog, not the file: it will be tried again
                path = Path(done.file)
                self._done.pop(path, None)
                self._again[path] = now + RETRY_S
            yield done
