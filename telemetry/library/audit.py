"""The audit log: who did what to whose data, in a chain that cannot be edited unseen.

Comes in: an actor, an action, a rider's subject token, counts. Goes out: rows whose `mac` is an HMAC over the
row and the one before, under a key that does not lie in the catalog. No name, no id of a person stands here:
erasing a rider removes the row that links the token to them, and the log stays whole.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from telemetry.library.codec import now
from telemetry.library.tables import audit

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer


def log(
    writer: Writer, key: bytes, actor: str, action: str, subject: str | None = None, **detail: Any
) -> None:
    """One line more; `detail` holds counts and kinds, never names."""
    row: dict[str, Any] = {
        "at": now(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, sort_keys=True),
    }
    row["mac"] = _mac(key, row, writer.audit_head)
    writer.insert(audit, **row)
    writer.audit_head = row["mac"]


def faults(connection: Connection, key: bytes, head: str) -> Iterator[str]:
    """What is wrong with the chain: lines edited, removed, added or out of order, or its end cut off."""
    before = ""
    for row in connection.execute(audit.select().order_by(audit.c.audit_id)).mappings():
        if row["mac"] != _mac(key, row, before):
            yield f"audit line {row['audit_id']} or the one before it is not what was written"
        before = row["mac"]
    if before != head:
        yield "the audit log does not end where it was left"


def _mac(key: bytes, row: Any, before: str) -> str:
    text = json.dumps([before, *(row[name] for name in ("at", "actor", "action", "subject", "detail"))])
    return hmac.new(key, text.encode(), "sha256").hexdigest()
