"""Where a result goes: the name of each output file.

Comes in: the class's file, its short id, what `-o` said. Goes out: a path. Leaves to others: writing it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import typer

from telemetry.cli.inputs import stem_of
from telemetry.errors import CannotWrite

SHORT_ID = 8


class Outputs:
    """Names for the outputs of one run: in the working directory, in a folder, or one file.

    The same stem twice in a run gets the short id, whichever comes first, so that a name does not depend on
    the order of the inputs; so does each class of a file that holds several.
    """

    def __init__(
        self,
        output: str | None,
        suffix: str,
        formats: Collection[str],
        files: Sequence[Path],
        suffixes: Collection[str],
        *,
        nameless: bool = False,
    ) -> None:
        self._nameless = nameless
        self._suffixes = suffixes
        self._stems = Counter(stem_of(path, suffixes).casefold() for path in files)
        self._used: set[str] = set()
        self._inputs = {os.path.realpath(path) for path in files}
        self.suffix = suffix
        self.folder = Path()
        self.file: Path | None = None
        if output is None:
            return
        if output == "-":
            wanted = f"a {', '.join(sorted(formats))} file or a folder"
            raise typer.BadParameter(
                f"nothing is written to standard output, expected {wanted}", param_hint="'--output'"
            )
        path = Path(output)
        if output.endswith(("/", os.sep)) or path.is_dir() or not path.suffix:
            self.folder = path
            return
        if path.suffix.lower() not in formats:
            raise typer.BadParameter(
                f"{path.suffix!r} is no format, expected {', '.join(sorted(formats))} or a folder",
                param_hint="'--output'",
            )
        if len(files) > 1:
            raise typer.BadParameter("several inputs need a folder, not one file", param_hint="'--output'")
        self.suffix = path.suffix.lower()
        self.folder, self.file = path.parent, path

    def prepare(self) -> None:
        """Make the folder where it does not exist yet.

        Raises
        ------
        CannotWrite : it cannot be made; or one file is to go into a folder that is not there
        """
        if self.file is not None:
            if not self.folder.is_dir():
                raise CannotWrite("the folder does not exist", file=str(self.folder), expected="a folder")
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as cause:
            raise CannotWrite(
                f"the folder cannot be made: {cause.strerror}", file=str(self.folder), expected="a folder"
            ) from cause

    def path(self, source: Path, class_id: str, several: bool) -> Path:
        """The output of one class, each name given once.

        Raises
        ------
        CannotWrite : a second class asks for the one file of `-o FILE`, or the output would replace an input
        """
        if self.file is not None:
            if str(self.file) in self._used:
                raise CannotWrite(
                    "the input holds several classes", file=str(self.file), expected="a folder for them"
                )
            self._used.add(str(self.file))
            return self._kept(self.file)
        # a page to share must not carry the name and date that its file's name may hold
        stem = "class" if self._nameless else stem_of(source, self._suffixes)
        if self._nameless or several or self._stems[stem.casefold()] > 1:
            digest, _, session = class_id.partition("/")
            stem += f"-{digest[:SHORT_ID]}" + (f"-{session}" if session else "")
        name, number = stem, 2
        while name.casefold() in self._used:  # two copies of one class keep a page each
            name, number = f"{stem}-{number}", number + 1
        self._used.add(name.casefold())
        return self._kept(self.folder / f"{name}{self.suffix}")

    def _kept(self, path: Path) -> Path:
        """The path, unless it is one of the inputs: what was recorded is never replaced."""
        if os.path.realpath(path) in self._inputs:
            raise CannotWrite("would replace an input", file=str(path), expected="another name or folder")
        return path
