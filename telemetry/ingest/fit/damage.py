"""What is wrong with a file, where, and how much of it.

Comes in: nothing. Goes out: `Damage`, one finding about the bytes. Leaves to others: what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Damage:
    """One defect of a file's bytes.

    `kind` is one of: header (the signature or size is wrong), header_crc, file_crc, no_crc, lying_size (the
    header claims another length), recorder_died (no length was ever written), truncated, bad_definition,
    data_before_definition, resync (bytes skipped before the messages went on), trailing_bytes.
    """

    kind: str
    offset: int
    size: int
    detail: str
