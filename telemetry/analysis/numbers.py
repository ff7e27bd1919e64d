"""Numbers inside sentences, written as the pages write theirs: 1,295 strokes, −0.5 points, 50 %.

Comes in: plain numbers. Goes out: text. Leaves to others: numbers in tables and tiles, which the pages write
themselves (`reports/words.py`); both follow the same rules, so that no two places differ.
"""

from __future__ import annotations

MINUS = "−"


def number(value: float, digits: int = 0) -> str:
    """So many decimals, commas between thousands, a true minus; what rounds to nothing has no sign.

    >>> number(1294.6), number(-0.5, 1), number(-0.04, 1)
    ('1,295', '−0.5', '0.0')
    """
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", MINUS)


def plain(value: float) -> str:
    """A setting with as many digits as it needs.

    >>> plain(8.0), plain(1500.0), plain(-0.15)
    ('8', '1,500', '−0.15')
    """
    text = f"{value:,.0f}" if value == round(value) else f"{value:.6g}"
    return text.replace("-", MINUS)


def signed(value: float, digits: int = 0) -> str:
    """A number with its sign, for changes.

    >>> signed(1.25, 1), signed(-1.25, 1), signed(0.0, 1)
    ('+1.2', '−1.2', '0.0')
    """
    text = number(value, digits)
    return text if round(value, digits) <= 0.0 else f"+{text}"


def percent(share: float, digits: int = 0) -> str:
    """A share 0..1 in percent.

    >>> percent(0.5), percent(0.0123, 1)
    ('50 %', '1.2 %')
    """
    return f"{number(100.0 * share, digits)} %"


def duration(seconds: float) -> str:
    """Seconds in minutes and seconds.

    >>> duration(185.0), duration(180.0), duration(12.0)
    ('3 min 5 s', '3 min', '12 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min" if not rest else f"{minutes} min {rest} s"
