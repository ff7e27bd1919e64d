"""What the numbers in a FIT file mean: messages, fields, components and subfields as rows.

Comes in: nothing. Goes out: `MESSAGES`, looked up by the global message number. A message or field without a row is kept
raw as `unknown_N`; adding a field is adding a row. Labels of enumerations are in `labels.py`, reading bytes is
`gather_kernel.py`'s. Numbers, names, scales and units are those of the public FIT profile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Field(NamedTuple):
    """One field: physical value = raw / scale - offset. `type` names an enumeration, a date, a bool or an array."""

    number: int
    name: str
    units: str = ""
    scale: float = 1.0
    offset: float = 0.0
    type: str = ""


class Component(NamedTuple):
    """Some bits of a field that are a field of their own: `bits` from `start`, scaled by `scale` before they
    are written to field `target` in the target's own scale."""

    source: int
    target: int
    start: int
    bits: int
    scale: float = 1.0
    offset: float = 0.0
    accumulate: bool = False


class Subfield(NamedTuple):
    """Another reading of field `source`, valid where field `reference` holds one of `values`."""

    source: int
    name: str
    reference: int
    values: tuple[int, ...]
    units: str = ""
    scale: float = 1.0
    type: str = ""


class Message(NamedTuple):
    number: int
    name: str
    fields: dict[int, Field]
    components: tuple[Component, ...] = ()
    subfields: tuple[Subfield, ...] = ()


TIMESTAMP = Field(253, "timestamp", "s", type="date_time")
MESSAGE_INDEX = Field(254, "message_index", type="message_index")

COMMON = {253: TIMESTAMP}
"""What a field number means in every message, also in one without a row."""

DATES = ("date_time", "local_date_time")


def message(
    number: int,
    name: str,
    rows: Iterable[Field],
    components: Iterable[Component] = (),
    subfields: Iterable[Subfield] = (),
) -> Message:
    fields = {row.number: row for row in rows}
    fields.setdefault(253, TIMESTAMP)
    fields.setdefault(254, MESSAGE_INDEX)
    return Message(number, name, fields, tuple(components), tuple(subfields))


def array(number: int, name: str, units: str = "", scale: float = 1.0, offset: float = 0.0) -> Field:
    """A field that is an array by its nature: a List in tables, never reduced to its first value."""
    return Field(number, name, units, scale, offset, "array")


POWER_PHASE_SCALE = 0.7111111
"""256 steps a turn, as the profile writes it."""

CYCLING_STROKES = (2, 5, 15, 37)
"""Sports whose cycles are strokes: cycling, swimming, rowing, stand-up paddling."""
STRIDES = (1, 11)
"""Sports whose cycles are strides: running, walking."""

# fmt: off
FILE_ID = message(0, "file_id", (
    Field(0, "type", type="file"), Field(1, "manufacturer", type="manufacturer"), Field(2, "product"),
    Field(3, "serial_number"), Field(4, "time_created", type="date_time"), Field(5, "number"),
    Field(8, "product_name"),
))

FILE_CREATOR = message(49, "file_creator", (Field(0, "software_version"), Field(1, "hardware_version")))

ACTIVITY = message(34, "activity", (
    Field(0, "total_timer_time", "s", 1000), Field(1, "num_sessions"), Field(2, "type", type="activity"),
    Field(3, "event", type="event"), Field(4, "event_type", type="event_type"),
    Field(5, "local_timestamp", "s", type="local_date_time"), Field(6, "event_group"),
))

