"""ClassRecording → ClassAnalysis: every number of one class; many classes and a diary → TrendAnalysis.

Comes in: a recording, and what is known of its rider. Goes out: one `ClassAnalysis`, from which every page,
table and JSON is drawn. Leaves to others: reading files, drawing, keeping.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from telemetry.analysis.metric_rows import METRIC_ROWS as METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from telemetry.model import (
        ClassAnalysis,
        ClassRecording,
        Diary,
        History,
        Rider,
        Symptoms,
        TrendAnalysis,
    )

__all__ = ["METRICS", "analyze", "analyze_trends"]


def analyze(
    recording: ClassRecording,
    rider: Rider | None = None,
    *,
    history: History | Sequence[Any] = (),
    diary: Iterable[Any] = (),
    screening: Any = None,
    group: Sequence[ClassRecording] | None = None,
    symptoms: Symptoms | None = None,
    drawable: bool = True,
) -> ClassAnalysis:
    """Analyse one class.

    Parameters
    ----------
    rider : what is known of the rider; wins over what the file says
    history : earlier classes as `ClassAnalysis` objects or the mappings of their JSON, or a `History`;
        without it the rules on the rider's own usual stay unchecked
    diary : entries as mappings with kind, at and value; pain entries feed rule R6
    screening : codes of `wording.SCREENING` to yes or no; any yes overrides every other state
    group : the other riders' recordings of the same class, for cadence drift against the class
    symptoms : pain noted for this class and the rider's usual, 0 to 10
    drawable : False leaves out `samples` and `curves`, which pictures need and no number does: a folder of
        classes takes a fifth less time

    Raises
    ------
    BadInput : a history, diary or screening that cannot be read
    BadRider : an overridden limit that does not exist or is out of bounds
    """
    # imported late: numba and polars would make `import telemetry.analysis` cost a second
    from telemetry.analysis.compose import compose
    from telemetry.model import History

    known = history if isinstance(history, History) else History(past=tuple(history))
    entries = (*known.diary, *diary)
    known = History(past=known.past, diary=entries, as_of=known.as_of)
    return compose(
        recording,
        rider,
        history=known,
        screening=screening,
        group=group,
        symptoms=symptoms,
        drawable=drawable,
    )


def analyze_trends(
    history: Sequence[Any],
    diary: Diary | None = None,
    *,
    as_of: datetime | date,
    zone: str = "UTC",
    weeks: int = 12,
    limits: Mapping[str, float] | None = None,
    rider_id: str | None = None,
) -> TrendAnalysis:
    """Analyse a rider's months: see `telemetry.analysis.trends.analyze_trends`."""
    from telemetry.analysis import trends

    return trends.analyze_trends(
        history, diary, as_of=as_of, zone=zone, weeks=weeks, limits=limits, rider_id=rider_id
    )
