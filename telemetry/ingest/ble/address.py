"""A Bluetooth address as the number that a capture's rows carry: 32 bits of its SHA-256.

Comes in: an address as people and operating systems write it. Goes out: its number, the same for every
spelling. macOS gives a UUID of its own instead of the address: that works on the computer that gave it.
"""

from __future__ import annotations

import hashlib
import re

from telemetry.errors import BadInput

_ADDRESS = re.compile(r"[0-9A-F]{2}(?:[:-]?[0-9A-F]{2}){5}")
_UUID = re.compile(r"[0-9A-F]{8}(?:-?[0-9A-F]{4}){3}-?[0-9A-F]{12}")


def address_number(address: str) -> int:
    """The number of an address, 0 to 2**32 - 1.

    >>> address_number("c0:ff:ee:00:00:01") == address_number("C0-FF-EE-00-00-01")
    True

    Raises
    ------
    BadInput : neither an address nor a UUID
    """
    text = address.strip().upper()
    if not (_ADDRESS.fullmatch(text) or _UUID.fullmatch(text)):
        raise BadInput("no Bluetooth address", expected="six bytes like C0:FF:EE:00:00:01", got=address[:40])
    plain = text.replace(":", "").replace("-", "")
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:4], "big")
