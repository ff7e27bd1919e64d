"""A copy of an analysis to hand on: no name, serial numbers, file name or date.

Comes in: a `ClassAnalysis`. Goes out: the same numbers without what says whose they are. Every writer takes
the copy instead of hiding fields of its own, so that no format can forget one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from telemetry.model import ClassAnalysis, Issue

HIDDEN = "withheld"
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


def shareable(analysis: ClassAnalysis) -> ClassAnalysis:
    """The analysis without name, ids, serial numbers, file name and date; every number stays.

    Sentences that quote one of them (an issue's detail, a source) are kept with the word replaced.
    """
    recording = analysis.recording
    secrets = _secrets(analysis)

    def issues(items: Iterable[Issue]) -> tuple[Issue, ...]:
        return tuple(replace(issue, detail=_without(issue.detail, secrets)) for issue in items)

    shared = replace(
        recording,
        id="",
        file=None,
        started_at=None,
        utc_offset_s=None,
        rider_id=None,
        bike_id=None,
        class_id=None,
        devices=tuple(replace(device, serial="") for device in recording.devices),
        power_source=_without(recording.power_source, secrets),
        issues=issues(recording.issues),
    )
    rider = {
        key: _without(value, secrets) if isinstance(value, str) else value
        for key, value in analysis.rider.items()
        if key != "rider_id"
    }
    quality = replace(
        analysis.quality,
        issues=issues(analysis.quality.issues),
        reasons=tuple(_without(reason, secrets) for reason in analysis.quality.reasons),
    )
    return replace(analysis, recording=shared, rider=rider, quality=quality)


def _secrets(analysis: ClassAnalysis) -> tuple[str, ...]:
    """The words to take out wherever quoted, longest first; one or two letters would hit anything."""
    recording = analysis.recording
    words = {recording.file, recording.rider_id, recording.bike_id, recording.class_id, recording.id}
    words |= {device.serial for device in recording.devices}
    words.add(analysis.rider.get("rider_id"))
    if recording.file:
        words.add(PurePath(recording.file).stem)
    return tuple(sorted((word for word in words if word and len(word) > 2), key=len, reverse=True))


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _DATE.sub(HIDDEN, text)