RECORD = message(20, "record", (
    Field(0, "position_lat", "semicircles"), Field(1, "position_long", "semicircles"),
    Field(2, "altitude", "m", 5, 500), Field(3, "heart_rate", "bpm"), Field(4, "cadence", "rpm"),
    Field(5, "distance", "m", 100), Field(6, "speed", "m/s", 1000), Field(7, "power", "watts"),
    array(8, "compressed_speed_distance", "m/s,m"), Field(9, "grade", "%", 100), Field(10, "resistance"),
    Field(11, "time_from_course", "s", 1000), Field(12, "cycle_length", "m", 100), Field(13, "temperature", "C"),
    array(17, "speed_1s", "m/s", 16), Field(18, "cycles", "cycles"), Field(19, "total_cycles", "cycles"),
    Field(28, "compressed_accumulated_power", "watts"), Field(29, "accumulated_power", "watts"),
    Field(30, "left_right_balance"), Field(31, "gps_accuracy", "m"),
    Field(32, "vertical_speed", "m/s", 1000), Field(33, "calories", "kcal"),
    Field(39, "vertical_oscillation", "mm", 10), Field(40, "stance_time_percent", "percent", 100),
    Field(41, "stance_time", "ms", 10), Field(42, "activity_type", type="activity_type"),
    Field(43, "left_torque_effectiveness", "percent", 2), Field(44, "right_torque_effectiveness", "percent", 2),
    Field(45, "left_pedal_smoothness", "percent", 2), Field(46, "right_pedal_smoothness", "percent", 2),
    Field(47, "combined_pedal_smoothness", "percent", 2), Field(48, "time128", "s", 128),
    Field(49, "stroke_type", type="stroke_type"), Field(50, "zone"), Field(51, "ball_speed", "m/s", 100),
    Field(52, "cadence256", "rpm", 256), Field(53, "fractional_cadence", "rpm", 128),
    Field(54, "total_hemoglobin_conc", "g/dL", 100), Field(55, "total_hemoglobin_conc_min", "g/dL", 100),
    Field(56, "total_hemoglobin_conc_max", "g/dL", 100), Field(57, "saturated_hemoglobin_percent", "%", 10),
    Field(58, "saturated_hemoglobin_percent_min", "%", 10), Field(59, "saturated_hemoglobin_percent_max", "%", 10),
    Field(62, "device_index", type="device_index"),
    Field(67, "left_pco", "mm"), Field(68, "right_pco", "mm"),
    array(69, "left_power_phase", "degrees", POWER_PHASE_SCALE),
    array(70, "left_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    array(71, "right_power_phase", "degrees", POWER_PHASE_SCALE),
    array(72, "right_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    Field(73, "enhanced_speed", "m/s", 1000), Field(78, "enhanced_altitude", "m", 5, 500),
    Field(81, "battery_soc", "percent", 2), Field(82, "motor_power", "watts"),
    Field(83, "vertical_ratio", "percent", 100), Field(84, "stance_time_balance", "percent", 100),
    Field(85, "step_length", "mm", 10), Field(87, "cycle_length16", "m", 100),
    Field(91, "absolute_pressure", "Pa"), Field(92, "depth", "m", 1000), Field(93, "next_stop_depth", "m", 1000),
    Field(94, "next_stop_time", "s"), Field(95, "time_to_surface", "s"), Field(96, "ndl_time", "s"),
    Field(97, "cns_load", "percent"), Field(98, "n2_load", "percent"),
    Field(99, "respiration_rate", "s"), Field(108, "enhanced_respiration_rate", "Breaths/min", 100),
    Field(114, "grit"), Field(115, "flow"), Field(116, "current_stress", "", 100),
    Field(117, "ebike_travel_range", "km"), Field(118, "ebike_battery_level", "percent"),
    Field(119, "ebike_assist_mode", "depends on sensor"), Field(120, "ebike_assist_level_percent", "percent"),
    Field(139, "core_temperature", "C", 100),
), components=(
    Component(6, 73, 0, 16, 1000), Component(2, 78, 0, 16, 5, 500), Component(99, 108, 0, 8),
    Component(8, 6, 0, 12, 100), Component(8, 5, 12, 12, 16, accumulate=True),
    Component(18, 19, 0, 8, accumulate=True), Component(28, 29, 0, 16, accumulate=True),
))

EVENT = message(21, "event", (
    Field(0, "event", type="event"), Field(1, "event_type", type="event_type"), Field(2, "data16"),
    Field(3, "data"), Field(4, "event_group"), Field(7, "score"), Field(8, "opponent_score"),
    Field(9, "front_gear_num"), Field(10, "front_gear"), Field(11, "rear_gear_num"), Field(12, "rear_gear"),
    Field(13, "device_index", type="device_index"), Field(14, "activity_type", type="activity_type"),
    Field(15, "start_timestamp", "s", type="date_time"),
), components=(Component(2, 3, 0, 16),), subfields=(
    Subfield(3, "timer_trigger", 0, (0,), type="timer_trigger"),
    Subfield(3, "course_point_index", 0, (10,), type="message_index"),
    Subfield(3, "battery_level", 0, (11,), "V", 1000),
    Subfield(3, "virtual_partner_speed", 0, (12,), "m/s", 1000),
    Subfield(3, "hr_high_alert", 0, (13,), "bpm"), Subfield(3, "hr_low_alert", 0, (14,), "bpm"),
    Subfield(3, "speed_high_alert", 0, (15,), "m/s", 1000), Subfield(3, "speed_low_alert", 0, (16,), "m/s", 1000),
    Subfield(3, "cad_high_alert", 0, (17,), "rpm"), Subfield(3, "cad_low_alert", 0, (18,), "rpm"),
    Subfield(3, "power_high_alert", 0, (19,), "watts"), Subfield(3, "power_low_alert", 0, (20,), "watts"),
    Subfield(3, "time_duration_alert", 0, (23,), "s", 1000),
    Subfield(3, "distance_duration_alert", 0, (24,), "m", 100),
    Subfield(3, "calorie_duration_alert", 0, (25,), "calories"),
    Subfield(3, "fitness_equipment_state", 0, (27,), type="fitness_equipment_state"),
    Subfield(3, "sport_point", 0, (33,)), Subfield(3, "gear_change_data", 0, (42, 43)),
    Subfield(3, "rider_position", 0, (44,), type="rider_position_type"),
    Subfield(3, "comm_timeout", 0, (47,), type="comm_timeout_type"),
))

GEAR_CHANGE = (Component(3, 11, 0, 8), Component(3, 12, 8, 8), Component(3, 9, 16, 8), Component(3, 10, 24, 8))
"""Components of `gear_change_data`: they hold only where the event is a gear change."""
GEAR_CHANGE_EVENTS = (42, 43)

DEVICE_INFO = message(23, "device_info", (
    Field(0, "device_index", type="device_index"), Field(1, "device_type"),
    Field(2, "manufacturer", type="manufacturer"), Field(3, "serial_number"), Field(4, "product"),
    Field(5, "software_version", "", 100), Field(6, "hardware_version"), Field(7, "cum_operating_time", "s"),
    Field(10, "battery_voltage", "V", 256), Field(11, "battery_status", type="battery_status"),
    Field(18, "sensor_position", type="body_location"), Field(19, "descriptor"),
    Field(20, "ant_transmission_type"), Field(21, "ant_device_number"),
    Field(22, "ant_network", type="ant_network"), Field(25, "source_type", type="source_type"),
    Field(27, "product_name"), Field(32, "battery_level", "%"),
), subfields=(
    Subfield(1, "antplus_device_type", 25, (1,), type="antplus_device_type"),
    Subfield(1, "ant_device_type", 25, (0,)),
    Subfield(1, "ble_device_type", 25, (3,), type="ble_device_type"),
    Subfield(1, "local_device_type", 25, (5,), type="local_device_type"),
))

LEFT_RIGHT_BALANCE_100 = "left_right_balance_100"

SESSION = message(18, "session", (
    Field(0, "event", type="event"), Field(1, "event_type", type="event_type"),
    Field(2, "start_time", type="date_time"), Field(3, "start_position_lat", "semicircles"),
    Field(4, "start_position_long", "semicircles"), Field(5, "sport", type="sport"),
    Field(6, "sub_sport", type="sub_sport"), Field(7, "total_elapsed_time", "s", 1000),
    Field(8, "total_timer_time", "s", 1000), Field(9, "total_distance", "m", 100),
    Field(10, "total_cycles", "cycles"), Field(11, "total_calories", "kcal"), Field(13, "total_fat_calories", "kcal"),
    Field(14, "avg_speed", "m/s", 1000), Field(15, "max_speed", "m/s", 1000), Field(16, "avg_heart_rate", "bpm"),
    Field(17, "max_heart_rate", "bpm"), Field(18, "avg_cadence", "rpm"), Field(19, "max_cadence", "rpm"),
    Field(20, "avg_power", "watts"), Field(21, "max_power", "watts"), Field(22, "total_ascent", "m"),
    Field(23, "total_descent", "m"), Field(24, "total_training_effect", "", 10), Field(25, "first_lap_index"),
    Field(26, "num_laps"), Field(27, "event_group"), Field(28, "trigger", type="session_trigger"),
    Field(29, "nec_lat", "semicircles"), Field(30, "nec_long", "semicircles"),
    Field(31, "swc_lat", "semicircles"), Field(32, "swc_long", "semicircles"), Field(33, "num_lengths", "lengths"),
    Field(34, "normalized_power", "watts"), Field(35, "training_stress_score", "tss", 10),
    Field(36, "intensity_factor", "if", 1000), Field(37, "left_right_balance"),
    Field(38, "end_position_lat", "semicircles"), Field(39, "end_position_long", "semicircles"),
    Field(41, "avg_stroke_count", "strokes/lap", 10), Field(42, "avg_stroke_distance", "m", 100),
    Field(43, "swim_stroke", "swim_stroke", type="swim_stroke"), Field(44, "pool_length", "m", 100),
    Field(45, "threshold_power", "watts"), Field(46, "pool_length_unit", type="display_measure"),
    Field(47, "num_active_lengths", "lengths"), Field(48, "total_work", "J"),
    Field(49, "avg_altitude", "m", 5, 500), Field(50, "max_altitude", "m", 5, 500), Field(51, "gps_accuracy", "m"),
    Field(52, "avg_grade", "%", 100), Field(53, "avg_pos_grade", "%", 100), Field(54, "avg_neg_grade", "%", 100),
    Field(55, "max_pos_grade", "%", 100), Field(56, "max_neg_grade", "%", 100), Field(57, "avg_temperature", "C"),
    Field(58, "max_temperature", "C"), Field(59, "total_moving_time", "s", 1000),
    Field(60, "avg_pos_vertical_speed", "m/s", 1000), Field(61, "avg_neg_vertical_speed", "m/s", 1000),
    Field(62, "max_pos_vertical_speed", "m/s", 1000), Field(63, "max_neg_vertical_speed", "m/s", 1000),
    Field(64, "min_heart_rate", "bpm"), array(65, "time_in_hr_zone", "s", 1000),
    array(66, "time_in_speed_zone", "s", 1000), array(67, "time_in_cadence_zone", "s", 1000),
    array(68, "time_in_power_zone", "s", 1000), Field(69, "avg_lap_time", "s", 1000), Field(70, "best_lap_index"),
    Field(71, "min_altitude", "m", 5, 500), Field(82, "player_score"), Field(83, "opponent_score"),
    Field(84, "opponent_name"), array(85, "stroke_count", "counts"), array(86, "zone_count", "counts"),
    Field(87, "max_ball_speed", "m/s", 100), Field(88, "avg_ball_speed", "m/s", 100),
    Field(89, "avg_vertical_oscillation", "mm", 10), Field(90, "avg_stance_time_percent", "percent", 100),
    Field(91, "avg_stance_time", "ms", 10), Field(92, "avg_fractional_cadence", "rpm", 128),
    Field(93, "max_fractional_cadence", "rpm", 128), Field(94, "total_fractional_cycles", "cycles", 128),
    array(95, "avg_total_hemoglobin_conc", "g/dL", 100), array(96, "min_total_hemoglobin_conc", "g/dL", 100),
    array(97, "max_total_hemoglobin_conc", "g/dL", 100), array(98, "avg_saturated_hemoglobin_percent", "%", 10),
    array(99, "min_saturated_hemoglobin_percent", "%", 10), array(100, "max_saturated_hemoglobin_percent", "%", 10),
    Field(101, "avg_left_torque_effectiveness", "percent", 2), Field(102, "avg_right_torque_effectiveness", "percent", 2),
    Field(103, "avg_left_pedal_smoothness", "percent", 2), Field(104, "avg_right_pedal_smoothness", "percent", 2),
    Field(105, "avg_combined_pedal_smoothness", "percent", 2), Field(110, "sport_profile_name"),
    Field(111, "sport_index"), Field(112, "time_standing", "s", 1000), Field(113, "stand_count"),
    Field(114, "avg_left_pco", "mm"), Field(115, "avg_right_pco", "mm"),
    array(116, "avg_left_power_phase", "degrees", POWER_PHASE_SCALE),
    array(117, "avg_left_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    array(118, "avg_right_power_phase", "degrees", POWER_PHASE_SCALE),
    array(119, "avg_right_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    array(120, "avg_power_position", "watts"), array(121, "max_power_position", "watts"),
    array(122, "avg_cadence_position", "rpm"), array(123, "max_cadence_position", "rpm"),
    Field(124, "enhanced_avg_speed", "m/s", 1000), Field(125, "enhanced_max_speed", "m/s", 1000),
    Field(126, "enhanced_avg_altitude", "m", 5, 500), Field(127, "enhanced_min_altitude", "m", 5, 500),
    Field(128, "enhanced_max_altitude", "m", 5, 500), Field(129, "avg_lev_motor_power", "watts"),
    Field(130, "max_lev_motor_power", "watts"), Field(131, "lev_battery_consumption", "percent", 2),
    Field(132, "avg_vertical_ratio", "percent", 100), Field(133, "avg_stance_time_balance", "percent", 100),
    Field(134, "avg_step_length", "mm", 10), Field(137, "total_anaerobic_training_effect", "", 10),
    Field(139, "avg_vam", "m/s", 1000), Field(147, "avg_respiration_rate"), Field(148, "max_respiration_rate"),
    Field(149, "min_respiration_rate"), Field(150, "min_temperature", "C"),
    Field(168, "training_load_peak", "", 65536),
    Field(169, "enhanced_avg_respiration_rate", "Breaths/min", 100),
    Field(170, "enhanced_max_respiration_rate", "Breaths/min", 100), Field(180, "enhanced_min_respiration_rate", "", 100),
    Field(181, "total_grit", "kGrit"), Field(182, "total_flow", "Flow"), Field(183, "jump_count"),
    Field(192, "workout_feel"), Field(193, "workout_rpe"),
    Field(186, "avg_grit", "kGrit"), Field(187, "avg_flow", "Flow"), Field(194, "avg_spo2", "percent"),
    Field(195, "avg_stress", "percent"), Field(197, "sdrr_hrv", "mS"), Field(198, "rmssd_hrv", "mS"),
    Field(199, "total_fractional_ascent", "m", 100), Field(200, "total_fractional_descent", "m", 100),
    Field(208, "avg_core_temperature", "C", 100), Field(209, "min_core_temperature", "C", 100),
    Field(210, "max_core_temperature", "C", 100),
), components=(
    Component(14, 124, 0, 16, 1000), Component(15, 125, 0, 16, 1000), Component(49, 126, 0, 16, 5, 500),
    Component(50, 128, 0, 16, 5, 500), Component(71, 127, 0, 16, 5, 500), Component(147, 169, 0, 8),
    Component(148, 170, 0, 8), Component(149, 180, 0, 8),
), subfields=(
    Subfield(10, "total_strides", 5, STRIDES, "strides"),
    Subfield(10, "total_strokes", 5, CYCLING_STROKES, "strokes"),
    Subfield(18, "avg_running_cadence", 5, (1,), "strides/min"),
    Subfield(19, "max_running_cadence", 5, (1,), "strides/min"),
))

LAP = message(19, "lap", (
    Field(0, "event", type="event"), Field(1, "event_type", type="event_type"),
    Field(2, "start_time", type="date_time"), Field(3, "start_position_lat", "semicircles"),
    Field(4, "start_position_long", "semicircles"), Field(5, "end_position_lat", "semicircles"),
    Field(6, "end_position_long", "semicircles"), Field(7, "total_elapsed_time", "s", 1000),
    Field(8, "total_timer_time", "s", 1000), Field(9, "total_distance", "m", 100),
    Field(10, "total_cycles", "cycles"), Field(11, "total_calories", "kcal"), Field(12, "total_fat_calories", "kcal"),
    Field(13, "avg_speed", "m/s", 1000), Field(14, "max_speed", "m/s", 1000), Field(15, "avg_heart_rate", "bpm"),
    Field(16, "max_heart_rate", "bpm"), Field(17, "avg_cadence", "rpm"), Field(18, "max_cadence", "rpm"),
    Field(19, "avg_power", "watts"), Field(20, "max_power", "watts"), Field(21, "total_ascent", "m"),
    Field(22, "total_descent", "m"), Field(23, "intensity", type="intensity"),
    Field(24, "lap_trigger", type="lap_trigger"), Field(25, "sport", type="sport"), Field(26, "event_group"),
    Field(32, "num_lengths", "lengths"), Field(33, "normalized_power", "watts"), Field(34, "left_right_balance"),
    Field(35, "first_length_index"), Field(37, "avg_stroke_distance", "m", 100),
    Field(38, "swim_stroke", type="swim_stroke"), Field(39, "sub_sport", type="sub_sport"),
    Field(40, "num_active_lengths", "lengths"), Field(41, "total_work", "J"), Field(42, "avg_altitude", "m", 5, 500),
    Field(43, "max_altitude", "m", 5, 500), Field(44, "gps_accuracy", "m"), Field(45, "avg_grade", "%", 100),
    Field(46, "avg_pos_grade", "%", 100), Field(47, "avg_neg_grade", "%", 100), Field(48, "max_pos_grade", "%", 100),
    Field(49, "max_neg_grade", "%", 100), Field(50, "avg_temperature", "C"), Field(51, "max_temperature", "C"),
    Field(52, "total_moving_time", "s", 1000), Field(53, "avg_pos_vertical_speed", "m/s", 1000),
    Field(54, "avg_neg_vertical_speed", "m/s", 1000), Field(55, "max_pos_vertical_speed", "m/s", 1000),
    Field(56, "max_neg_vertical_speed", "m/s", 1000), array(57, "time_in_hr_zone", "s", 1000),
    array(58, "time_in_speed_zone", "s", 1000), array(59, "time_in_cadence_zone", "s", 1000),
    array(60, "time_in_power_zone", "s", 1000), Field(61, "repetition_num"), Field(62, "min_altitude", "m", 5, 500),
    Field(63, "min_heart_rate", "bpm"), Field(71, "wkt_step_index", type="message_index"),
    Field(74, "opponent_score"), array(75, "stroke_count", "counts"), array(76, "zone_count", "counts"),
    Field(77, "avg_vertical_oscillation", "mm", 10), Field(78, "avg_stance_time_percent", "percent", 100),
    Field(79, "avg_stance_time", "ms", 10), Field(80, "avg_fractional_cadence", "rpm", 128),
    Field(81, "max_fractional_cadence", "rpm", 128), Field(82, "total_fractional_cycles", "cycles", 128),
    Field(83, "player_score"), array(84, "avg_total_hemoglobin_conc", "g/dL", 100),
    array(85, "min_total_hemoglobin_conc", "g/dL", 100), array(86, "max_total_hemoglobin_conc", "g/dL", 100),
    array(87, "avg_saturated_hemoglobin_percent", "%", 10), array(88, "min_saturated_hemoglobin_percent", "%", 10),
    array(89, "max_saturated_hemoglobin_percent", "%", 10), Field(91, "avg_left_torque_effectiveness", "percent", 2),
    Field(92, "avg_right_torque_effectiveness", "percent", 2), Field(93, "avg_left_pedal_smoothness", "percent", 2),
    Field(94, "avg_right_pedal_smoothness", "percent", 2), Field(95, "avg_combined_pedal_smoothness", "percent", 2),
    Field(98, "time_standing", "s", 1000), Field(99, "stand_count"), Field(100, "avg_left_pco", "mm"),
    Field(101, "avg_right_pco", "mm"), array(102, "avg_left_power_phase", "degrees", POWER_PHASE_SCALE),
    array(103, "avg_left_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    array(104, "avg_right_power_phase", "degrees", POWER_PHASE_SCALE),
    array(105, "avg_right_power_phase_peak", "degrees", POWER_PHASE_SCALE),
    array(106, "avg_power_position", "watts"), array(107, "max_power_position", "watts"),
    array(108, "avg_cadence_position", "rpm"), array(109, "max_cadence_position", "rpm"),
    Field(110, "enhanced_avg_speed", "m/s", 1000), Field(111, "enhanced_max_speed", "m/s", 1000),
    Field(112, "enhanced_avg_altitude", "m", 5, 500), Field(113, "enhanced_min_altitude", "m", 5, 500),
    Field(114, "enhanced_max_altitude", "m", 5, 500), Field(115, "avg_lev_motor_power", "watts"),
    Field(116, "max_lev_motor_power", "watts"), Field(117, "lev_battery_consumption", "percent", 2),
    Field(118, "avg_vertical_ratio", "percent", 100), Field(119, "avg_stance_time_balance", "percent", 100),
    Field(120, "avg_step_length", "mm", 10), Field(121, "avg_vam", "m/s", 1000), Field(124, "min_temperature", "C"),
    Field(136, "enhanced_avg_respiration_rate", "Breaths/min", 100),
    Field(137, "enhanced_max_respiration_rate", "Breaths/min", 100), Field(147, "avg_respiration_rate"),
    Field(148, "max_respiration_rate"), Field(149, "total_grit", "kGrit"), Field(150, "total_flow", "Flow"),
    Field(151, "jump_count"), Field(153, "avg_grit", "kGrit"), Field(154, "avg_flow", "Flow"),
    Field(156, "total_fractional_ascent", "m", 100), Field(157, "total_fractional_descent", "m", 100),
    Field(158, "avg_core_temperature", "C", 100), Field(159, "min_core_temperature", "C", 100),
    Field(160, "max_core_temperature", "C", 100),
), components=(
    Component(13, 110, 0, 16, 1000), Component(14, 111, 0, 16, 1000), Component(42, 112, 0, 16, 5, 500),
    Component(43, 114, 0, 16, 5, 500), Component(62, 113, 0, 16, 5, 500), Component(147, 136, 0, 8),
    Component(148, 137, 0, 8),
), subfields=(
    Subfield(10, "total_strides", 25, STRIDES, "strides"),
    Subfield(10, "total_strokes", 25, CYCLING_STROKES, "strokes"),
    Subfield(17, "avg_running_cadence", 25, (1,), "strides/min"),
    Subfield(18, "max_running_cadence", 25, (1,), "strides/min"),
))

USER_PROFILE = message(3, "user_profile", (
    Field(0, "friendly_name"), Field(1, "gender", type="gender"), Field(2, "age", "years"),
    Field(3, "height", "m", 100), Field(4, "weight", "kg", 10), Field(5, "language", type="language"),
    Field(6, "elev_setting", type="display_measure"), Field(7, "weight_setting", type="display_measure"),
    Field(8, "resting_heart_rate", "bpm"), Field(9, "default_max_running_heart_rate", "bpm"),
    Field(10, "default_max_biking_heart_rate", "bpm"), Field(11, "default_max_heart_rate", "bpm"),
    Field(12, "hr_setting", type="display_heart"), Field(13, "speed_setting", type="display_measure"),
    Field(14, "dist_setting", type="display_measure"), Field(16, "power_setting", type="display_power"),
    Field(17, "activity_class"), Field(18, "position_setting"), Field(21, "temperature_setting", type="display_measure"),
    Field(22, "local_id"), array(23, "global_id"), Field(28, "wake_time"), Field(29, "sleep_time"),
    Field(30, "height_setting", type="display_measure"), Field(31, "user_running_step_length", "m", 1000),
    Field(32, "user_walking_step_length", "m", 1000), Field(47, "depth_setting", type="display_measure"),
    Field(49, "dive_count"),
))

ZONES_TARGET = message(7, "zones_target", (
    Field(1, "max_heart_rate"), Field(2, "threshold_heart_rate"), Field(3, "functional_threshold_power"),
    Field(5, "hr_calc_type", type="hr_zone_calc"), Field(7, "pwr_calc_type", type="pwr_zone_calc"),
))

HR_ZONE = message(8, "hr_zone", (Field(1, "high_bpm", "bpm"), Field(2, "name")))
POWER_ZONE = message(9, "power_zone", (Field(1, "high_value", "watts"), Field(2, "name")))
HRV = message(78, "hrv", (array(0, "time", "s", 1000),))

BIKE_PROFILE = message(6, "bike_profile", (
    Field(0, "name"), Field(1, "sport", type="sport"), Field(2, "sub_sport", type="sub_sport"),
    Field(3, "odometer", "m", 100), Field(4, "bike_spd_ant_id"), Field(5, "bike_cad_ant_id"),
    Field(6, "bike_spdcad_ant_id"), Field(7, "bike_power_ant_id"), Field(8, "custom_wheelsize", "m", 1000),
    Field(9, "auto_wheelsize", "m", 1000), Field(10, "bike_weight", "kg", 10), Field(11, "power_cal_factor", "%", 10),
    Field(12, "auto_wheel_cal", type="bool"), Field(13, "auto_power_zero", type="bool"), Field(14, "id"),
    Field(15, "spd_enabled", type="bool"), Field(16, "cad_enabled", type="bool"),
    Field(17, "spdcad_enabled", type="bool"), Field(18, "power_enabled", type="bool"),
    Field(19, "crank_length", "mm", 2, -110), Field(20, "enabled", type="bool"),
    Field(21, "bike_spd_ant_id_trans_type"), Field(22, "bike_cad_ant_id_trans_type"),
    Field(23, "bike_spdcad_ant_id_trans_type"), Field(24, "bike_power_ant_id_trans_type"),
    Field(37, "odometer_rollover"), Field(38, "front_gear_num"), array(39, "front_gear"),
    Field(40, "rear_gear_num"), array(41, "rear_gear"), Field(44, "shimano_di2_enabled", type="bool"),
))

DEVELOPER_DATA_ID = message(207, "developer_data_id", (
    array(0, "developer_id"), array(1, "application_id"), Field(2, "manufacturer_id", type="manufacturer"),
    Field(3, "developer_data_index"), Field(4, "application_version"),
))

FIELD_DESCRIPTION = message(206, "field_description", (
    Field(0, "developer_data_index"), Field(1, "field_definition_number"),
    Field(2, "fit_base_type_id", type="fit_base_type"), Field(3, "field_name"), Field(4, "array"),
    Field(5, "components"), Field(6, "scale"), Field(7, "offset"), Field(8, "units"), Field(9, "bits"),
    Field(10, "accumulate"), Field(13, "fit_base_unit_id", type="fit_base_unit"), Field(14, "native_mesg_num", type="mesg_num"),
    Field(15, "native_field_num"),
))

SPORT = message(12, "sport", (Field(0, "sport", type="sport"), Field(1, "sub_sport", type="sub_sport"), Field(3, "name")))

WORKOUT = message(26, "workout", (
    Field(4, "sport", type="sport"), Field(5, "capabilities"), Field(6, "num_valid_steps"), Field(8, "wkt_name"),
    Field(11, "sub_sport", type="sub_sport"), Field(14, "pool_length", "m", 100),
    Field(15, "pool_length_unit", type="display_measure"), Field(17, "wkt_description"),
))

POWER_TARGETS = (4,)
WORKOUT_STEP = message(27, "workout_step", (
    Field(0, "wkt_step_name"), Field(1, "duration_type", type="wkt_step_duration"), Field(2, "duration_value"),
    Field(3, "target_type", type="wkt_step_target"), Field(4, "target_value"),
    Field(5, "custom_target_value_low"), Field(6, "custom_target_value_high"), Field(7, "intensity", type="intensity"),
    Field(8, "notes"), Field(9, "equipment"), Field(10, "exercise_category"), Field(11, "exercise_name"),
    Field(12, "exercise_weight", "kg", 100), Field(13, "weight_display_unit"),
    Field(19, "secondary_target_type", type="wkt_step_target"), Field(20, "secondary_target_value"),
    Field(21, "secondary_custom_target_value_low"), Field(22, "secondary_custom_target_value_high"),
), subfields=(
    Subfield(2, "duration_time", 1, (0, 28), "s", 1000), Subfield(2, "duration_distance", 1, (1,), "m", 100),
    Subfield(2, "duration_hr", 1, (2, 3), "% or bpm"), Subfield(2, "duration_calories", 1, (4,), "calories"),
    Subfield(2, "duration_step", 1, (6, 7, 8, 9, 10, 11, 12, 13)),
    Subfield(2, "duration_power", 1, (14, 15), "% or watts"), Subfield(2, "duration_reps", 1, (29,)),
    Subfield(4, "target_speed_zone", 3, (0,)), Subfield(4, "target_hr_zone", 3, (1,)),
    Subfield(4, "target_cadence_zone", 3, (3,)), Subfield(4, "target_power_zone", 3, POWER_TARGETS),
    Subfield(5, "custom_target_speed_low", 3, (0,), "m/s", 1000),
    Subfield(5, "custom_target_heart_rate_low", 3, (1,), "% or bpm"),
    Subfield(5, "custom_target_cadence_low", 3, (3,), "rpm"),
    Subfield(5, "custom_target_power_low", 3, POWER_TARGETS, "% or watts"),
    Subfield(6, "custom_target_speed_high", 3, (0,), "m/s", 1000),
    Subfield(6, "custom_target_heart_rate_high", 3, (1,), "% or bpm"),
    Subfield(6, "custom_target_cadence_high", 3, (3,), "rpm"),
    Subfield(6, "custom_target_power_high", 3, POWER_TARGETS, "% or watts"),
))

HR = message(132, "hr", (
    Field(0, "fractional_timestamp", "s", 32768), Field(1, "time256", "s", 256), array(6, "filtered_bpm", "bpm"),
    array(9, "event_timestamp", "s", 1024), array(10, "event_timestamp_12", "s"),
), components=(Component(1, 0, 0, 8, 256),))

ANT_PAYLOAD = (
    Field(0, "fractional_timestamp", "s", 32768), Field(1, "mesg_id"), array(2, "mesg_data"),
    Field(3, "channel_number"), array(4, "data"),
)
ANT_CHANNEL_ID = message(82, "ant_channel_id", (
    Field(0, "channel_number"), Field(1, "device_type"), Field(2, "device_number"), Field(3, "transmission_type"),
    Field(4, "device_index", type="device_index"),
))
ANT_RX = message(80, "ant_rx", ANT_PAYLOAD)
ANT_TX = message(81, "ant_tx", ANT_PAYLOAD)

TIME_IN_ZONE = message(216, "time_in_zone", (
    Field(0, "reference_mesg", type="mesg_num"), Field(1, "reference_index", type="message_index"),
    array(2, "time_in_hr_zone", "s", 1000), array(3, "time_in_speed_zone", "s", 1000),
    array(4, "time_in_cadence_zone", "s", 1000), array(5, "time_in_power_zone", "s", 1000),
    array(6, "hr_zone_high_boundary", "bpm"), array(7, "speed_zone_high_boundary", "m/s", 1000),
    array(8, "cadence_zone_high_boundary", "rpm"), array(9, "power_zone_high_boundary", "watts"),
    Field(10, "hr_calc_type", type="hr_zone_calc"), Field(11, "max_heart_rate"), Field(12, "resting_heart_rate"),
    Field(13, "threshold_heart_rate"), Field(14, "pwr_calc_type", type="pwr_zone_calc"),
    Field(15, "functional_threshold_power"),
))

DEVICE_SETTINGS = message(2, "device_settings", (
    Field(0, "active_time_zone"), Field(1, "utc_offset"), array(2, "time_offset", "s"), array(4, "time_mode"),
    array(5, "time_zone_offset", "hr", 4), Field(12, "backlight_mode"),
    Field(36, "activity_tracker_enabled", type="bool"), Field(39, "clock_time", type="date_time"),
    array(40, "pages_enabled"), Field(46, "move_alert_enabled", type="bool"), Field(47, "date_mode"),
))

LENGTH = message(101, "length", (
    Field(0, "event", type="event"), Field(1, "event_type", type="event_type"),
    Field(2, "start_time", type="date_time"), Field(3, "total_elapsed_time", "s", 1000),
    Field(4, "total_timer_time", "s", 1000), Field(5, "total_strokes", "strokes"), Field(6, "avg_speed", "m/s", 1000),
    Field(7, "swim_stroke", "swim_stroke", type="swim_stroke"), Field(9, "avg_swimming_cadence", "strokes/min"),
    Field(10, "event_group"), Field(11, "total_calories", "kcal"), Field(12, "length_type", type="length_type"),
))
# fmt: on

MESSAGES: dict[int, Message] = {
    row.number: row
    for row in (
        FILE_ID, FILE_CREATOR, ACTIVITY, SESSION, LAP, RECORD, EVENT, DEVICE_INFO, USER_PROFILE, ZONES_TARGET,
        HR_ZONE, POWER_ZONE, HRV, BIKE_PROFILE, DEVELOPER_DATA_ID, FIELD_DESCRIPTION, SPORT, WORKOUT, WORKOUT_STEP,
        HR, ANT_RX, ANT_TX, ANT_CHANNEL_ID, TIME_IN_ZONE, DEVICE_SETTINGS, LENGTH,
    )
}  # fmt: skip

NUMBER_OF_NAME: dict[str, int] = {row.name: row.number for row in MESSAGES.values()}

# Messages whose fields the project has no use for: known by name only, their fields stay `unknown_N`.
NAMES_ONLY: dict[int, str] = {
    1: "capabilities", 4: "hrm_profile", 5: "sdm_profile", 10: "met_zone", 13: "training_settings", 15: "goal",
    30: "weight_scale", 31: "course", 32: "course_point", 35: "software", 37: "file_capabilities",
    38: "mesg_capabilities", 39: "field_capabilities", 51: "blood_pressure", 53: "speed_zone",
    55: "monitoring", 72: "training_file", 103: "monitoring_info", 106: "slave_device",
    127: "connectivity", 128: "weather_conditions", 131: "cadence_zone", 142: "segment_lap", 145: "memo_glob",
    160: "gps_metadata", 161: "camera_event", 162: "timestamp_correlation", 164: "gyroscope_data",
    165: "accelerometer_data", 167: "three_d_sensor_calibration", 177: "nmea_sentence", 178: "aviation_attitude",
    184: "video", 188: "ohr_settings", 200: "exd_screen_configuration", 225: "set", 227: "stress_level",
    258: "dive_settings", 259: "dive_gas", 264: "exercise_title", 268: "dive_summary", 285: "jump", 312: "split",
    317: "climb_pro",
}  # fmt: skip


def message_name(number: int) -> str:
    """The profile's name of a message number, `unknown_N` without one."""
    known = MESSAGES.get(number)
    return known.name if known else NAMES_ONLY.get(number) or f"unknown_{number}"
