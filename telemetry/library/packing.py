"""JSON, packed small: most of an analysis is the same words in every class.

Comes in: JSON types. Goes out: bytes, and the same again. A dictionary of those words (`words-1.json`,
typical documents) is given to zlib; it never changes, a better one would be `words-2.json`. Leaves to
others: what is packed.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson

from telemetry.errors import BadLibrary

FIRST: Final = b"\x01"
LEVEL: Final = 9


def pack(content: Any) -> bytes:
    """JSON types as bytes; equal content gives equal bytes."""
    packer = zlib.compressobj(LEVEL, zdict=_words())
    return FIRST + packer.compress(as_text(content)) + packer.flush()


def unpack(data: bytes) -> Any:
    """What was packed.

    Raises
    ------
    BadLibrary : no packed JSON
    """
    try:
        if bytes(data[:1]) != FIRST:
            raise ValueError("another kind of packing")
        unpacker = zlib.decompressobj(zdict=_words())
        text = unpacker.decompress(bytes(data[1:]))
        if not unpacker.eof:  # without its end the checksum was never looked at
            raise ValueError("cut short")
        return orjson.loads(text)
    except (zlib.error, ValueError) as cause:
        raise BadLibrary("a document of the catalog cannot be unpacked", got=str(cause)[:80]) from cause


def as_text(content: Any) -> bytes:
    """JSON without blanks, in the order given."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@cache
def _words() -> bytes:
    return (files("telemetry.library") / "words-1.json").read_bytes()
