"""Crank load of indoor cycling classes: FIT and ANT+ in, torque load, grinding and fatigue drift out.

    import telemetry
    recording = telemetry.read("class.fit")
    analysis = telemetry.analyze(recording)
    telemetry.write_report(analysis, "class.html")

The names below are loaded when first used, so that `import telemetry` costs milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telemetry.analysis import analyze as analyze
    from telemetry.ingest import read as read
    from telemetry.ingest import read_all as read_all
    from telemetry.ingest.rider_file import read_rider as read_rider
    from telemetry.library import Library as Library
    from telemetry.library import open_library as open_library
    from telemetry.model import ClassAnalysis as ClassAnalysis
    from telemetry.model import ClassRecording as ClassRecording
    from telemetry.model import Rider as Rider
    from telemetry.reports import write_report as write_report

__version__ = "0.1.0"

_HOMES = {
    "read": "telemetry.ingest",
    "read_all": "telemetry.ingest",
    "read_rider": "telemetry.ingest.rider_file",
    "analyze": "telemetry.analysis",
    "write_report": "telemetry.reports",
    "open_library": "telemetry.library",
    "Library": "telemetry.library",
    "ClassRecording": "telemetry.model",
    "ClassAnalysis": "telemetry.model",
    "Rider": "telemetry.model",
}

__all__ = [
    "ClassAnalysis",
    "ClassRecording",
    "Library",
    "Rider",
    "__version__",
    "analyze",
    "open_library",
    "read",
    "read_all",
    "read_rider",
    "write_report",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'telemetry' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
