"""What a file holds, for people: the text of `telemetry inspect`.

Comes in: the dict of `contents.py`. Goes out: text on stdout. Every string from the file is printed as data.
"""

from __future__ import annotations

from typing import Any

from telemetry.cli.console import clean, result

LONGEST_LIST = 12


def print_contents(found: dict[str, Any]) -> None:
    """Everything in one file, top down: what it is, damage, classes, messages."""
    result(clean(f"{found['file']}: {found['size']:,} bytes"))
    _damage(found)
    if found["no_class_because"]:
        result(clean(f"  no class in it: {found['no_class_because']}"))
    for recording in found["classes"]:
        _class(recording)
    for message in found["messages"]:
        _message(message)


def _damage(found: dict[str, Any]) -> None:
    for damage in found["damage"][:LONGEST_LIST]:
        where = f"at byte {damage['offset']}, {damage['size']} bytes"
        result(clean(f"  damage: {damage['kind']} {where}: {damage['detail']}"))
    _more(found["damage"], "damaged places")
    if found["salvaged"]:
        result("  records were recovered around the damage")


def _class(recording: dict[str, Any]) -> None:
    minutes = recording["duration_s"] / 60.0
    started = recording["started_at"] or "no date"
    kind = "/".join(part for part in (recording["sport"], recording["sub_sport"]) if part) or "no sport"
    result(
        clean(
            f"  class {recording['id']}: {kind}, {started}, {minutes:.1f} min, {recording['samples']} samples"
        )
    )
    coverage = recording["quality"]["coverage"]
    channels = [
        name + (f" {coverage[name]:.0%}" if coverage.get(name) is not None else "")
        for name in recording["channels"]
    ]
    result(clean(f"    channels: {', '.join(channels) or 'none'}"))
    for device in recording["devices"]:
        name = " ".join(part for part in (device["manufacturer"], device["product"]) if part)
        measures = f", measured {', '.join(device['measures'])}" if device["measures"] else ""
        result(clean(f"    device: {device['kind']} {name}{measures}"))
    quality = recording["quality"]
    result(clean(f"    data quality: {quality['grade'].replace('_', ' ')}"))
    for reason in quality["reasons"]:
        result(clean(f"      {reason}"))
    for issue in quality["issues"][:LONGEST_LIST]:
        result(clean(f"    issue: {issue['code']}{_when(issue)}{_times(issue)}: {issue['detail']}"))
    _more(quality["issues"], "issues")


def _message(message: dict[str, Any]) -> None:
    result(clean(f"  {message['name']}: {message['count']}"))
    for field in message["fields"]:
        unit = f" [{field['units']}]" if field.get("units") else ""
        own = ", developer field" if field.get("developer") else ""
        result(clean(f"    {field['name']}{unit}: {field['base_type']}{own}"))


def _more(items: list[Any], what: str) -> None:
    if len(items) > LONGEST_LIST:
        result(f"  … and {len(items) - LONGEST_LIST} more {what} (all with --json)")


def _when(issue: dict[str, Any]) -> str:
    if issue["start_s"] is None:
        return ""
    stop = issue["stop_s"]
    return (
        f" at {issue['start_s']:.0f} s" if stop is None else f" from {issue['start_s']:.0f} to {stop:.0f} s"
    )


def _times(issue: dict[str, Any]) -> str:
    return f", {issue['count']} times" if issue["count"] > 1 else ""
