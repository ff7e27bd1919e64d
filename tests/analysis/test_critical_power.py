"""Critical power: the sheet's five efforts in both forms."""

from __future__ import annotations

import pytest

from telemetry.analysis.critical_power import critical_power
from telemetry.errors import BadInput

WATTS, SECONDS = [453.0, 430.0, 405.0, 375.0, 360.0], [160.0, 205.0, 260.0, 430.0, 685.0]


def test_the_five_efforts_of_the_sheet() -> None:
    assert critical_power(WATTS, SECONDS) == pytest.approx((330.0974, 19857.150), rel=1e-7)
    assert critical_power(WATTS, SECONDS, work=True) == pytest.approx((330.8960, 19604.195), rel=1e-7)


def test_both_forms_agree_where_the_model_holds() -> None:
    watts = [250.0 + 20000.0 / t for t in SECONDS]
    for work in (False, True):
        assert critical_power(watts, SECONDS, work=work) == pytest.approx((250.0, 20000.0))


@pytest.mark.parametrize(
    ("watts", "seconds"),
    [([300.0], [180.0]), ([300.0, 290.0], [180.0, 180.0]), ([300.0, 280.0], [0.0, 60.0])],
)
def test_one_duration_draws_no_line(watts: list[float], seconds: list[float]) -> None:
    with pytest.raises(BadInput, match="at least two efforts"):
        critical_power(watts, seconds)
