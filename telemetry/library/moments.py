"""When: the times people type, "yesterday 18:40", "at minute 30", 2026-03-02, as moments in time.

Comes in: text, this moment, the zone a person lives in. Goes out: an aware moment, and whether only the day
was said. Leaves to others: which class a minute belongs to. Dates are year first; 02/03/2026 is refused,
because half the world reads it the other way round. A zone with summer time is asked for that day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from telemetry.errors import BadInput

EXPECTED: Final = '"yesterday 18:40", "today 6:40 pm", "2026-03-02 18:40", "monday 7:30" or "2 days ago"'
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK: Final = re.compile(r"^(\d{1,2})[:.h](\d{2})$")
TWELVE: Final = re.compile(r"^(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)$")
MINUTE: Final = re.compile(r"^(?:class )?minute (\d+(?:\.\d+)?)$")
AGO: Final = re.compile(r"^(\d{1,4}) (minute|hour|day|week)s? ago(?: (.+))?$")
IN_WORDS: Final = {
    "half an hour ago": "30 minutes ago",
    "an hour ago": "1 hour ago",
    "a week ago": "1 week ago",
}
ISO_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")
AHEAD: Final = timedelta(days=1)
"""A day may have begun elsewhere already."""
CLOCKS: Final = timedelta(hours=1)
"""Two clocks may differ so much; a time of day further ahead is still to come."""
EARLIEST: Final = date(1995, 1, 1)


def minute_of_class(text: str) -> float | None:
    """Minutes of "at minute 30"; None where the text says no such thing."""
    match = MINUTE.match(_plain(text))
    return float(match[1]) if match else None


def moment(
    text: str, now: datetime, *, future: bool = False, earliest: date = EARLIEST
) -> tuple[datetime, bool]:
    """The moment that a text names, and whether only its day was said (then it is that day's start).

    `now` carries the zone: a time without one is local. `future` allows moments more than a day ahead.

    Raises
    ------
    BadInput : a text that names no moment, an impossible one, or one that can be read in two ways
    """
    said = _plain(text)
    zone = now.tzinfo or UTC
    found, whole_day = _read(said, text, now, zone)
    if not earliest <= found.date() or (found > now + AHEAD and not future):
        raise BadInput("an impossible date", expected="a day that has been", got=text[:60])
    if not whole_day and not future and found > now + CLOCKS:
        raise BadInput(
            "this is still to come", expected='a time that has been, "yesterday 18:40"', got=text[:60]
        )
    return found, whole_day


def day(text: str, now: datetime, *, future: bool = True, earliest: date = EARLIEST) -> date:
    """The day that a text names; a time of day with it is refused."""
    found, whole_day = moment(text, now, future=future, earliest=earliest)
    if not whole_day:
        raise BadInput("a day is needed here", expected="a date like 2026-03-02", got=text[:60])
    return found.date()


def _read(said: str, text: str, now: datetime, zone: tzinfo) -> tuple[datetime, bool]:
    if said == "now":
        return now, False
    if match := AGO.match(IN_WORDS.get(said, said)):
        step = timedelta(**{f"{match[2]}s": int(match[1])})
        if match[2] in ("day", "week"):
            on = (now - step).date()
            if match[3] is None:
                return _start(on, zone), True
            if (clock := _clock(match[3], text)) is not None:
                return _at(on, clock, zone), False
        elif match[3] is None:
            return (now.astimezone(UTC) - step).astimezone(zone), False
    if (clock := _clock(said, text)) is not None:
        return _at(now.date(), clock, zone), False
    words = said.split(" ", 1)
    if (on_ := _named_day(words[0], now)) is not None:
        if len(words) == 1:
            return _start(on_, zone), True
        if (clock := _clock(words[1], text)) is not None:
            return _at(on_, clock, zone), False
    if ISO_DAY.match(said):
        return _start(_iso_day(said, text), zone), True
    if ISO_DAY.match(words[0]) and len(words) == 2 and (clock := _clock(words[1], text)) is not None:
        return _at(_iso_day(words[0], text), clock, zone), False
    if re.match(r"^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", said):
        raise BadInput(
            "this date can be read in two ways", expected="year first, as in 2026-03-02", got=text[:60]
        )
    if re.match(r"^\d{4}-\d{2}-\d{2}[ t]", said):
        try:
            found = datetime.fromisoformat(said.replace(" ", "T").upper())
        except ValueError as cause:
            raise BadInput("no such moment", expected=EXPECTED, got=text[:60]) from cause
        return (found if found.tzinfo else found.replace(tzinfo=zone)), False
    raise BadInput("this names no moment", expected=EXPECTED, got=text[:60])


def _named_day(word: str, now: datetime) -> date | None:
    if word in ("today", "yesterday"):
        return now.date() - timedelta(days=word == "yesterday")
    fitting = [index for index, name in enumerate(DAYS) if len(word) >= 3 and name.startswith(word)]
    if len(fitting) == 1:
        return now.date() - timedelta(days=(now.weekday() - fitting[0]) % 7)
    return None


def _iso_day(said: str, text: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as cause:
        raise BadInput("no such day", expected="a date like 2026-03-02", got=text[:60]) from cause


def _clock(said: str, text: str) -> tuple[int, int] | None:
    """Hour and minute of "18:40", "6:40 pm", "6pm" or "noon"; None where it is no time of day."""
    if said == "noon":
        return 12, 0
    if match := TWELVE.match(said):
        hour, minute = int(match[1]), int(match[2] or 0)
        if not 1 <= hour <= 12 or minute > 59:
            raise BadInput("no such time of day", expected="1:00 am to 12:59 pm", got=text[:60])
        return hour % 12 + 12 * (match[3] == "pm"), minute
    if match := CLOCK.match(said):
        hour, minute = int(match[1]), int(match[2])
        if hour > 23 or minute > 59:
            raise BadInput("no such time of day", expected="00:00 to 23:59", got=text[:60])
        return hour, minute
    return None


def _at(on: date, clock: tuple[int, int], zone: tzinfo) -> datetime:
    return _start(on, zone).replace(hour=clock[0], minute=clock[1])


def _start(on: date, zone: tzinfo) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=zone)


def _plain(text: str) -> str:
    words = text.lower().replace(",", " ").split()
    return " ".join(word for word in words if word != "at")
