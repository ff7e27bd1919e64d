"""How numbers, times and strings from files are written on every page: once, so that no two pages differ.

Comes in: plain values. Goes out: text. Leaves to others: what the values mean.
"""

from __future__ import annotations

import math
import shlex
from datetime import date as day
from datetime import datetime, timedelta

MINUS = "−"
DASH = "–"
ABSENT = "—"
NARROW = "\u202f"

DECIMALS = {
    "TL": 1,
    "kN·m·s": 1,
    "N·m": 1,
    "W/kg": 2,
    "kJ": 0,
    "min": 1,
    "%": 1,
    "x": 2,
    "bpm/h": 1,
    "rpm/min": 2,
    "points/h": 1,
    "points": 1,
}
"""Digits after the point by unit; whole numbers where a unit is not named."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def number(value: float | None, decimals: int = 0) -> str:
    """A number as printed: commas between thousands, a true minus, a dash where there is none.

    >>> number(6520.4), number(-0.6, 1), number(None), number(-0.04, 1)
    ('6,520', '−0.6', '—', '0.0')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if float(text[1:].replace(",", "")) == 0 else MINUS + text[1:]
    return text


def plain(value: float | None) -> str:
    """A setting as printed: as many digits as it needs, at most six.

    >>> plain(2000.0), plain(0.2916667), plain(1e9)
    ('2,000', '0.291667', '1,000,000,000')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    text = f"{value:,.0f}" if value == round(value) else f"{value:.6g}"
    return text.replace("-", MINUS)


def amount(value: float | None, unit: str) -> str:
    """A number with the digits its unit deserves, without the unit.

    >>> amount(72.684, "TL"), amount(231.4, "W"), amount(-0.1634, "rpm/min")
    ('72.7', '231', '−0.16')
    """
    return number(value, DECIMALS.get(unit, 0))


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit, held together by a narrow space; seconds of a minute and more as a clock.

    >>> quantity(8.25, "min"), quantity(245.0, "s"), quantity(None, "W")
    ('8.2\u202fmin', '4:05\u202fmin', '—')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if unit == "s" and value >= 60.0:
        return f"{clock(value)}{NARROW}{'h' if value >= 3600.0 else 'min'}"
    return f"{amount(value, unit)}{NARROW}{unit}" if unit else amount(value, unit)


def interval(low: float | None, high: float | None, unit: str) -> str:
    """An interval as "65.6 to 80.1", never broken over lines; empty where either end is missing."""
    if low is None or high is None:
        return ""
    return f"{amount(low, unit)}\u00a0to\u00a0{amount(high, unit)}"


def percent(share: float | None) -> str:
    """A share 0..1 as whole percent; never rounded up to 100 nor down to 0.

    >>> percent(0.984), percent(0.9996), percent(1.0), percent(0.0004)
    ('98\u202f%', '> 99\u202f%', '100\u202f%', '< 1\u202f%')
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    if 0.995 <= share < 1.0:
        return f"> 99{NARROW}%"
    if 0.0 < share < 0.005:
        return f"< 1{NARROW}%"
    return f"{share * 100.0:.0f}{NARROW}%"


def change(new: float | None, old: float | None) -> str:
    """The relative change from old to new, signed, in whole percent; empty where it has no meaning.

    >>> change(58.0, 72.5), change(80.0, 72.5), change(1.0, 0.0)
    ('−20\u202f%', '+10\u202f%', '')
    """
    if new is None or old is None or not old:
        return ""
    share = round(100.0 * (new - old) / old)
    sign = "+" if share > 0 else MINUS if share < 0 else "±"
    return f"{sign}{abs(share)}{NARROW}%"


def clock(seconds: float | None) -> str:
    """Time since the start as m:ss, h:mm:ss from the first hour on.

    >>> clock(65.2), clock(3725.0)
    ('1:05', '1:02:05')
    """
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def span(start_s: float | None, stop_s: float | None) -> str:
    """A stretch of the class as "12:30 to 14:05", never broken over lines; empty where it has no bounds."""
    if start_s is None or stop_s is None:
        return ""
    return f"{clock(start_s)}\u00a0to\u00a0{clock(stop_s)}"


def duration(seconds: float) -> str:
    """A duration in words.

    >>> duration(2700.0), duration(10_930.0), duration(40.0)
    ('45\u202fmin', '3\u202fh 2\u202fmin', '40\u202fs')
    """
    if not math.isfinite(seconds) or seconds < 60.0:
        return f"{max(0.0, seconds if math.isfinite(seconds) else 0.0):.0f}{NARROW}s"
    hours, minutes = divmod(round(seconds / 60.0), 60)
    return f"{hours}{NARROW}h {minutes}{NARROW}min" if hours else f"{minutes}{NARROW}min"


def local(started_at: datetime | None, utc_offset_s: float | None) -> datetime | None:
    """The clock on the studio's wall, or UTC where the offset is not known."""
    if started_at is None:
        return None
    return started_at + timedelta(seconds=utc_offset_s or 0.0)


def date(moment: day) -> str:
    """A day as "Tuesday 14 May 2024": our own names, whatever the locale."""
    return f"{_DAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def zone(utc_offset_s: float | None) -> str:
    """What the hour refers to: "local time, UTC+2:00" or "UTC; the file does not say the local time"."""
    if utc_offset_s is None:
        return "UTC; the file does not say the local time"
    minutes = round(abs(utc_offset_s) / 60.0)
    sign = MINUS if utc_offset_s < 0 else "+"
    return f"local time, UTC{sign}{minutes // 60}:{minutes % 60:02d}"


def clean(text: object, longest: int = 80) -> str:
    """A string from a file as data: printable, on one line, of bounded length. Escaping is the page's part.

    >>> clean("KICKR\\x1b[31m\\u202e  BIKE\\n"), clean("x" * 100, 5)
    ('KICKR [31m BIKE', 'xxxx…')
    """
    kept = "".join(letter if letter.isprintable() else " " for letter in str(text)[: 4 * longest])
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


class Verbatim(str):
    """A person's own words: printed as they are, also where numbers are printed with a decimal comma."""

    __slots__ = ()


def plain_words(code: str) -> str:
    """A name from a fixed list as words.

    >>> plain_words("dry_needling")
    'dry needling'
    """
    return code.replace("_", " ")


def command(*words: str) -> str:
    """A command line to copy, quoted for a shell."""
    return " ".join(shlex.quote(word) for word in words)


def sentence(text: str) -> str:
    """A clause as a sentence: first letter large, a full stop at the end."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…:" else text + "."


def signed(value: float | None, unit: str) -> str:
    """A number with its sign, for rates of change.

    >>> signed(11.0, "bpm/h"), signed(-0.5, "bpm/h"), signed(0.0, "bpm/h")
    ('+11.0', '−0.5', '0.0')
    """
    return signed_to(value, DECIMALS.get(unit, 0))


def signed_to(value: float | None, decimals: int) -> str:
    """A number with its sign and so many decimals.

    >>> signed_to(0.4332, 2), signed_to(-0.001, 2)
    ('+0.43', '0.00')
    """
    text = number(value, decimals)
    return f"+{text}" if value is not None and value > 0 and float(text.replace(",", "")) > 0 else text
