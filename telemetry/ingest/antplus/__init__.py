"""ANT+: bytes from a stick, a capture or a simulator → rows per device → ClassRecording."""

from __future__ import annotations

from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
from telemetry.ingest.antplus.decoder import Decoder, decode

__all__ = ["Broadcast", "Decoder", "DeviceKey", "decode"]
