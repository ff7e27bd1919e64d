"""The FHIR bundle: elements and required codes of R4 4.0.1 only, and numbers as they are."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

pytest.importorskip("fhir.resources", reason="the extra fhir is not installed")

from telemetry.reports import fhir
from telemetry.reports.trend_view import Patient
from tests.reports.test_trend_page import PATIENT
from tests.reports.trend_examples import example

# HL7 FHIR R4 4.0.1: required bindings and elements of the resources that are written
STATUS = {"registered", "preliminary", "final", "amended", "corrected", "cancelled"}
STATUS |= {"entered-in-error", "unknown"}
BUNDLES = {"document", "message", "transaction", "transaction-response", "batch", "batch-response"}
BUNDLES |= {"history", "searchset", "collection"}
CATEGORIES = {"social-history", "vital-signs", "imaging", "laboratory", "procedure", "survey"}
CATEGORIES |= {"exam", "therapy", "activity"}
ELEMENTS = {
    "Bundle": {"resourceType", "id", "identifier", "type", "timestamp", "total", "entry"},
    "Patient": {"resourceType", "id", "identifier", "active", "name", "telecom", "gender", "birthDate"},
    "Observation": {
        "resourceType", "identifier", "basedOn", "partOf", "status", "category", "code", "subject", "focus",
        "encounter", "effectiveDateTime", "issued", "performer", "valueQuantity", "dataAbsentReason",
        "interpretation", "note", "bodySite", "method", "specimen", "device", "referenceRange", "component",
    },
}  # fmt: skip


@cache
def bundle(name: str = "rehab") -> Any:
    return json.loads(fhir.bundle(example(name), PATIENT))


def observations(name: str = "rehab") -> list[Any]:
    return [e["resource"] for e in bundle(name)["entry"] if e["resource"]["resourceType"] == "Observation"]


@pytest.mark.parametrize("name", ["rehab", "growing", "bare", "empty", "nothing"])
def test_every_element_and_required_code_is_one_of_r4(name: str) -> None:
    made = bundle(name)
    assert set(made) <= ELEMENTS["Bundle"]
    assert made["type"] in BUNDLES
    for entry in made["entry"]:
        resource = entry["resource"]
        assert set(resource) <= ELEMENTS[resource["resourceType"]]
        if resource["resourceType"] == "Observation":
            assert resource["status"] in STATUS
            assert resource["code"]["coding"]
            (category,) = resource["category"][0]["coding"]
            assert category["code"] in CATEGORIES
            assert set(resource["valueQuantity"]) == {"value", "unit", "system", "code"}


def test_names_are_unique_and_every_observation_is_about_the_patient() -> None:
    urls = [entry["fullUrl"] for entry in bundle()["entry"]]
    assert len(urls) == len(set(urls))
    assert {item["subject"]["reference"] for item in observations()} == {urls[0]}
    patient = bundle()["entry"][0]["resource"]
    assert patient["birthDate"] == "1984-05-03"
    assert {"value": "KH-2231"} in patient["identifier"]


def test_every_number_of_every_class_is_there_and_traceable() -> None:
    trends = example("rehab")
    found = {
        item["identifier"][0]["value"]: item["valueQuantity"]["value"]
        for item in observations()
        if "identifier" in item
    }
    expected = {
        f"{row.id}#{measure.name}": getattr(row, measure.name)
        for row in trends.classes
        for measure in fhir.MEASURES
        if getattr(row, measure.name) is not None
    }
    assert found == pytest.approx(expected, abs=1e-6)


def test_pain_is_loinc_and_everything_else_is_our_own_system() -> None:
    trends = example("rehab")
    systems = [item["code"]["coding"][0] for item in observations()]
    pain = [code for code in systems if code["system"] == fhir.LOINC]
    assert {code["code"] for code in pain} == {"72514-3"}
    assert len(pain) == len(trends.diary.pain)
    assert {code["system"] for code in systems} == {fhir.LOINC, fhir.OWN}


def test_the_same_trend_gives_the_same_bundle() -> None:
    assert fhir.bundle(example("growing")) == fhir.bundle(example("growing"))
    assert "name" not in json.loads(fhir.bundle(example("growing"), Patient()))["entry"][0]["resource"]
