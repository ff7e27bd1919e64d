"""Every ANT+ page we read, as rows: position, width, scale, unit, invalid value, counter or not, and the
source.

Sources: [BP] Bicycle Power Rev 5.1, [FE] Fitness Equipment Rev 5.0, [HR] Heart Rate Rev 2.1, [MP] ANT
Message Protocol Rev 5.1 with their section or page; [S&C] the speed and cadence profiles as published in
open decoders. Adding a page: a block below, a byte vector in tests/ingest/antplus/vectors.py. Bits count
from bit 0 of byte 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.ingest.antplus.fields import Field

POWER = 11
FITNESS_EQUIPMENT = 17
HEART_RATE = 120
SPEED_CADENCE = 121
CADENCE = 122
SPEED = 123

PROFILES: dict[int, str] = {
    POWER: "power",
    FITNESS_EQUIPMENT: "fitness_equipment",
    HEART_RATE: "heart_rate",
    SPEED_CADENCE: "speed_cadence",
    CADENCE: "cadence",
    SPEED: "speed",
}

PERIODS_TICKS: dict[int, tuple[int, ...]] = {
    POWER: (8182, 4091),
    FITNESS_EQUIPMENT: (8192,),
    HEART_RATE: (8070,),
    SPEED_CADENCE: (8086,),
    CADENCE: (8102,),
    SPEED: (8118,),
}
"""Channel periods in 1/32768 s; a power meter may run at 4 or 8 Hz."""

RESISTANCE_FULL_SCALE_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page: whose, its number, its name and its fields. `number` None: the profile has no page byte."""

    profile: int
    number: int | None
    name: str
    fields: tuple[Field, ...]


COMMON = 0
"""The pseudo-profile of pages that every profile may send."""


def _u8(name: str, byte: int, **kwargs: object) -> Field:
    return Field(name, 8 * byte, 8, **kwargs)  # type: ignore[arg-type]


def _u16(name: str, byte: int, **kwargs: object) -> Field:
    return Field(name, 8 * byte, 16, **kwargs)  # type: ignore[arg-type]


def _count(name: str, byte: int, bits: int, source: str, scale: float = 1.0, unit: str = "") -> Field:
    return Field(name, 8 * byte, bits, scale=scale, unit=unit, kind="counter", source=source)


def _code(name: str, first_bit: int, bits: int, source: str, invalid: tuple[int, ...] = ()) -> Field:
    return Field(name, first_bit, bits, kind="code", invalid=invalid, source=source)


def _torque_page(number: int, name: str, source: str) -> Page:
    return Page(POWER, number, name, (
        _count("event_count", 1, 8, source),
        _count("ticks", 2, 8, source, unit="revolutions"),
        _u8("cadence_rpm", 3, unit="rpm", invalid=(0xFF,), source=source),
        _count("period", 4, 16, source, scale=2048.0, unit="s"),
        _count("torque", 6, 16, source, scale=32.0, unit="N·m"),
    ))  # fmt: skip


def _force_angle_page(number: int, side: str, source: str) -> Page:
    return Page(POWER, number, f"{side}_force_angle", (
        _count("event_count", 1, 8, source),
        _u8("start_angle_deg", 2, scale=256.0 / 360.0, unit="°", invalid=(0xC0,), source=source),
        _u8("stop_angle_deg", 3, scale=256.0 / 360.0, unit="°", invalid=(0xC0,), source=source),
        _u8("peak_start_angle_deg", 4, scale=256.0 / 360.0, unit="°", invalid=(0xC0,), source=source),
        _u8("peak_stop_angle_deg", 5, scale=256.0 / 360.0, unit="°", invalid=(0xC0,), source=source),
        _u16(f"{side}_torque_nm", 6, scale=32.0, unit="N·m", source=source),
    ))  # fmt: skip


