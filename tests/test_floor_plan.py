"""The house as a table: which room may open onto which. Fails when an import breaks it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "telemetry"

GROUND = {"errors", "units", "files"}
HALL = GROUND | {"model"}
MAY_IMPORT = {
    "errors": set(),
    "units": set(),
    "files": {"errors"},
    "model": {"errors", "units"},
    "ingest": HALL | {"ingest"},
    "analysis": HALL | {"analysis"},
    "reports": HALL | {"reports"},
    "library": HALL | {"library"},
    "fleet": HALL | {"ingest", "analysis", "reports", "library", "fleet"},
    "__main__": {"cli"},
    "cli": HALL | {"ingest", "analysis", "reports", "library", "fleet", "web", "cli"},
    "web": HALL | {"ingest", "analysis", "reports", "library", "fleet", "web"},
}
ONLY_IN = {
    "matplotlib": "reports",
    "typst": "reports",
    "openant": "ingest/antplus/radio.py",
    "bleak": "ingest/ble/live.py",
}


def modules() -> list[Path]:
    return sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def room(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_opens_only_onto_the_hall(path: Path) -> None:
    allowed = MAY_IMPORT.get(room(path))
    assert allowed is not None, f"{room(path)} is not in the floor plan"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "telemetry" and len(parts) > 1:
            assert parts[1] in allowed | {"__version__"}, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_some_packages_live_in_one_place_only(path: Path) -> None:
    place = path.relative_to(HOUSE).as_posix()
    for name in imports(path):
        home = ONLY_IN.get(name.split(".")[0])
        assert home is None or place.startswith(home), f"{place} imports {name}, which belongs to {home}"
