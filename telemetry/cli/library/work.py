"""What the roof lends the library: reading class files, and analysing a class as of its day.

Comes in: nothing. Goes out: the `Tools` that `Library.add` and `Library.refresh` take. Leaves to others: all
of the work; this file only knows both rooms.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telemetry.library.analyses import Tools
    from telemetry.model import ClassAnalysis, ClassRecording, Diary, PastClass, Rider


def tools() -> Tools:
    """Reading and analysing, with kernels ready."""
    from telemetry import __version__
    from telemetry.analysis.history import past_class
    from telemetry.cli import kernels

    kernels.ready()
    kernels.open_compiler()
    from telemetry.ingest import load, reader_for
    from telemetry.library.analyses import Tools

    return Tools(
        load=load,
        read=lambda data, name: reader_for(name).from_bytes(data, name),
        analyze=as_of_its_day,
        past_class=past_class,
        code_version=__version__,
        keep=recording_file,
    )


def as_of_its_day(
    recording: ClassRecording, rider: Rider | None, past: Sequence[PastClass], diary: Diary
) -> ClassAnalysis:
    """A class against what was known of its rider then: facts, earlier classes, diary, screening."""
    from telemetry.analysis import analyze
    from telemetry.analysis.history import history_as_of

    assert recording.started_at is not None
    history = history_as_of(past, diary, recording.started_at, recording.duration_s)
    screening = standing_answers(diary)
    # its JSON is kept, and no picture is drawn of it
    return analyze(recording, rider, history=history, screening=screening, drawable=False)


def standing_answers(diary: Diary) -> dict[str, Any] | None:
    """Answers to the screening that stand: a yes stays until a later entry says it was looked at."""
    answers: dict[str, Any] = {}
    for entry in diary.screenings:
        if entry.cleared:
            answers = {}
        for code, yes in entry.answers.items():
            answers[code] = yes or bool(answers.get(code))
    return answers or None


def recording_file(recording: ClassRecording) -> bytes:
    """One class as a file of its own, where the one it came from holds other people's too."""
    from telemetry.ingest.readers.parquet import write

    with tempfile.TemporaryDirectory(prefix="telemetry-") as folder:
        path = Path(folder) / "recording.parquet"
        write(recording, path)
        return path.read_bytes()