def _heart_page(number: int, name: str, extra: tuple[Field, ...] = ()) -> Page:
    source = "HR 6.4"
    return Page(HEART_RATE, number, name, (
        _code("page_toggle", 7, 1, "HR 6.4.1"),
        *extra,
        _count("beat_time", 4, 16, source, scale=1024.0, unit="s"),
        _count("beat_count", 6, 8, source),
        _u8("heart_rate_bpm", 7, unit="bpm", invalid=(0,), source=source),
    ))  # fmt: skip


def _equipment_state(source: str) -> tuple[Field, ...]:
    return (_code("equipment_state", 60, 3, source), _code("lap_toggle", 63, 1, source))


def _revolutions_page(profile: int, number: int, name: str, extra: tuple[Field, ...] = ()) -> Page:
    source = "S&C"
    return Page(profile, number, name, (
        _code("page_toggle", 7, 1, source),
        *extra,
        _count("event_time", 4, 16, source, scale=1024.0, unit="s"),
        _count("revolutions", 6, 16, source, unit="revolutions"),
    ))  # fmt: skip


# fmt: off
PAGES: tuple[Page, ...] = (
    # --- bicycle power ---------------------------------------------------------------------------------------
    Page(POWER, 0x01, "calibration", (
        _code("calibration_id", 8, 8, "BP 14"),
        _code("auto_zero", 16, 8, "BP 14", invalid=(0xFF,)),
        Field("calibration_data", 48, 16, signed=True, kind="code", source="BP 14"),
        Field("frequency_offset_hz", 48, 16, kind="code", big_endian=True, source="BP 14.5: id 0x10 only"),
    )),
    Page(POWER, 0x02, "parameters", (
        _code("subpage", 8, 8, "BP 15"),
        _u8("crank_length_mm", 4, scale=2.0, offset=110.0, unit="mm", invalid=(0xFF, 0xFE), source="BP 15.2, subpage 1"),
        _code("crank_status", 40, 8, "BP 15.2, subpage 1"),
        _code("sensor_capabilities", 48, 8, "BP 15.2, subpage 1"),
        _u8("peak_torque_threshold_pct", 7, scale=2.0, unit="%", invalid=(0xFF,), source="BP 15.4, subpage 2"),
    )),
    Page(POWER, 0x03, "measurement", (
        _code("measurement_count", 8, 4, "BP 16"),
        _code("measurement_type", 16, 8, "BP 16"),
        Field("measurement_scale", 24, 8, signed=True, kind="code", source="BP 16"),
        _count("measurement_time", 4, 16, "BP 16", scale=2048.0, unit="s"),
        Field("measurement_raw", 48, 16, signed=True, kind="code", source="BP 16"),
    )),
    Page(POWER, 0x10, "power_only", (
        _count("event_count", 1, 8, "BP T8-1"),
        _code("pedal_power", 16, 8, "BP T8-1", invalid=(0xFF,)),
        _u8("cadence_rpm", 3, unit="rpm", invalid=(0xFF,), source="BP T8-1"),
        _count("power", 4, 16, "BP T8-1", unit="W"),
        _u16("power_w", 6, unit="W", source="BP T8-1"),
    )),
    _torque_page(0x11, "wheel_torque", "BP T10-1"),
    _torque_page(0x12, "crank_torque", "BP T10-6"),
    Page(POWER, 0x13, "effectiveness_smoothness", (
        _count("event_count", 1, 8, "BP T12-1"),
        _u8("left_torque_effectiveness_pct", 2, scale=2.0, unit="%", invalid=(0xFF,), source="BP T12-1"),
        _u8("right_torque_effectiveness_pct", 3, scale=2.0, unit="%", invalid=(0xFF,), source="BP T12-1"),
        _u8("left_pedal_smoothness_pct", 4, scale=2.0, unit="%", invalid=(0xFF,), source="BP T12-1"),
        _u8("right_pedal_smoothness_pct", 5, scale=2.0, unit="%", invalid=(0xFF, 0xFE), source="BP T12-1"),
        _code("smoothness_sides", 40, 8, "BP T12-1: 0xFE says the left value is both sides combined"),
    )),
    Page(POWER, 0x14, "torque_barycentre", (
        _u8("barycentre_deg", 1, scale=2.0, offset=30.0, unit="°", invalid=(0xFF,), source="BP T17-5"),
    )),
    Page(POWER, 0x20, "crank_torque_frequency", (
        Field("event_count", 8, 8, kind="counter", big_endian=True, source="BP 13"),
        Field("slope", 16, 16, scale=10.0, unit="Hz/N·m", big_endian=True, source="BP 13"),
        Field("time_stamp", 32, 16, scale=2000.0, unit="s", kind="counter", big_endian=True, source="BP 13"),
        Field("torque_ticks", 48, 16, kind="counter", big_endian=True, source="BP 13"),
    )),
    _force_angle_page(0xE0, "right", "BP 17"),
    _force_angle_page(0xE1, "left", "BP 17"),
    Page(POWER, 0xE2, "pedal_position", (
        _count("crank_cycles", 1, 8, "BP T17-3"),
        _code("rider_position", 22, 2, "BP T17-3: 0 seated, 1 going to sit, 2 standing, 3 going to stand"),
        _u8("cadence_rpm", 3, unit="rpm", invalid=(0xFF,), source="BP T17-3"),
        Field("right_pco_mm", 32, 8, signed=True, unit="mm", invalid=(-128,), source="BP T17-3"),
        Field("left_pco_mm", 40, 8, signed=True, unit="mm", invalid=(-128,), source="BP T17-3"),
    )),
    # --- fitness equipment -----------------------------------------------------------------------------------
    Page(FITNESS_EQUIPMENT, 0x10, "general", (
        _code("equipment_type", 8, 5, "FE T8-7"),
        _count("elapsed", 2, 8, "FE T8-7", scale=4.0, unit="s"),
        _count("distance", 3, 8, "FE T8-7", unit="m"),
        _u16("speed_mps", 4, scale=1000.0, unit="m/s", invalid=(0xFFFF,), source="FE T8-7"),
        _u8("heart_rate_bpm", 6, unit="bpm", invalid=(0xFF, 0), source="FE T8-7"),
        _code("capabilities", 56, 4, "FE T8-9"),
        *_equipment_state("FE T8-10"),
    )),
    Page(FITNESS_EQUIPMENT, 0x11, "settings", (
        _u8("cycle_length_m", 3, scale=100.0, unit="m", invalid=(0xFF,), source="FE T8-11"),
        Field("incline_pct", 32, 16, scale=100.0, signed=True, unit="%", invalid=(0x7FFF,), source="FE T8-11"),
        _u8("resistance_pct", 6, scale=2.0, unit="%", invalid=(0xFF,), source="FE T8-11"),
        _code("capabilities", 56, 4, "FE T8-11"),
        *_equipment_state("FE T8-11"),
    )),
    Page(FITNESS_EQUIPMENT, 0x12, "metabolic", (
        _u16("mets", 2, scale=100.0, invalid=(0xFFFF,), source="FE T8-13"),
        _u16("burn_kcal_per_h", 4, scale=10.0, unit="kcal/h", invalid=(0xFFFF,), source="FE T8-13"),
        _count("calories", 6, 8, "FE T8-13", unit="kcal"),
        _code("capabilities", 56, 4, "FE T8-13"),
        *_equipment_state("FE T8-13"),
    )),
    Page(FITNESS_EQUIPMENT, 0x15, "stationary_bike", (
        _u8("cadence_rpm", 4, unit="rpm", invalid=(0xFF,), source="FE 8.6.3, deprecated"),
        _u16("power_w", 5, unit="W", invalid=(0xFFFF,), source="FE 8.6.3, deprecated"),
        *_equipment_state("FE 8.6.3, deprecated"),
    )),
    Page(FITNESS_EQUIPMENT, 0x19, "trainer", (
        _count("event_count", 1, 8, "FE T8-25"),
        _u8("cadence_rpm", 2, unit="rpm", invalid=(0xFF,), source="FE T8-25"),
        _count("power", 3, 16, "FE T8-25", unit="W"),
        Field("power_w", 40, 12, unit="W", invalid=(0xFFF,), source="FE T8-25"),
        _code("trainer_status", 52, 4, "FE T8-25"),
        _code("target_flags", 56, 2, "FE T8-25"),
        *_equipment_state("FE T8-25"),
    )),
    Page(FITNESS_EQUIPMENT, 0x1A, "trainer_torque", (
        _count("event_count", 1, 8, "FE T8-29"),
        _count("ticks", 2, 8, "FE T8-29", unit="revolutions"),
        _count("period", 3, 16, "FE T8-29", scale=2048.0, unit="s"),
        _count("torque", 5, 16, "FE T8-29", scale=32.0, unit="N·m"),
        *_equipment_state("FE T8-29"),
    )),
    Page(FITNESS_EQUIPMENT, 0x30, "basic_resistance", (
        _u8("resistance_pct", 7, scale=2.0, unit="%", source="FE 8.8.1"),
    )),
    Page(FITNESS_EQUIPMENT, 0x31, "target_power", (
        _u16("target_power_w", 6, scale=4.0, unit="W", source="FE 8.8.2"),
    )),
    Page(FITNESS_EQUIPMENT, 0x32, "wind_resistance", (
        _u8("wind_coefficient_kg_per_m", 5, scale=100.0, unit="kg/m", invalid=(0xFF,), source="FE 8.8.3"),
        _u8("wind_speed_kmh", 6, offset=-127.0, unit="km/h", invalid=(0xFF,), source="FE 8.8.3"),
        _u8("drafting_factor", 7, scale=100.0, invalid=(0xFF,), source="FE 8.8.3"),
    )),
    Page(FITNESS_EQUIPMENT, 0x33, "track_resistance", (
        _u16("grade_pct", 5, scale=100.0, offset=-200.0, unit="%", invalid=(0xFFFF,), source="FE 8.8.4"),
        _u8("rolling_resistance", 7, scale=20000.0, invalid=(0xFF,), source="FE 8.8.4"),
    )),
    Page(FITNESS_EQUIPMENT, 0x36, "capabilities", (
        _u16("maximal_resistance_n", 5, unit="N", invalid=(0xFFFF,), source="FE 8.10"),
        _code("control_modes", 56, 8, "FE 8.10"),
    )),
    # --- heart rate ------------------------------------------------------------------------------------------
    _heart_page(0x00, "heart_rate"),
    _heart_page(0x01, "operating_time", (Field("operating_time_s", 8, 24, scale=0.5, unit="s", source="HR 6.4"),)),
    _heart_page(0x02, "maker", (_code("manufacturer", 8, 8, "HR 6.4"), _code("serial_upper", 16, 16, "HR 6.4"))),
    _heart_page(0x03, "product", (_code("hardware", 8, 8, "HR 6.4"), _code("software", 16, 8, "HR 6.4"), _code("model", 24, 8, "HR 6.4"))),
    _heart_page(0x04, "previous_beat", (_count("previous_beat_time", 2, 16, "HR 6.5", scale=1024.0, unit="s"),)),
    _heart_page(0x07, "battery", (
        _u8("battery_pct", 1, unit="%", invalid=(0xFF,), source="HR 6.7"),
        _u8("battery_fraction_v", 2, scale=256.0, unit="V", source="HR 6.7"),
        Field("battery_v", 24, 4, unit="V", invalid=(0xF,), source="HR 6.7"),
        _code("battery_status", 28, 3, "HR 6.7", invalid=(0, 7)),
    )),
    # --- speed and cadence -----------------------------------------------------------------------------------
    Page(SPEED_CADENCE, None, "speed_cadence", (
        _count("cadence_time", 0, 16, "S&C", scale=1024.0, unit="s"),
        _count("crank_revolutions", 2, 16, "S&C", unit="revolutions"),
        _count("wheel_time", 4, 16, "S&C", scale=1024.0, unit="s"),
        _count("wheel_revolutions", 6, 16, "S&C", unit="revolutions"),
    )),
    *(
        page
        for profile in (CADENCE, SPEED)
        for page in (
            _revolutions_page(profile, 0x00, "revolutions"),
            _revolutions_page(profile, 0x01, "operating_time", (Field("operating_time_s", 8, 24, scale=0.5, unit="s", source="S&C"),)),
            _revolutions_page(profile, 0x02, "maker", (_code("manufacturer", 8, 8, "S&C"), _code("serial_upper", 16, 16, "S&C"))),
            _revolutions_page(profile, 0x03, "product", (_code("hardware", 8, 8, "S&C"), _code("software", 16, 8, "S&C"), _code("model", 24, 8, "S&C"))),
            _revolutions_page(profile, 0x04, "battery", (
                _u8("battery_fraction_v", 2, scale=256.0, unit="V", source="S&C"),
                Field("battery_v", 24, 4, unit="V", invalid=(0xF,), source="S&C"),
                _code("battery_status", 28, 3, "S&C", invalid=(0, 7)),
            )),
            _revolutions_page(profile, 0x05, "motion", (_code("stopped", 8, 1, "S&C"),)),
        )
    ),
    # --- common ----------------------------------------------------------------------------------------------
    Page(COMMON, 71, "command_status", (
        _code("command", 8, 8, "common", invalid=(0xFF,)),
        _code("sequence", 16, 8, "common", invalid=(0xFF,)),
        _code("command_result", 24, 8, "common"),
        _code("command_data", 32, 32, "common"),
    )),
    Page(COMMON, 80, "manufacturer", (
        _code("hardware", 24, 8, "common"),
        _code("manufacturer", 32, 16, "common", invalid=(0xFFFF,)),
        _code("model", 48, 16, "common"),
    )),
    Page(COMMON, 81, "product", (
        _code("software_supplement", 16, 8, "common", invalid=(0xFF,)),
        _code("software", 24, 8, "common"),
        _code("serial", 32, 32, "common", invalid=(0xFFFFFFFF,)),
    )),
    Page(COMMON, 82, "battery", (
        _code("battery_id", 16, 8, "common", invalid=(0xFF,)),
        _code("operating_ticks", 24, 24, "common"),
        _u8("battery_fraction_v", 6, scale=256.0, unit="V", source="common"),
        Field("battery_v", 56, 4, unit="V", invalid=(0xF,), source="common"),
        _code("battery_status", 60, 3, "common", invalid=(0, 7)),
        _code("ticks_of_two_seconds", 63, 1, "common: 1 says 2 s a tick, 0 says 16 s"),
    )),
)
# fmt: on

