"""Everything that can go wrong, as one small tree.

    TelemetryError
    ├── BadInput              a file, or a value a person gave, that cannot be used
    │   ├── NotAClass         readable, but no ride is in it (settings, workout, course, empty)
    │   ├── SeveralClasses    more than one class where one was asked for
    │   ├── LimitExceeded     larger than the grammar allows
    │   └── BadRider          a rider file or option with nonsense in it
    ├── MissingChannel        the recording has no such channel
    ├── NoRadio               no ANT stick, no driver for it, no permission, or no answer from it
    ├── BadLibrary            a library that cannot be opened or trusted: locked, damaged, of a newer version
    ├── Withheld              what a rider no longer agrees to show
    └── CannotWrite           an output that could not be written

An error carries what it knows as attributes and says it in one sentence that a coach could forward:
which file, where in it, what was expected and what came.
"""

from __future__ import annotations


class TelemetryError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    problem : one plain clause, no full stop: "the file header is cut short"
    file : name of the input, or None
    offset : byte offset inside the input, or None
    place : where in it, when an offset says nothing: "row 12", "[rider] mass_kg"
    expected, got : what should have stood there and what did
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        offset: int | None = None,
        place: str | None = None,
        expected: str | None = None,
        got: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.offset = offset
        self.place = place
        self.expected = expected
        self.got = got
        super().__init__(problem)

    def __str__(self) -> str:
        where = self.file or ""
        if self.offset is not None:
            where += f" at byte {self.offset}" if where else f"byte {self.offset}"
        if self.place:
            where += f", {self.place}" if where else self.place
        text = f"{where}: {self.problem}" if where else self.problem
        details = []
        if self.expected is not None:
            details.append(f"expected {self.expected}")
        if self.got is not None:
            details.append(f"got {self.got}")
        return f"{text} ({', '.join(details)})" if details else text

    def in_file(self, file: str) -> TelemetryError:
        """Name the file, where the place that raised did not know it."""
        if self.file is None:
            self.file = file
        return self


class BadInput(TelemetryError):
    """An input that cannot be used as what it claims to be."""


class NotAClass(BadInput):
    """A readable file with no ride in it."""


class SeveralClasses(BadInput):
    """More than one class where one was asked for; `read_all` returns them."""


class LimitExceeded(BadInput):
    """An input larger than the grammar's limits allow."""


class BadRider(BadInput):
    """A rider file or a rider option that makes no sense."""


class MissingChannel(TelemetryError):
    """The recording has no such channel."""


class NoRadio(TelemetryError):
    """No ANT stick to listen with; says what to do about it."""


class BadLibrary(TelemetryError):
    """A library that cannot be opened, written or trusted: locked, damaged, or of a newer version."""


class Withheld(TelemetryError):
    """What a rider no longer agrees to show; says since when, what stays and how it ends."""


class CannotWrite(TelemetryError):
    """An output that could not be written."""
