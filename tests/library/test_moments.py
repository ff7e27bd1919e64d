"""Times as people type them: read the one way they can be meant, or refused with how to say it."""

from __future__ import annotations

import datetime as dt

import pytest

from telemetry.errors import BadInput
from telemetry.library.moments import day, minute_of_class, moment

ZONE = dt.timezone(dt.timedelta(hours=2))
NOW = dt.datetime(2026, 3, 5, 20, 15, tzinfo=ZONE)  # a Thursday


@pytest.mark.parametrize(
    ("text", "expected", "whole_day"),
    [
        ("now", (2026, 3, 5, 20, 15), False),
        ("18:40", (2026, 3, 5, 18, 40), False),
        ("at 7:05", (2026, 3, 5, 7, 5), False),
        ("Yesterday 18:40", (2026, 3, 4, 18, 40), False),
        ("yesterday at 18.40", (2026, 3, 4, 18, 40), False),
        ("today", (2026, 3, 5, 0, 0), True),
        ("monday 7:30", (2026, 3, 2, 7, 30), False),
        ("thu", (2026, 3, 5, 0, 0), True),
        ("2 hours ago", (2026, 3, 5, 18, 15), False),
        ("an hour ago", (2026, 3, 5, 19, 15), False),
        ("half an hour ago", (2026, 3, 5, 19, 45), False),
        ("3 days ago", (2026, 3, 2, 0, 0), True),
        ("3 days ago at 18:00", (2026, 3, 2, 18, 0), False),
        ("yesterday 6:40 pm", (2026, 3, 4, 18, 40), False),
        ("6pm", (2026, 3, 5, 18, 0), False),
        ("12 am", (2026, 3, 5, 0, 0), False),
        ("noon", (2026, 3, 5, 12, 0), False),
        ("2026-03-02", (2026, 3, 2, 0, 0), True),
        ("2026-03-02 18:40", (2026, 3, 2, 18, 40), False),
        ("2026-03-02T18:40:00", (2026, 3, 2, 18, 40), False),
    ],
)
def test_a_text_names_one_moment(text: str, expected: tuple[int, ...], whole_day: bool) -> None:
    assert moment(text, NOW) == (dt.datetime(*expected, tzinfo=ZONE), whole_day)  # type: ignore[arg-type,misc]


def test_a_zone_that_is_said_is_kept() -> None:
    found, _ = moment("2026-03-02T18:40:00Z", NOW)
    assert found == dt.datetime(2026, 3, 2, 18, 40, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("02/03/2026", "two ways"),
        ("2.3.2026 18:40", "two ways"),
        ("2026-02-30", "no such day"),
        ("25:10", "no such time"),
        ("soon", "names no moment"),
        ("", "names no moment"),
        ("2027-01-01", "impossible date"),
        ("1970-01-01", "impossible date"),
        ("23:40", "still to come"),
        ("2026-03-06 8:00", "still to come"),
        ("13 pm", "no such time"),
        ("2 hours ago 18:00", "names no moment"),
        ("2026-03-02T18:99:00", "no such moment"),
        ("99999999999999 days ago", "names no moment"),
    ],
)
def test_what_names_none_or_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        moment(text, NOW)


def test_a_day_has_no_hour() -> None:
    assert day("yesterday", NOW) == dt.date(2026, 3, 4)
    with pytest.raises(BadInput, match="a day is needed"):
        day("yesterday 18:40", NOW)


@pytest.mark.parametrize(
    ("text", "minute"), [("at minute 30", 30.0), ("minute 12.5", 12.5), ("30", None), ("yesterday", None)]
)
def test_a_minute_of_a_class(text: str, minute: float | None) -> None:
    assert minute_of_class(text) == minute
