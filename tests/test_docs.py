"""Documentation cannot go stale: examples run, the reference equals the code both ways, links resolve."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.doc_examples import CLASSES, ROOT, blocks, desk, run_page

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
EVERY_PAGE = [
    *PAGES,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "fixtures/README.md",
]
RUNNABLE = [page for page in PAGES if any(block.kind in ("console", "python") for block in blocks(page))]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    run_page(page)


# --- the reference and the code -----------------------------------------------------------------------------


def generator() -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", sorted((DOCS / "reference").glob("*.md")), ids=name)
def test_generated_tables_are_as_the_code_says_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generator().filled(text) == text, "run: python docs/generate.py"


def test_every_table_that_can_be_generated_stands_somewhere() -> None:
    module = generator()
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    assert {match["name"] for match in module.BLOCK.finditer(text)} == set(module.BLOCKS)


@cache
def strings_in_the_code() -> frozenset[str]:
    found: set[str] = set()
    for path in (ROOT / "telemetry").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


LOGS = {"Issue": 0, "note": 0, "say": 0, "mask": 1}
"""What writes an issue or a damage, and which of its arguments is the code; a capture notes events."""


@cache
def issue_codes_in_the_code() -> frozenset[str]:
    from telemetry.ingest.fit.activity import DAMAGE_CODES

    found: set[str] = set()
    for room in ("ingest", "analysis"):
        for path in (ROOT / "telemetry" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    call = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    place = LOGS.get(call) if call == "Issue" or "antplus" not in path.parts else None
                    said = node.args[place : place + 1] if place is not None else []
                    found |= {code.value for code in said if isinstance(code, ast.Constant)}
    return frozenset(DAMAGE_CODES.get(code, code) for code in found if isinstance(code, str))


@cache
def analyses() -> tuple[Any, ...]:
    import telemetry

    rider = telemetry.Rider(mass_kg=70.0, cp_w=190.0, w_prime_j=15000.0, max_hr_bpm=190.0)
    return tuple(
        telemetry.analyze(recording, rider)
        for path in sorted(CLASSES.glob("*.fit"))
        for recording in telemetry.read_all(path)
    )


def documented(page: str, marker: str) -> set[str]:
    """Names in code type in the first column of the table after a marker."""
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    body = text.split(f"<!-- {marker} -->", 1)[1].split("<!-- end -->", 1)[0]
    cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("| `")]
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_every_issue_code_is_documented_and_every_documented_one_exists() -> None:
    said = documented("issues.md", "issues")
    seen = {issue.code for analysis in analyses() for issue in analysis.quality.issues}
    assert issue_codes_in_the_code() | seen <= said
    assert said <= strings_in_the_code()


def test_every_curve_is_documented_and_every_documented_one_exists() -> None:
    said = documented("curves.md", "curves")
    seen = {curve for analysis in analyses() for curve in analysis.curves}
    assert seen <= said
    assert said <= strings_in_the_code()


def test_the_findings_page_names_every_limit_of_the_review_and_no_other() -> None:
    from telemetry.analysis.limits import LIMITS
    from telemetry.analysis.metric_rows import METRIC_ROWS

    text = (DOCS / "reference" / "findings.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`(r\d_\w+|review_\w+)`", text))
    assert said == {limit for limit in LIMITS if re.match(r"r\d_|review_", limit)}
    metrics = set(re.findall(r"`(\w+)`", text.split("holds where")[1].split("Two reasons")[0])) - said
    assert metrics <= set(METRIC_ROWS)


def test_every_metric_row_is_in_the_json_of_a_class() -> None:
    from telemetry.analysis.metric_rows import METRIC_ROWS

    assert all(set(analysis.metrics) == set(METRIC_ROWS) for analysis in analyses())


def test_the_json_has_the_keys_that_are_documented() -> None:
    text = (DOCS / "reference" / "json.md").read_text(encoding="utf-8").split("<!-- generated", 1)[0]
    said = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    content = analyses()[0].to_dict()
    assert list(content) == said
    recording = next(line for line in text.splitlines() if line.startswith("| `recording`"))
    assert set(content["recording"]) == set(re.findall(r"`(\w+)`", recording)) - {"recording"}
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_every_command_has_a_page_of_its_own_and_every_page_a_command_or_topic() -> None:
    from telemetry.cli.app import COMMANDS
    from telemetry.cli.groups import GROUPS

    pages = {page.stem for page in (DOCS / "how-to").glob("*.md")}
    assert pages == set(COMMANDS) | set(GROUPS) | {"rider", "python", "files"}


# --- links --------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name(page)} links to {target}"
        if anchor:
            assert anchor in anchors(there), f"{name(page)} links to {target}"


def test_every_place_that_contributing_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:telemetry|tests|docs|fixtures|\.ci)/[\w./-]*)`", text)
    assert len(places) > 15
    assert not [place for place in places if not (ROOT / place).exists()]


def test_every_page_can_be_reached_from_the_index() -> None:
    linked = set()
    for page in (DOCS / "README.md", ROOT / "README.md"):
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            linked.add((page.parent / target).resolve())
    assert not [name(page) for page in PAGES if page.resolve() not in linked]
