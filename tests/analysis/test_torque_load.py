"""Torque load and what stands beside it: the worked numbers, the interval, gaps, and what silence means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import units
from telemetry.analysis import torque_load as kernels
from telemetry.analysis.grinding import in_bout
from telemetry.model import Device, Pause
from tests import reference
from tests.analysis.classes import KINDS, WORKED_CLASS, analyse, messy, segments
from tests.builders import recording, steps

T_REF = 26.526
"""FTP of 250 W at 90 rpm, as in the first table of metrics.md section 2."""


# --- worked numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("power", "cadence", "crank", "torque", "force", "speed"),
    [
        (250, 60, 0.1725, 39.789, 230.659, 1.0838),
        (250, 90, 0.1725, 26.526, 153.773, 1.6258),
        (200, 50, 0.17, 38.197, 224.689, 0.8901),
    ],
)
def test_torque_force_and_pedal_speed_as_worked(power, cadence, crank, torque, force, speed):
    nm = segments([(60, power, cadence)])["mean_torque_nm"]
    assert nm == pytest.approx(torque, abs=0.0005)
    assert units.pedal_force_n(nm, crank) == pytest.approx(force, abs=0.0005)
    assert units.pedal_speed_mps(cadence, crank) == pytest.approx(speed, abs=0.00005)


@pytest.mark.parametrize(
    ("cadence", "torque", "strokes", "impulse", "squared", "load", "weighted"),
    [
        (90, 21.221, 1800, 12.732, 270_190, 10.67, 96.00),
        (70, 27.284, 1400, 16.370, 446_640, 17.63, 123.43),
        (50, 38.197, 1000, 22.918, 875_415, 34.56, 172.80),
    ],
)
def test_the_same_work_at_three_cadences(cadence, torque, strokes, impulse, squared, load, weighted):
    class_ = segments([(600, 200, cadence)], ftp_w=250)
    total = kernels.sums(class_.c)
    assert class_.context.torque_reference_nm == pytest.approx(T_REF, abs=0.0005)
    assert class_["work_kj"] == 120.0
    assert class_["mean_torque_nm"] == pytest.approx(torque, abs=0.0005)
    assert class_["strokes"] == pytest.approx(strokes)
    assert class_["angular_impulse_knms"] == pytest.approx(impulse, abs=0.0005)
    assert total.torque_squared == pytest.approx(squared, abs=0.5)
    assert class_["torque_load"] == pytest.approx(load, abs=0.005)
    stroke_dose = class_["strokes"] * class_["mean_torque_nm"] ** 2
    assert stroke_dose == pytest.approx(3 * squared * cadence / 90, rel=1e-5)
    assert class_["mean_torque_nm"] * 120.0 / class_.context.torque_reference_nm == pytest.approx(
        weighted, abs=0.01
    )


def test_strokes_times_torque_squared_is_torque_weighted_work():
    """metrics.md section 2: strokes x T² x pi = ∫ T P dt, segment by segment."""
    whole = 0.0
    for seconds, power, cadence in WORKED_CLASS:
        part = segments([(seconds, power, cadence)])
        whole += part["strokes"] * part["mean_torque_nm"] ** 2 * math.pi
    c = segments(WORKED_CLASS, ftp_w=200).c
    assert whole == pytest.approx(float(np.sum(c.torque_nm * c.power_w * c.dt_s)))


def test_the_worked_class():
    class_ = segments(WORKED_CLASS, ftp_w=200)
    weighted = np.sum(class_.c.torque_nm * class_.c.power_w) / class_.context.torque_reference_nm / 1000
    assert class_.context.torque_reference_nm == pytest.approx(21.2207, abs=5e-5)
    for name, worked, tolerance in (
        ("torque_load", 72.684, 0.0005),
        ("angular_impulse_knms", 44.640, 0.0005),
        ("work_kj", 343.8, 1e-9),
        ("strokes", 6520.0, 1e-6),
        ("mean_torque_nm", 18.600, 0.0005),
        ("rms_torque_nm", 22.158, 0.0005),
        ("mean_power_w", 143.25, 1e-9),
        ("max_power_w", 250.0, 0.0),
        ("mean_cadence_rpm", 81.5, 1e-9),
        ("cadence_missing_s", 0.0, 0.0),
        ("unloaded_turns", 0.0, 0.0),
    ):
        assert class_[name] == pytest.approx(worked, abs=tolerance), name
    assert weighted == pytest.approx(375.373, abs=0.0005)


def test_one_hour_at_the_reference_is_a_hundred():
    assert segments([(3600, 200, 90)], ftp_w=200)["torque_load"] == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("share", "power", "load"), [(0.46, -8.0, -15.4), (0.48, -4.0, -7.8), (0.52, 4.0, 8.2)]
)
def test_one_crank_doubled_misses_what_the_other_leg_does(share, power, load):
    """metrics.md section 9: power error 2 L - 1, torque load (2 L)² - 1."""
    true, doubled = segments([(600, 200, 80)]), segments([(600, 2 * share * 200, 80)])
    assert 100 * (doubled["work_kj"] / true["work_kj"] - 1) == pytest.approx(power, abs=0.05)
    assert 100 * (doubled["torque_load"] / true["torque_load"] - 1) == pytest.approx(load, abs=0.05)


def test_a_wrong_ftp_moves_the_load_as_the_page_says():
    loads = [segments(WORKED_CLASS, ftp_w=ftp)["torque_load"] for ftp in (180, 200, 220)]
    assert 100 * (loads[0] / loads[1] - 1) == pytest.approx(23, abs=0.5)
    assert 100 * (loads[2] / loads[1] - 1) == pytest.approx(-17, abs=0.5)


def test_a_zero_offset_of_one_newton_metre_weighs_more_at_low_torque():
    """metrics.md section 8: +1 N·m is +11.4 % load at 18 N·m, +5.3 % at 38 N·m."""
    for torque, cadence, percent in ((18, 85, 11.4), (38, 52, 5.3)):
        true = segments([(600, units.power_w(torque, cadence), cadence)])["torque_load"]
        off = segments([(600, units.power_w(torque + 1, cadence), cadence)])["torque_load"]
        assert 100 * (off / true - 1) == pytest.approx(percent, abs=0.05)


# --- reference and interval ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rider", "reference_nm"), [({"ftp_w": 200}, 21.2207), ({"mass_kg": 70}, 18.55), ({}, 20.0)]
)
def test_the_reference_is_ftp_else_mass_else_absolute(rider, reference_nm):
    class_ = segments([(3600, units.power_w(20.0, 80), 80)], **rider)
    assert class_["torque_load"] == pytest.approx(100 * (20.0 / reference_nm) ** 2, rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "rider", "error"),
    [
        ({}, {}, 0.05),
        ({"single_sided": False}, {}, 0.02),
        ({"single_sided": True}, {}, 0.10),
        ({"devices": (Device("fitness_equipment", measures=("power_w",)),)}, {}, 0.10),
        ({"devices": (Device("fitness_equipment"), Device("power", measures=("power_w",)))}, {}, 0.05),
        ({"single_sided": True}, {"meter_error_pct": 1.0}, 0.01),
        ({"single_sided": True}, {"limits": {"meter_error_pct": 3.0}}, 0.03),
        ({"single_sided": True}, {"limits": {"meter_error_single_pct": 8.0}}, 0.08),
    ],
)
def test_the_interval_comes_from_what_is_known_of_the_meter(fields, rider, error):
    class_ = analyse(recording(**steps(WORKED_CLASS), **fields), **rider)
    load, work = class_.metrics["torque_load"], class_.metrics["work_kj"]
    assert load.low == pytest.approx(load.value * (1 - error) ** 2)
    assert load.high == pytest.approx(load.value * (1 + error) ** 2)
    assert (work.low, work.high) == pytest.approx((work.value * (1 - error), work.value * (1 + error)))
    assert class_.metrics["strokes"].low is None


def test_ten_percent_of_power_is_nineteen_down_and_twenty_one_up():
    load = analyse(recording(**steps(WORKED_CLASS), single_sided=True)).metrics["torque_load"]
    assert (load.low / load.value, load.high / load.value) == pytest.approx((0.81, 1.21))


# --- gaps and coverage --------------------------------------------------------------------------------------


def gapped(seconds):
    """1000 s of 200 W at 80 rpm, the power away for some of them in the middle."""
    columns = steps([(1000, 200, 80)])
    columns["power_w"][400 : 400 + seconds] = np.nan
    return analyse(recording(**columns), ftp_w=200)


@pytest.mark.parametrize(
    ("seconds", "counted"), [(0, 1000), (4, 1000), (5, 1000), (29, 1000), (30, 970), (100, 900)]
)
def test_doses_are_filled_scaled_or_short_by_the_length_of_the_gap(seconds, counted):
    class_, whole = gapped(seconds), gapped(0)
    for name in ("torque_load", "angular_impulse_knms", "work_kj", "strokes"):
        assert class_[name] == pytest.approx(whole[name] * counted / 1000), name
    assert class_["mean_power_w"] == pytest.approx(200.0)


def test_rows_never_written_are_scaled_over_like_nulls():
    columns = steps([(1000, 200, 80)])
    keep = np.ones(1000, dtype=bool)
    keep[400:420] = False
    class_ = analyse(recording(**{name: values[keep] for name, values in columns.items()}))
    assert class_["work_kj"] == pytest.approx(200.0)
    assert class_.metrics["work_kj"].coverage == pytest.approx(0.979)


@pytest.mark.parametrize(("known", "present"), [(750, True), (749, False)])
def test_under_three_quarters_known_a_dose_is_not_computed(known, present):
    columns = steps([(1000, 200, 80)])
    columns["cadence_rpm"][known:] = np.nan
    class_ = analyse(recording(**columns), mass_kg=70)
    for name in ("torque_load", "angular_impulse_knms", "impulse_per_kg", "strokes", "grinding_min"):
        metric = class_.metrics[name]
        assert (metric.value is not None) is present, name
        assert metric.coverage == pytest.approx(known / 1000)
        assert present or metric.absent_because.startswith("not computed: torque is known for only")
    assert class_["work_kj"] == pytest.approx(200.0)
    assert class_["mean_torque_nm"] == pytest.approx(23.873, abs=0.001)


def test_a_pause_adds_nothing_and_takes_nothing():
    columns = steps([(1000, 200, 80)])
    columns["time_s"][500:] += 300
    class_ = analyse(recording(**columns, pauses=(Pause(500.0, 800.0),)))
    assert class_["work_kj"] == pytest.approx(200.0)
    assert class_.metrics["work_kj"].coverage == 1.0


def test_coasting_counts_in_time_but_not_in_the_means_of_pedalling():
    class_ = segments([(300, 200, 80), (300, 0, 0)], ftp_w=200)
    assert class_["mean_torque_nm"] == pytest.approx(23.873, abs=0.001)
    assert class_["mean_cadence_rpm"] == 80.0
    assert class_["mean_power_w"] == 100.0
    assert class_.metrics["torque_load"].coverage == 1.0


def test_unloaded_turns_are_apart_from_strokes():
    parts = [(300, 200, 80)] + [(1, 3, 80 - i / 10) for i in range(60)]
    class_ = segments(parts)
    assert class_["strokes"] == pytest.approx(800.0)
    assert class_["unloaded_turns"] == pytest.approx(2 * sum(80 - i / 10 for i in range(60)) / 60)


def test_power_without_cadence_is_counted_and_never_divided():
    class_ = segments([(300, 200, 80), (3, 400, 5), (6, 400, None), (300, 200, 80)])
    assert class_["cadence_missing_s"] == 9.0
    assert class_["max_power_w"] == 400.0
    assert class_["mmt_1s_nm"] == pytest.approx(23.873, abs=0.001)
    assert class_["work_kj"] == pytest.approx(123.6)


# --- peaks --------------------------------------------------------------------------------------------------


def test_the_modelled_peak_is_a_range():
    peak = segments([(60, 250, 60)]).metrics["peak_torque_modelled_nm"]
    assert (peak.value, peak.low, peak.high) == pytest.approx((63.66, 59.68, 79.58), abs=0.005)


def test_the_two_textbook_strokes_lie_at_the_range():
    """metrics.md section 1: |sin| gives 62.50 N·m, sin² 79.58 N·m of 39.789 N·m."""
    angle = np.linspace(0.0, 2.0 * np.pi, 100_000, endpoint=False)
    shapes = {62.50: np.abs(np.sin(angle)), 79.58: np.sin(angle) ** 2}
    peak = segments([(60, 250, 60)]).metrics["peak_torque_modelled_nm"]
    for worked, shape in shapes.items():
        modelled = 39.789 * shape.max() / shape.mean()
        assert modelled == pytest.approx(worked, abs=0.005)
        assert peak.low <= modelled <= peak.high + 0.005


def test_measured_smoothness_of_both_legs_replaces_the_model():
    columns = steps([(60, 250, 60)])
    smoothness = np.full(60, 70.0)
    smoothness[10] = 56.3
    smoothness[20] = 24.9  # no stroke has a peak of four means
    class_ = analyse(recording(**columns, combined_pedal_smoothness_pct=smoothness))
    assert class_["peak_torque_modelled_nm"] == pytest.approx(70.67, abs=0.005)


@pytest.mark.parametrize("fields", [{"single_sided": True}, {}])
def test_smoothness_of_one_leg_is_never_used(fields):
    channel = "combined_pedal_smoothness_pct" if fields else "left_pedal_smoothness_pct"
    class_ = analyse(recording(**steps([(60, 250, 60)]), **{channel: 40.0}, **fields))
    assert class_["peak_torque_modelled_nm"] == pytest.approx(63.66, abs=0.005)


def test_heart_rate_is_averaged_over_valid_time():
    heart = np.repeat([120.0, 160.0, 0.0], 100)
    class_ = analyse(recording(**steps([(300, 200, 80)]), heart_rate_bpm=heart))
    assert (class_["mean_heart_rate_bpm"], class_["max_heart_rate_bpm"]) == (140.0, 160.0)
    assert class_.metrics["mean_heart_rate_bpm"].coverage == pytest.approx(2 / 3)


def test_means_and_maxima_say_how_much_they_saw_and_pass_over_what_is_missing():
    heart = np.full(1000, 150.0)
    heart[:300] = np.nan
    columns = steps([(1000, 200, 80)])
    columns["power_w"][100:200] = np.nan
    columns["cadence_rpm"][150:350] = np.nan
    class_ = analyse(recording(**columns, heart_rate_bpm=heart), mass_kg=80)
    for share, names in {
        0.9: ("work_kj", "mean_power_w", "max_power_w", "power_per_kg"),
        0.8: ("mean_cadence_rpm",),
        0.75: ("torque_load", "mean_torque_nm", "rms_torque_nm", "peak_torque_modelled_nm", "mmt_1s_nm"),
        0.7: ("mean_heart_rate_bpm", "max_heart_rate_bpm"),
    }.items():
        for name in names:
            assert class_.metrics[name].coverage == pytest.approx(share), name
    assert (class_["max_power_w"], class_["max_heart_rate_bpm"]) == (200.0, 150.0)


def test_what_was_written_during_a_pause_is_no_maximum():
    columns = steps([(100, 200, 80)])
    columns["power_w"][50], heart = 900.0, np.full(100, 140.0)
    heart[50] = 190.0
    class_ = analyse(
        recording(**columns, heart_rate_bpm=heart, pauses=(Pause(45.0, 55.0),)),
        limits={"spike_factor": 100.0},
    )
    assert (class_["max_power_w"], class_["max_heart_rate_bpm"]) == (200.0, 140.0)
    assert class_["mmt_1s_nm"] == pytest.approx(23.873, abs=0.001)


# --- silence ------------------------------------------------------------------------------------------------

ALWAYS_ABSENT = {"standing_min", "grinding_standing_min", "impulse_per_kg", "power_per_kg"}


@pytest.mark.parametrize(
    ("channels", "present"),
    [
        (
            {"power_w": 200.0},
            {"work_kj", "mean_power_w", "max_power_w", "normalized_power_w", "cadence_missing_s"},
        ),
        ({"cadence_rpm": 55.0}, {"strokes", "mean_cadence_rpm", "low_cadence_min"}),
        (
            {"cadence_rpm": 55.0, "resistance_level": 10.0},
            {"strokes", "mean_cadence_rpm", "low_cadence_min"},
        ),
        ({"heart_rate_bpm": 130.0}, {"mean_heart_rate_bpm", "max_heart_rate_bpm"}),
        ({}, set()),
    ],
)
def test_what_has_no_inputs_is_absent_with_a_reason(channels, present):
    class_ = analyse(recording(time_s=np.arange(1800.0), **channels))
    for name, metric in class_.metrics.items():
        assert (metric.value is not None) is (name in present), name
        assert (metric.absent_because is None) is (name in present), name
        assert metric.value is not None or len(metric.absent_because) > 10, name
    assert class_.bouts == ()


def test_the_reason_names_what_is_missing():
    class_ = analyse(recording(time_s=np.arange(100.0), power_w=200.0))
    assert class_.metrics["torque_load"].absent_because.startswith("no cadence was recorded")
    assert class_["cadence_missing_s"] == 100.0
    class_ = analyse(recording(time_s=np.arange(100.0), cadence_rpm=80.0))
    assert class_.metrics["torque_load"].absent_because == "no power was recorded: torque is unknown"
    assert class_["strokes"] == pytest.approx(100 * 80 / 30)
    assert "cannot be told apart" in class_.metrics["unloaded_turns"].absent_because


def test_mass_makes_the_per_kilogram_numbers():
    class_ = segments(WORKED_CLASS, mass_kg=80)
    assert class_["power_per_kg"] == pytest.approx(143.25 / 80)
    assert class_["impulse_per_kg"] == pytest.approx(44640.32 / 80, rel=1e-6)
    assert segments(WORKED_CLASS).metrics["impulse_per_kg"].absent_because == "body mass is not known"


# --- curves, twins, properties ------------------------------------------------------------------------------


def test_the_load_so_far_ends_at_the_load_and_the_bouts_part_at_theirs():
    class_ = segments(WORKED_CLASS, ftp_w=200)
    inside = in_bout(class_.c, class_.bouts)
    total, part = kernels.accumulated(
        class_.c.torque_nm, class_.c.dt_s, inside, class_.context.torque_reference_nm
    )
    assert total[-1] == pytest.approx(72.684, abs=0.0005)
    assert part[-1] == pytest.approx(sum(bout.torque_load for bout in class_.bouts))
    assert np.all(np.diff(total) >= np.diff(part) - 1e-12)


def test_one_hertz_is_as_good_as_the_crank_itself():
    """metrics.md section 9: 1 Hz, rounded to whole watts and rpm, moves the load less than any meter."""
    rng = np.random.default_rng(42)
    fine = np.arange(0.0, 2700.0, 0.05)
    blocks = rng.uniform(0.5, 1.3, 90).repeat(600)
    power = 190 * np.convolve(blocks, np.ones(60) / 60, "same") * (1 + 0.05 * np.sin(2 * np.pi * fine / 7.3))
    cadence = 78 + 14 * np.sin(2 * np.pi * fine / 410) + 2 * np.sin(2 * np.pi * fine / 11.1)
    torque = power / (units.RAD_PER_S_PER_RPM * cadence)
    true = 100 / 3600 * float(np.sum((torque / units.torque_nm(200, 90)) ** 2)) * 0.05
    class_ = analyse(recording(power_w=np.round(power[::20]), cadence_rpm=np.round(cadence[::20])), ftp_w=200)
    assert class_["torque_load"] == pytest.approx(true, rel=0.005)
    assert class_["work_kj"] == pytest.approx(float(np.sum(power)) * 0.05 / 1000, rel=0.002)
    assert class_["strokes"] == pytest.approx(float(np.sum(cadence)) * 0.05 / 30, rel=0.002)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_kernels_agree_with_their_twins(kind, seed):
    a = messy(kind, seed)
    names = ("dt_s", "power_w", "cadence_rpm", "torque_nm", "pedalling", "turning")
    arguments = tuple(a[name] for name in names)
    np.testing.assert_allclose(kernels.load_sums(*arguments), reference.load_sums(*arguments), rtol=1e-10)
    arguments = (a["torque_nm"], a["dt_s"], a["pedalling"], 21.2)
    for ours, twin in zip(kernels.accumulated(*arguments), reference.accumulated(*arguments), strict=True):
        np.testing.assert_allclose(ours, twin, rtol=1e-10)


parts = st.lists(
    st.tuples(st.integers(10, 60), st.integers(20, 200), st.integers(35, 70)), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(parts, st.sampled_from([1.5, 2.0, 3.0]))
def test_load_goes_with_the_square_of_power_and_the_rest_in_proportion(parts, factor):
    small = segments(parts, ftp_w=200)
    large = segments([(s, p * factor, c) for s, p, c in parts], ftp_w=200)
    if small["torque_load"] is None:
        assert large["torque_load"] is None
        return
    for name, power in {"torque_load": 2, "angular_impulse_knms": 1, "work_kj": 1, "strokes": 0}.items():
        assert large[name] == pytest.approx(small[name] * factor**power), name


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(10, 60), st.integers(20, 200), st.integers(35, 70)),
        min_size=2,
        max_size=10,
        unique_by=lambda part: part[2],
    ),
    st.integers(1, 9),
)
def test_load_adds_up_over_the_parts_of_a_class(parts, cut):
    cut = min(cut, len(parts) - 1)
    whole, first, second = (segments(part, ftp_w=200) for part in (parts, parts[:cut], parts[cut:]))
    for name in ("torque_load", "angular_impulse_knms", "work_kj", "strokes", "pedalling_min"):
        assert whole[name] == pytest.approx(first[name] + second[name]), name
