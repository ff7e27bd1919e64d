"""Bluetooth LE: notifications and advertisements of bikes → the same rows per device as ANT+ gives."""

from __future__ import annotations

from telemetry.ingest.ble.address import address_number
from telemetry.ingest.ble.decoder import BleDecoder, decode_ble

__all__ = ["BleDecoder", "address_number", "decode_ble"]
