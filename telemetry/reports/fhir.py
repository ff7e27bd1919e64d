"""The observations of a trend as a FHIR bundle, for a clinic's own record.

Comes in: a `TrendAnalysis`, and who it is about. Goes out: a collection of one Patient and Observations, made
with the R4B model of `fhir.resources` (extra `[fhir]`) from elements that are identical in R4 4.0.1. LOINC is
used where the code is sure (pain as a number from 0 to 10); everything else has a code of our own system.
Leaves to others: any profile. It has not been validated against one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from telemetry import files
from telemetry.errors import CannotWrite
from telemetry.reports.words import clean, plain_words

if TYPE_CHECKING:
    from telemetry.model import TrendAnalysis
    from telemetry.reports.trend_view import Patient

OWN = "https://smartbike-telemetry.invalid/fhir/metrics"
"""Our code system: a name, not an address; .invalid can never be one."""
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
PAIN = {
    "system": LOINC,
    "code": "72514-3",
    "display": "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a class as an observation."""

    name: str
    display: str
    unit: str
    ucum: str


MEASURES: tuple[Measure, ...] = (
    Measure("torque_load", "Torque load of an indoor cycling class", "TL", "{TL}"),
    Measure("grinding_min", "Minutes of slow, heavy pedalling", "min", "min"),
    Measure("grinding_strokes", "Pedal strokes in slow, heavy pedalling", "strokes", "{strokes}"),
    Measure("unbroken_min", "Longest pedalling without a break", "min", "min"),
    Measure("heart_rate_drift_bpm_per_h", "Rise of heart rate at equal work", "bpm/h", "{beats}/min/h"),
    Measure(
        "cadence_drift_class_rpm_per_min",
        "Change of cadence against the class",
        "rpm/min",
        "{turns}/min2",
    ),
)


def bundle(trends: TrendAnalysis, patient: Patient | None = None) -> str:
    """The bundle as JSON.

    Raises
    ------
    CannotWrite : the extra is not installed
    """
    try:
        from fhir.resources.R4B.bundle import Bundle
    except ImportError as cause:
        raise CannotWrite(
            "a FHIR bundle needs the package fhir.resources",
            expected="pip install 'smartbike-telemetry[fhir]'",
        ) from cause
    subject = _urn(trends, "patient")
    resources = [(subject, _patient(trends, patient))]
    for number, observation in enumerate(_observations(trends, subject)):
        resources.append((_urn(trends, f"observation/{number}"), observation))
    made = Bundle.model_validate(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": _moment(trends.as_of),
            "entry": [{"fullUrl": url, "resource": resource} for url, resource in resources],
        }
    )
    return str(made.model_dump_json(indent=2, exclude_none=True)) + "\n"


def write_bundle(
    trends: TrendAnalysis, path: str | os.PathLike[str], *, patient: Patient | None = None
) -> Path:
    """Write the bundle to `path`, whole or not at all. Raises as `bundle` and `files.write_bytes`."""
    return files.write_bytes(Path(path), bundle(trends, patient).encode())


def _patient(trends: TrendAnalysis, patient: Patient | None) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Patient"}
    identifiers = []
    if trends.rider_id:
        identifiers.append({"system": f"{OWN}/rider", "value": clean(trends.rider_id)})
    if patient is not None and patient.patient_id:
        identifiers.append({"value": clean(patient.patient_id)})
    if identifiers:
        found["identifier"] = identifiers
    if patient is not None and patient.name:
        found["name"] = [{"text": clean(patient.name)}]
    if patient is not None and patient.born is not None:
        found["birthDate"] = patient.born.isoformat()
    return found


def _observations(trends: TrendAnalysis, subject: str) -> Iterator[dict[str, Any]]:
    for row in trends.classes:
        for measure in MEASURES:
            value = getattr(row, measure.name)
            if value is None:
                continue
            code = {"system": OWN, "code": measure.name, "display": measure.display}
            found = _observation(subject, code, "activity", row.started_at)
            found["identifier"] = [{"system": f"{OWN}/class", "value": f"{clean(row.id)}#{measure.name}"}]
            found["valueQuantity"] = _quantity(value, measure.unit, measure.ucum)
            found["method"] = {"text": f"telemetry {clean(row.version) or 'of unknown version'}"}
            quality = plain_words(row.quality) or "not known"
            found["note"] = [
                {"text": f"Quality of the data: {quality}. Crank load, not validated against injury."}
            ]
            yield found
    for entry in trends.diary.pain:
        found = _observation(subject, PAIN, "survey", entry.when)
        found["valueQuantity"] = _quantity(entry.nrs, "points", "{score}")
        found["bodySite"] = {"text": plain_words(entry.site)}
        if entry.entered_at is not None:
            found["issued"] = _moment(entry.entered_at)
        if entry.note:
            found["note"] = [{"text": clean(entry.note, 1000)}]
        yield found
    for score in trends.diary.questionnaires:
        code = {"system": OWN, "code": score.name.lower(), "display": f"{score.name}, total"}
        found = _observation(subject, code, "survey", score.when)
        found["valueQuantity"] = _quantity(score.total, "points", "{score}")
        yield found


def _observation(subject: str, code: dict[str, str], category: str, when: datetime) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORIES, "code": category}]}],
        "code": {"coding": [code], "text": code["display"]},
        "subject": {"reference": subject},
        "effectiveDateTime": _moment(when),
    }


def _quantity(value: float, unit: str, ucum: str) -> dict[str, Any]:
    return {"value": round(value, 6), "unit": unit, "system": UCUM, "code": ucum}


def _moment(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _urn(trends: TrendAnalysis, what: str) -> str:
    """A name that is the same for the same trend."""
    whole = f"{OWN}/{trends.rider_id or ''}/{trends.first_day}/{trends.as_of.isoformat()}/{what}"
    return f"urn:uuid:{uuid5(NAMESPACE_URL, whole)}"