RAW_ONLY = frozenset({0x37, 83})
"""Pages whose layout no document read here gives: kept as raw bytes, never guessed."""

BY_NUMBER: dict[tuple[int, int], Page] = {
    (page.profile, page.number): page for page in PAGES if page.number is not None
}
PAGELESS: dict[int, Page] = {page.profile: page for page in PAGES if page.number is None}

PAGE_BYTE_MASK: dict[int, int] = {HEART_RATE: 0x7F, CADENCE: 0x7F, SPEED: 0x7F}
"""Profiles whose page byte carries a toggle in its top bit."""

FIRST_COMMON_PAGE = 64

BATTERY_STATUS = {1: "new", 2: "good", 3: "ok", 4: "low", 5: "critical"}


def page_of(profile: int, payload: bytes) -> Page | None:
    """The page a payload belongs to, None where its layout is not known.

    A combined speed and cadence sensor has no page byte at all: its first byte is time.
    """
    page = PAGELESS.get(profile)
    if page is not None:
        return page
    mask = PAGE_BYTE_MASK.get(profile)
    number = payload[0] & (0xFF if mask is None else mask)
    found = BY_NUMBER.get((profile, number)) or BY_NUMBER.get((COMMON, number))
    if found is None and mask is not None and number < FIRST_COMMON_PAGE:
        # a heart-rate belt repeats its beat in bytes 4 to 7 of every page of its own, known or not
        return BY_NUMBER[profile, 0x00]
    return found
