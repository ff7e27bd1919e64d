"""What could be different: the same power with faster legs, the whole pipeline run again."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.analysis.conditioning import condition
from telemetry.analysis.counterfactual import faster
from telemetry.model import Rider
from tests.builders import recording, steps

RIDER = Rider(ftp_w=200.0)


def test_ten_and_fifteen_turns_more_at_the_same_power() -> None:
    analysis = analyze(recording(**steps([(600, 200, 60)])), RIDER)
    ten, fifteen = analysis.counterfactuals
    assert (ten.added_rpm, fifteen.added_rpm) == (10.0, 15.0)
    load = analysis.metric("torque_load")
    assert ten.torque_load == pytest.approx(load * (60 / 70) ** 2)
    assert fifteen.torque_load == pytest.approx(load * (60 / 75) ** 2)
    assert ten.strokes == pytest.approx(analysis.metric("strokes") * 70 / 60)  # the price
    assert analysis.metric("grinding_min") == pytest.approx(10.0)
    assert (ten.grinding_min, ten.grinding_bouts) == (0.0, 0.0)


def test_it_is_what_a_class_ridden_that_way_would_have_shown() -> None:
    slow = analyze(recording(**steps([(300, 240, 50), (60, 100, 88), (300, 230, 58)])), RIDER)
    ridden = analyze(recording(**steps([(300, 240, 60), (60, 100, 98), (300, 230, 68)])), RIDER)
    ten = slow.counterfactuals[0]
    assert ten.torque_load == pytest.approx(ridden.metric("torque_load"))
    assert ten.grinding_min == pytest.approx(ridden.metric("grinding_min"))
    assert ten.grinding_bouts == ridden.metric("grinding_bouts")
    assert ten.strokes == pytest.approx(ridden.metric("strokes"))


def test_nobody_is_asked_for_more_than_the_cap_and_nobody_is_slowed() -> None:
    c = condition(recording(**steps([(60, 150, 90), (60, 150, 104), (60, 150, 120)])))
    assert faster(c, 10.0, 110.0).cadence_rpm[[0, 60, 120]] == pytest.approx([100.0, 110.0, 120.0])
    assert faster(c, 10.0, 110.0).torque_nm[-1] == pytest.approx(c.torque_nm[-1])
    lower = analyze(recording(**steps([(60, 150, 90)])), Rider(limits={"counterfactual_cap_rpm": 95.0}))
    assert lower.counterfactuals[1].strokes == pytest.approx(2 * 95.0)


def test_only_pedalling_turns_faster() -> None:
    c = condition(recording(**steps([(60, 150, 80), (60, 0, 0), (60, 5, 80), (60, 150, 19)])))
    raised = faster(c, 10.0, 110.0)
    assert raised.cadence_rpm[[0, 60, 120, 180]] == pytest.approx([90.0, 0.0, 80.0, 19.0])
    assert raised.torque_nm[60] == c.torque_nm[60]
    assert np.isnan(raised.torque_nm[180])


def test_measured_torque_falls_in_proportion() -> None:
    built = recording(
        power_w=np.full(60, 150.0),
        cadence_rpm=np.full(60, 60.0),
        torque_nm=np.full(60, 25.0),
        torque_source="crank",
    )
    assert faster(condition(built), 15.0, 110.0).torque_nm[0] == pytest.approx(20.0)


def test_without_torque_nothing_could_be_different() -> None:
    assert analyze(recording(power_w=np.full(900, 150.0))).counterfactuals == ()
    assert analyze(recording(cadence_rpm=np.full(900, 80.0))).counterfactuals == ()
