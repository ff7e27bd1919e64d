"""How the class felt, as far as the command line says: pain and the screening questions, for one class.

Comes in: `--pain`, `--usual-pain`, `--screening FILE`. Goes out: what `analyze` takes. Leaves to others: what
the answers mean (analysis).
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from telemetry.cli import kernels
from telemetry.errors import BadInput, SeveralClasses, TelemetryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telemetry.model import ClassAnalysis, Rider, Symptoms

LARGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Felt:
    """What a rider said of one class; nothing said is the usual case."""

    symptoms: Symptoms | None = None
    screening: dict[str, Any] | None = None

    @classmethod
    def of(cls, pain: float | None, usual_pain: float | None, screening: Path | None) -> Felt:
        """From the options.

        Raises
        ------
        typer.BadParameter : pain that is not 0 to 10
        BadInput : answers that cannot be read
        """
        from telemetry.model import Symptoms

        for option, value in (("--pain", pain), ("--usual-pain", usual_pain)):
            if value is not None and not 0.0 <= value <= 10.0:
                raise typer.BadParameter(f"{value:g} is not 0 to 10", param_hint=f"'{option}'")
        if usual_pain is not None and pain is None:
            raise typer.BadParameter("needs --pain beside it", param_hint="'--usual-pain'")
        symptoms = None if pain is None else Symptoms(pain=pain, usual_pain=usual_pain)
        return cls(symptoms, None if screening is None else read_answers(screening))

    def check(self, files: int) -> None:
        """Refuse several files for what was felt in one class.

        Raises
        ------
        typer.BadParameter : something was said, and there are several files
        """
        if files > 1 and (self.symptoms is not None or self.screening is not None):
            option = "--pain" if self.symptoms is not None else "--screening"
            raise typer.BadParameter("belongs to one class: name one file", param_hint=f"'{option}'")

    def analyses(
        self, path: Path, rider: Rider | None, columns: Mapping[str, str] | None = None
    ) -> list[ClassAnalysis]:
        """Every class of a file, analyzed with what was said.

        Raises
        ------
        SeveralClasses : something was said, and there is more than one class it could belong to
        TelemetryError : the file cannot be read or holds no class
        """
        from telemetry.analysis import analyze
        from telemetry.cli.batch import read_file

        recordings = read_file(path, columns)
        kernels.open_compiler(recordings)
        said = self.symptoms is not None or self.screening is not None
        if said and len(recordings) > 1:
            raise SeveralClasses(
                "pain and screening belong to one class", file=str(path), expected="one file with one class"
            )
        return [
            analyze(recording, rider, screening=self.screening, symptoms=self.symptoms)
            for recording in recordings
        ]


def read_answers(path: Path) -> dict[str, Any]:
    """Answers by question, from TOML or JSON: `night_pain = "no"`, at the top or in a `screening` table.

    Raises
    ------
    BadInput : the file cannot be read, an unknown question, an answer that is neither yes nor no
    """
    from telemetry.analysis.wording import screening_text

    try:
        with path.open("rb") as handle:
            data = handle.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise BadInput("too large for answers", file=str(path), expected="at most 1 MB")
        text = data.decode("utf-8-sig")
        content: Any = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as cause:
        raise BadInput(
            f"cannot be read: {cause.strerror}", file=str(path), expected="answers in TOML or JSON"
        ) from cause
    except (ValueError, RecursionError) as cause:
        raise BadInput(
            "is neither TOML nor JSON",
            file=str(path),
            expected='lines like night_pain = "no"',
            got=str(cause),
        ) from cause
    if isinstance(content, dict) and isinstance(content.get("screening"), dict):
        content = content["screening"]
    try:
        screening_text(content)
    except TelemetryError as problem:
        raise problem.in_file(str(path)) from problem.__cause__
    return dict(content)
