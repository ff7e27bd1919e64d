"""The command as a process: how light it starts, how it ends, what it does to pipes and full disks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.cli.kernels import NOT_COMPILED
from tests.cli.conftest import CLASSES, plain

ROOT = Path(__file__).parents[2]
UNNEEDED = ("pandas", "scipy", "statsmodels", "sqlalchemy", "alembic", "openant", "tkinter")
HEAVY = ("numpy", "numba", "polars", "pandas", "matplotlib", "typst", "jinja2", "scipy", "markdown_it")


def python(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    options: dict[str, object] = {"capture_output": True, "text": True, "timeout": 120, "cwd": ROOT, **more}
    return subprocess.run([sys.executable, *arguments], **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("damaged", [False, True])
def test_without_compiled_code_a_class_has_the_same_numbers_and_calculations_stay_uncompiled(
    damaged: bool, tmp_path: Path
) -> None:
    package, kept = tmp_path / "telemetry", tmp_path / "kernels"
    shutil.copytree(ROOT / "telemetry", package, ignore=shutil.ignore_patterns("__pycache__"))
    data = (CLASSES / "short_class.fit").read_bytes()
    file = tmp_path / "class.fit"
    file.write_bytes(data[: len(data) * 3 // 4] if damaged else data)
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "NUMBA_CACHE_DIR": str(kept),
        "XDG_CACHE_HOME": str(tmp_path / "home"),
    }
    environment.pop("NUMBA_DISABLE_JIT", None)
    run = ("-m", "telemetry", "analyze", "--json", str(file))
    first = python(*run, cwd=tmp_path, env=environment)
    assert (first.returncode, first.stderr) == (0, NOT_COMPILED + "\n")
    readers = {"salvage_kernel", "scan_kernel", "crc_kernel", "gather_kernel"} if damaged else set()
    assert {path.name.partition(".")[0] for path in kept.rglob("*.nbi")} <= readers
    assert first.stdout == python(*run).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["--version"], []])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['telemetry', *{arguments!r}]\n"
        "import telemetry.cli\n"
        "try:\n    telemetry.cli.main()\n"
        f"finally:\n    print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = python("-c", script)
    assert done.stderr.splitlines()[-1] == "[]"


def test_importing_the_package_loads_nothing_heavy() -> None:
    done = python("-c", f"import telemetry, sys; print(sorted(set(sys.modules) & set({HEAVY!r})))")
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", ["report", "analyze"])
def test_one_file_needs_no_pandas_scipy_or_database(command: str, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['telemetry', {command!r}, {str(CLASSES / 'usual.fit')!r}]\n"
        "import telemetry.cli\n"
        "try:\n    telemetry.cli.main()\n"
        f"finally:\n    print(sorted(set(sys.modules) & set({UNNEEDED!r})), file=sys.stderr)\n"
    )
    done = python("-c", script, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_compiler_opened_without_scipy_leaves_scipy_as_it_was() -> None:
    script = (
        "from telemetry.cli.kernels import open_compiler\n"
        "open_compiler()\n"
        "import sys\n"
        "assert 'numba' in sys.modules and 'scipy' not in sys.modules\n"
        "import scipy.stats\n"
        "from telemetry.analysis.robust import median\n"
        "import numpy as np\n"
        "print(scipy.stats.norm.cdf(0.0), median(np.array([3.0, 1.0, 2.0])))\n"
    )
    assert python("-c", script).stdout == "0.5 2.0\n"


def test_the_module_is_the_command() -> None:
    done = python("-m", "telemetry", "--version")
    assert (done.returncode, done.stdout) == (0, "telemetry 0.1.0\n")
    assert "Usage: telemetry" in plain(python("-m", "telemetry", "--help").stdout)


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["report"], ["report", "--ftp", "strong", "a.fit"], ["convert", "--to", "xls", "a.fit"]],
)
def test_wrong_usage_is_2_and_says_what_was_wrong(arguments: list[str]) -> None:
    done = python("-m", "telemetry", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error" in plain(done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_stdout_is_said_and_fails() -> None:
    with open("/dev/full", "w") as full:
        done = python("-m", "telemetry", "doctor", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert "standard output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes of a POSIX shell")
def test_a_reader_that_leaves_early_is_no_trouble() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = python("-m", "telemetry", "doctor", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == "" or "first run" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="descriptors of a POSIX shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_closed_before_the_start_lead_nowhere_and_stop_nothing(tmp_path: Path, closed: str) -> None:
    shutil.copy(ROOT / "fixtures" / "classes" / "short_class.fit", tmp_path / "a.fit")
    command = f'"{sys.executable}" -m telemetry report a.fit {closed}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fit", "a.html"]
    assert (tmp_path / "a.html").read_text().rstrip().endswith("</html>")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_nothing_half_written_stays(tmp_path: Path, number: signal.Signals) -> None:
    for name in range(30):
        shutil.copy(ROOT / "fixtures" / "classes" / "usual.fit", tmp_path / f"{name:02}.fit")
    command = [sys.executable, "-m", "telemetry", "report", str(tmp_path), "-o", str(tmp_path / "out")]

    def heed() -> None:
        # a shell's background job ignores Ctrl-C, and so would all that it starts
        signal.signal(number, signal.SIG_DFL)

    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as process:
        assert process.stdout
        process.stdout.readline()  # one page is there: now it is in the middle
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert "Traceback" not in err
    pages = sorted((tmp_path / "out").iterdir())
    assert 0 < len(pages) < 30
    assert all(page.suffix == ".html" and page.read_text().rstrip().endswith("</html>") for page in pages)


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX are bytes")
def test_a_name_that_is_no_utf8_goes_through_byte_for_byte(tmp_path: Path) -> None:
    name = b"caf\xe9"
    try:
        with open(os.path.join(os.fsencode(tmp_path), name + b".fit"), "wb") as handle:
            handle.write((ROOT / "fixtures" / "classes" / "usual.fit").read_bytes())
    except OSError:
        pytest.skip("this file system wants UTF-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "telemetry", "report", "-q", "."]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, name + b".html\n")
    command = [sys.executable, "-m", "telemetry", "analyze", "--json", "."]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120)
    assert os.fsencode(json.loads(done.stdout)["recording"]["file"]) == name + b".fit"


def test_a_shell_can_complete_commands_options_and_formats() -> None:
    def completed(words: str) -> list[str]:
        asked = {
            "_TELEMETRY_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        script = "import sys; sys.argv = ['telemetry']; import telemetry.cli; telemetry.cli.main()"
        return python("-c", script, env={**os.environ, **asked}).stdout.split()

    assert "report" in completed("telemetry rep")
    assert completed("telemetry report --pa") == ["--paper", "--pain"]
    assert completed("telemetry convert --to ") == ["parquet", "csv", "json", "fit"]
