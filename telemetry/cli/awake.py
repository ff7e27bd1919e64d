"""Keeping the machine awake while a class is captured, where the system lets us ask.

Comes in: nothing. Goes out: a context in which sleep is held off, and whether it is. Ends with this process
whatever happens: what holds the lock waits for our end of a pipe.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Final

ASKING: Final[dict[str, tuple[str, ...]]] = {
    "linux": (
        "systemd-inhibit", "--what=sleep:idle:handle-lid-switch", "--who=telemetry",
        "--why=a class is captured", "cat",
    ),
    "darwin": ("caffeinate", "-i", "cat"),
}  # fmt: skip
"""Each runs `cat`, which lasts as long as its standard input."""
ANSWER_S: Final = 0.3


class Awake:
    """Within the block the system is asked not to sleep; `held` says whether it agreed."""

    def __init__(self) -> None:
        self._asked: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Awake:
        command = ASKING.get(sys.platform)
        if command is not None and shutil.which(command[0]) is not None:
            with suppress(OSError):
                self._asked = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        return self

    @property
    def held(self) -> bool:
        """Whether sleep is held off now: a system that refuses has ended the command at once."""
        if self._asked is None:
            return False
        try:
            self._asked.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            return True
        return False

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        asked = self._asked
        if asked is None:
            return
        if asked.stdin is not None:
            with suppress(OSError):
                asked.stdin.close()
        try:
            asked.wait(1.0)
        except subprocess.TimeoutExpired:
            asked.kill()
            asked.wait()
