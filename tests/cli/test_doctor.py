"""`telemetry doctor`: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from telemetry.cli import checks, kernels
from tests.cli.conftest import Command


def test_a_sound_installation_is_said_to_be(telemetry: Command) -> None:
    ran = telemetry("doctor", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["sound"]) == (0, True)
    assert {check["check"] for check in found["checks"]} >= {
        "python",
        "telemetry",
        "import name",
        "calculations",
    }
    assert telemetry("doctor").lines[0].startswith("ok    python: CPython 3.")


def test_another_package_of_our_import_name_is_a_problem(
    telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2.0.8" if name == "telemetry" else honest(name))
    ran = telemetry("doctor")
    assert ran.code == 1
    line = next(line for line in ran.lines if line.startswith("FAIL"))
    assert "another package named telemetry (2.0.8)" in line
    assert "pip uninstall telemetry" in ran.out


def test_another_telemetry_on_the_path_is_pointed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "telemetry.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (found,) = checks.other_telemetry()
    assert found.state == "warning"
    assert str(tmp_path / "telemetry.py") in found.found


def test_a_missing_package_is_a_problem_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "typst":
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(
        metadata, "requires", lambda name: ["numpy>=2.0", "typst>=0.13", "pytest>=8; extra == 'test'"]
    )
    monkeypatch.setattr(metadata, "version", version)
    found = {check.name: check for check in checks.packages()}
    assert set(found) == {"telemetry", "numpy", "typst"}
    assert (found["typst"].state, found["typst"].fix) == ("problem", "pip install 'typst>=0.13'")


def test_a_check_that_breaks_is_a_problem_and_not_a_traceback(
    telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[checks.Check]:
        raise ImportError("numba is half installed")

    monkeypatch.setitem(checks.CHECKS, "calculations", broken)
    ran = telemetry("doctor")
    assert ran.code == 1
    assert any(line.startswith("FAIL  calculations: ") and "half installed" in line for line in ran.lines)


def test_without_a_folder_for_kernels_one_of_this_run_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.setattr(kernels, "_writable", lambda folder: False)
    monkeypatch.setattr(kernels, "_spare", None)
    monkeypatch.setattr(kernels, "_kept", lambda: iter(["one"]))
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(tmp_path))
    kernels.ready()
    assert "set NUMBA_CACHE_DIR to a writable one" in capsys.readouterr().err
    assert kernels._spare == str(tmp_path)


def test_the_first_run_says_what_takes_so_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.setattr(kernels, "_kept", lambda: iter([]))
    helped: list[str] = []
    monkeypatch.setattr(kernels, "_get_help", lambda: helped.append("once"))
    kernels.ready()
    assert capsys.readouterr().err == kernels.FIRST_RUN + "\n"
    monkeypatch.setattr(kernels, "_kept", lambda: iter(["one"]))
    kernels.ready()
    assert capsys.readouterr().err == ""
    assert helped == ["once"]


@pytest.mark.parametrize(
    ("samples", "seconds", "decided"),
    [
        (kernels.SHORT_CLASS, kernels.SHORT_CLASS, "does without"),
        (kernels.SHORT_CLASS + 1, 60, "compiles"),
        (60, kernels.SHORT_CLASS + 1, "compiles"),
        (None, 0, "compiles"),
    ],
)
def test_a_single_class_that_is_short_does_not_wait_for_the_compiler(
    samples: int | None, seconds: int, decided: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.delitem(sys.modules, kernels.CALCULATES, raising=False)
    monkeypatch.setattr(kernels, "import_module", lambda name: None)
    monkeypatch.setattr(kernels, "_kept", lambda: iter([]))
    monkeypatch.setattr(kernels, "_begin", lambda helped: said.append("compiles"))
    monkeypatch.setattr(kernels, "_do_without", lambda: said.append("does without"))
    kernels.ready(alone=True)
    assert said == []
    recording: Any = SimpleNamespace(samples=SimpleNamespace(height=samples), duration_s=float(seconds))
    recordings = None if samples is None else [recording]
    kernels.open_compiler(recordings)
    kernels.open_compiler(recordings)
    assert said == [decided]


def test_help_is_had_only_with_a_second_processor_and_its_failure_is_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []

    def popen(command: list[str], **how: object) -> None:
        asked.append(command)
        raise OSError("no process to be had")

    monkeypatch.setattr("subprocess.Popen", popen)
    monkeypatch.setattr("telemetry.cli.batch.workers", lambda: 1)
    kernels._get_help()
    assert asked == []
    monkeypatch.setattr("telemetry.cli.batch.workers", lambda: 2)
    kernels._get_help()
    assert asked == [[sys.executable, "-P", "-m", "telemetry.cli.warm"]]


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="nothing is compiled")
def test_what_the_helper_compiles_is_what_an_analysis_calls() -> None:
    said = subprocess.run([sys.executable, "-c", HELPED], capture_output=True, text=True, timeout=300)
    assert (said.returncode, said.stderr) == (0, "")
    compiled, again = json.loads(said.stdout)
    assert {"prais_winsten", "stick_errors", "pair_slopes", "block_sums", "swings_in_thirds"} <= set(compiled)
    assert again == [], "compiled a second time: compile_drift() calls them with other types"


HELPED = """
import json
from telemetry.cli import kernels, warm
from telemetry.analysis import analyze
from telemetry.model import Rider
warm.compile_drift()
def known():
    return {k.py_func.__name__: len(k.signatures) for k in kernels._dispatchers() if k.signatures}
before = known()
analyze(warm._recording(), Rider(ftp_w=200.0))
print(json.dumps([sorted(before), [name for name in before if known()[name] > before[name]]]))
"""


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="nothing is compiled")
def test_warming_compiles_what_a_class_needs(telemetry: Command) -> None:
    assert telemetry("doctor", "--warm").code == 0
    state = kernels.state()
    assert state.kernels > 20
    assert state.cached > 20
