"""A drawing process that is told to end: files removed where it draws, no word where it waits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

START = """
import signal
from telemetry.cli import drawing
drawing._stand_by()
def pause(job):
    try:
        print("ready", flush=True)
        signal.pause()
    finally:
        print("unwound", flush=True)
"""


def told_to_end(script: str) -> tuple[int, str, str]:
    """Exit code, later output and errors of a process that is told to end once it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", START + script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_between_two_jobs_a_drawing_process_ends_at_once_so_that_no_half_read_job_is_passed_on() -> None:
    assert told_to_end("pause(None)") == (143, "", "")


def test_in_a_job_a_drawing_process_removes_its_files_and_takes_no_further_job() -> None:
    script = "drawing.draw = pause\ndrawing._draw_apart(None)\nprint('next job', flush=True)"
    assert told_to_end(script) == (143, "unwound\n", "")
