"""Classes kept: riders, bikes, diaries, analyses and originals, in one place that several processes share.

Comes in: a folder or a database's URL. Goes out: a `Library`, whose answers are objects of the hall. Leaves
to others: reading class files, analysing, drawing; the roof composes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telemetry.library.library import Library as Library
    from telemetry.library.library import open_library as open_library

__all__ = ["Library", "open_library"]


def __getattr__(name: str) -> Any:
    # loaded when first used: SQLAlchemy costs a third of a second
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("telemetry.library.library"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
