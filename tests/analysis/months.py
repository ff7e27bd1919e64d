"""Helpers of the trend tests: classes, pain and treatments by the day, in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry.model import PainEntry, PastClass, Treatment

START = datetime(2026, 1, 5, 18, 30, tzinfo=UTC)
"""A Monday."""


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def row(day: float, load: float | None = 60.0, **more: Any) -> PastClass:
    """A usable class of 45 minutes."""
    metrics = {"grinding_min": 3.0, "unbroken_min": 45.0, **more.pop("metrics", {})}
    known: dict[str, Any] = {
        "started_at": at(day),
        "torque_load": load,
        "torque_reference_nm": 21.22,
        "reference_kind": "ftp",
        "grinding_strokes": 300.0,
        "pedalling_min": 45.0,
        "usable": True,
        "power_measured": True,
        "balance": (),
        "id": f"class-{day:g}",
        "duration_s": 2700.0,
        "quality": "good",
        "state": "usual",
    }
    return PastClass(**{**known, "metrics": metrics, **more})


def rows(loads: Sequence[float], every: float = 2.0, **more: Any) -> list[PastClass]:
    return [row(every * i, load, **more) for i, load in enumerate(loads)]


def pain(days: Iterable[float], ratings: Iterable[float], **more: Any) -> tuple[PainEntry, ...]:
    return tuple(PainEntry(at(day), nrs, **more) for day, nrs in zip(days, ratings, strict=True))


def treated(*days: float, kind: str = "massage", **more: Any) -> tuple[Treatment, ...]:
    return tuple(Treatment(at(day), kind, **more) for day in days)
