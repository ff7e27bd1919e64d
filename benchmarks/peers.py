"""The decoders compared, each as one function from bytes to rows of seven values.

Comes in: bytes. Goes out: rows as `faults_oracle` has them, and how the decoder took it. A peer that is not
installed is left out. Leaves to others: making files, counting.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from benchmarks.faults_oracle import NAMES, UNIX, Row


class Outcome(NamedTuple):
    rows: list[Row]
    marked: list[bool]
    signalled: bool
    """the decoder said, by an error, a warning or its damage list, that something is wrong"""
    foreign: str
    """name of an exception that the decoder does not document, or empty"""


Decode = Callable[[bytes], Outcome]


def ours(data: bytes) -> Outcome:
    from telemetry.errors import TelemetryError
    from telemetry.ingest.fit import open_fit

    try:
        fitted = open_fit(data)
        found = fitted.columns("record")
    except TelemetryError:
        return Outcome([], [], True, "")
    except Exception as error:
        return Outcome([], [], True, type(error).__name__)
    n = fitted.count("record")
    missing = np.full(n, np.nan)
    cells = [found.get(name, missing).tolist() for name in NAMES]
    rows = [tuple(None if cell != cell else cell for cell in row) for row in zip(*cells, strict=True)]
    return Outcome(rows, fitted.doubtful("record").tolist(), bool(fitted.damage), "")


def fitdecode(data: bytes) -> Outcome:
    import fitdecode as peer

    rows: list[Row] = []
    signalled, foreign = False, ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            with peer.FitReader(io.BytesIO(data), error_handling=peer.ErrorHandling.WARN) as reader:
                for frame in reader:
                    if frame.frame_type == peer.FIT_FRAME_DATA and frame.name == "record":
                        rows.append(_row(lambda name: frame.get_value(name, fallback=None)))  # noqa: B023
                    elif frame.frame_type == peer.FIT_FRAME_CRC and not frame.matched:
                        signalled = True
        except peer.FitError:
            signalled = True
        except Exception as error:
            signalled, foreign = True, type(error).__name__
    return Outcome(rows, [False] * len(rows), signalled or bool(told), foreign)


def fitparse(data: bytes) -> Outcome:
    import fitparse as peer

    rows: list[Row] = []
    signalled, foreign = False, ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            rows.extend(_row(one.get_value) for one in peer.FitFile(io.BytesIO(data)).get_messages("record"))
        except peer.FitParseError:
            signalled = True
        except Exception as error:
            signalled, foreign = True, type(error).__name__
    return Outcome(rows, [False] * len(rows), signalled or bool(told), foreign)


def _row(value: Callable[[str], Any]) -> Row:
    cells: list[float | None] = []
    for name in NAMES:
        cell = value(name)
        if isinstance(cell, datetime):
            cell = cell.replace(tzinfo=None)
            cell = (cell - datetime(1970, 1, 1)).total_seconds()
        elif name == "timestamp" and isinstance(cell, int | float):
            cell = cell + UNIX
        cells.append(float(cell) if isinstance(cell, int | float) else None)
    return tuple(cells)


def installed() -> Iterator[tuple[str, Decode]]:
    """Us first, then the peers that can be imported."""
    yield "ours", ours
    for name, decode in (("fitdecode", fitdecode), ("fitparse", fitparse)):
        with contextlib.suppress(ImportError):
            __import__(name)
            yield name, decode
