"""Two bikes with one number are found and quarantined; two sticks make one room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from telemetry.ingest.antplus import Broadcast, Decoder, decode, pages, sensors
from telemetry.ingest.antplus.identity import StickMerger
from telemetry.ingest.simulation import BikeModel, RiderModel, Step, simulate

RIDE = simulate(RiderModel(), BikeModel(), (Step("ride", 120, 0.8, 80),), seed=1)
OTHER = simulate(RiderModel(ftp_w=300), BikeModel(), (Step("ride", 120, 0.8, 95),), seed=2)


def meter(ride: object, phase: int) -> list[Broadcast]:
    return list(sensors.power_meter(ride, 77, 1, phase_ticks=phase).broadcasts())  # type: ignore[arg-type]


def together(*parts: list[Broadcast]) -> list[Broadcast]:
    return sorted((item for part in parts for item in part), key=lambda item: item.time_s)


def test_two_bikes_with_one_number_give_no_value_and_are_named_within_five_seconds() -> None:
    mixed = together(meter(RIDE, 0), meter(OTHER, 2500))
    decoder = Decoder()
    found_at = None
    for item in mixed:
        decoder.feed(item)
        if found_at is None and decoder.quarantined():
            found_at = item.time_s
    assert found_at is not None
    assert found_at <= 5.0
    ((key, since),) = decoder.quarantined().items()
    assert since < 0.5
    assert key.device_number == 77
    frame = decoder.frame(key)
    assert frame["power_w"].null_count() == frame.height


def test_a_second_bike_that_comes_later_voids_only_what_follows() -> None:
    late = [item for item in meter(OTHER, 2500) if item.time_s > 60.0]
    (frame,) = decode(together(meter(RIDE, 0), late)).values()
    assert frame.filter(pl.col("time_s") < 59)["power_w"].drop_nulls().len() > 50
    assert frame.filter(pl.col("time_s") > 60.5)["power_w"].drop_nulls().is_empty()


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_one_bike_is_one_bike_whatever_is_lost(share: float) -> None:
    mask = sensors.received(len(meter(RIDE, 0)), 4, share, 20)
    jitter = np.random.default_rng(1).normal(0.0, 1.0, len(mask))
    decoder = Decoder()
    for item, got, late in zip(meter(RIDE, 0), mask, jitter, strict=True):
        if got:
            decoder.feed(replace(item, rx_ticks=((item.rx_ticks or 0) + round(float(late))) & 0xFFFF))
    assert not decoder.quarantined()


def test_a_meter_at_eight_hertz_is_not_two() -> None:
    ticks = np.arange(0, 4091 * 400, 4091)
    decoder = Decoder()
    for i, tick in enumerate(ticks.tolist()):
        payload = bytes([0x10, i & 255, 0xFF, 80]) + (i * 200 & 0xFFFF).to_bytes(2, "little") + b"\xc8\x00"
        decoder.feed(Broadcast(tick / 32768, 5, pages.POWER, 5, payload, rx_ticks=tick & 0xFFFF))
    assert not decoder.quarantined()


def test_a_sensor_that_restarts_on_another_phase_is_still_one() -> None:
    first = [item for item in meter(RIDE, 0) if item.time_s < 60]
    again = [item for item in meter(RIDE, 3000) if item.time_s > 63]
    decoder = Decoder()
    for item in together(first, again):
        decoder.feed(item)
    assert not decoder.quarantined()


def test_two_sticks_are_merged_to_the_union_of_what_they_heard() -> None:
    sent = meter(RIDE, 0)
    masks = [sensors.received(len(sent), seed, 0.3, 3) for seed in (1, 2)]
    jitter = np.random.default_rng(3).uniform(0.0, 0.02, (2, len(sent)))
    heard = [
        replace(
            item,
            time_s=item.time_s + float(jitter[stick, i]),
            rx_ticks=((item.rx_ticks or 0) + 12345 * stick) & 0xFFFF,
            stick=stick,
        )
        for i, item in enumerate(sent)
        for stick in (0, 1)
        if masks[stick][i]
    ]
    merger = StickMerger()
    merged = list(merger.merge(together(heard)))
    union = int((masks[0] | masks[1]).sum())
    assert len(merged) == pytest.approx(union, abs=2)
    assert merger.duplicates == pytest.approx(int((masks[0] & masks[1]).sum()), abs=2)
    assert not merger.conflicts


def test_unequal_payloads_of_one_slot_are_a_conflict() -> None:
    first = Broadcast(1.0, 5, pages.POWER, 5, bytes(8), rx_ticks=100, stick=0)
    second = replace(first, time_s=1.01, payload=bytes([1] * 8), stick=1, rx_ticks=700)
    merger = StickMerger()
    assert [merger.accept(first), merger.accept(second)] == [True, False]
    assert merger.conflicts == {first.key: 1}


@pytest.mark.parametrize("profile", ["power", "trainer", "belt", "pod"])
@pytest.mark.parametrize("phase", [2500, 4091, 40], ids=["no ticks", "half a period", "within 2 ms"])
def test_where_receive_times_cannot_tell_two_bikes_apart_their_counters_do(profile: str, phase: int) -> None:
    def bike(ride: object, phase_ticks: int, off: int) -> list[Broadcast]:
        sensor = {
            "power": lambda: sensors.power_meter(ride, 77, 1, phase_ticks=phase_ticks),  # type: ignore[arg-type]
            "trainer": lambda: sensors.trainer(ride, 77, 1, phase_ticks=phase_ticks),  # type: ignore[arg-type]
            "belt": lambda: sensors.heart_rate_belt(ride, 77, phase_ticks=phase_ticks),  # type: ignore[arg-type]
            "pod": lambda: sensors.speed_cadence_pod(ride, 77, phase_ticks=phase_ticks),  # type: ignore[arg-type]
        }[profile]()
        # sensors that were switched on at other times count differently
        sent = list(sensor.broadcasts())[off:]
        ticks = phase != 2500
        return [
            replace(item, time_s=item.time_s - sent[0].time_s, rx_ticks=item.rx_ticks if ticks else None)
            for item in sent
        ]

    mixed = together(bike(RIDE, 0, 0), bike(OTHER, phase, 93))
    decoder = Decoder()
    found_at = None
    for item in mixed:
        decoder.feed(item)
        if found_at is None and decoder.quarantined():
            found_at = item.time_s
    assert found_at is not None
    assert found_at <= 5.0
    (frame,) = (decoder.frame(key) for key in decoder.tracks)
    after = frame.filter(pl.col("time_s") > 1.0)
    for name in ("power_w", "cadence_rpm", "heart_rate_bpm"):
        assert after[name].null_count() == after.height
