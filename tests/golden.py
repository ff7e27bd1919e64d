"""Rewrite fixtures/golden/*.json: `python -m tests.golden`, after a change that is meant to change results.

Read the difference (`git diff --stat fixtures/golden`) before committing it: each changed number is a claim
that the old one was wrong. Names of classes as arguments rewrite only those.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import telemetry

FIXTURES = Path(__file__).parents[1] / "fixtures"
CLASSES = FIXTURES / "classes"
GOLDEN = FIXTURES / "golden"


def analysis(name: str) -> dict[str, Any]:
    """The analysis JSON of one fixture, with nothing known but its file."""
    return telemetry.analyze(telemetry.read(CLASSES / f"{name}.fit")).to_dict()


def text(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    names = sys.argv[1:] or sorted(path.stem for path in CLASSES.glob("*.fit"))
    for name in names:
        (GOLDEN / f"{name}.json").write_text(text(analysis(name)), encoding="utf-8")
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
