"""ANT+: bytes from a stick, a capture or a simulator → rows per device → ClassRecording.

The names below are loaded when first used: every FIT file is asked whether it is a capture, few are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
    from telemetry.ingest.antplus.decoder import Decoder, decode

__all__ = ["Broadcast", "Decoder", "DeviceKey", "decode"]

_HOMES = {"Broadcast": "broadcast", "DeviceKey": "broadcast", "Decoder": "decoder", "decode": "decoder"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
