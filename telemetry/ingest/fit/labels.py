"""Labels of FIT enumerations: type name → code → label.

Comes in: nothing. Goes out: `LABELS`; a code without a row is printed as its number. Leaves to others: which field has
which type (`profile.py`). Labels are those of the public FIT profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def one_of(values: np.ndarray, codes: tuple[int, ...]) -> np.ndarray:
    """Where values (n,) are one of a few codes; `np.isin` takes ten times as long over the rows of a class."""
    found: np.ndarray = values == codes[0]
    for code in codes[1:]:
        found |= values == code
    return found


def listed(names: str, first: int = 0) -> dict[int, str]:
    """Consecutive codes from `first`; `-` leaves a code out."""
    return {code: name for code, name in enumerate(names.split(), first) if name != "-"}


# fmt: off
LABELS: dict[str, dict[int, str]] = {
    "file": {
        1: "device", 2: "settings", 3: "sport", 4: "activity", 5: "workout", 6: "course", 7: "schedules", 9: "weight",
        10: "totals", 11: "goals", 14: "blood_pressure", 15: "monitoring_a", 20: "activity_summary",
        28: "monitoring_daily", 32: "monitoring_b", 34: "segment", 35: "segment_list", 40: "exd_configuration",
    },
    "activity": listed("manual auto_multi_sport"),
    "event": {
        0: "timer", 3: "workout", 4: "workout_step", 5: "power_down", 6: "power_up", 7: "off_course", 8: "session",
        9: "lap", 10: "course_point", 11: "battery", 12: "virtual_partner_pace", 13: "hr_high_alert",
        14: "hr_low_alert", 15: "speed_high_alert", 16: "speed_low_alert", 17: "cad_high_alert", 18: "cad_low_alert",
        19: "power_high_alert", 20: "power_low_alert", 21: "recovery_hr", 22: "battery_low",
        23: "time_duration_alert", 24: "distance_duration_alert", 25: "calorie_duration_alert", 26: "activity",
        27: "fitness_equipment", 28: "length", 32: "user_marker", 33: "sport_point", 36: "calibration",
        42: "front_gear_change", 43: "rear_gear_change", 44: "rider_position_change", 45: "elev_high_alert",
        46: "elev_low_alert", 47: "comm_timeout", 75: "radar_threat_alert",
    },
    "event_type": listed(
        "start stop consecutive_depreciated marker stop_all begin_depreciated end_depreciated end_all_depreciated "
        "stop_disable stop_disable_all"
    ),
    "timer_trigger": listed("manual auto fitness_equipment"),
    "fitness_equipment_state": listed("ready in_use paused unknown"),
    "rider_position_type": listed("seated standing transition_to_seated transition_to_standing"),
    "comm_timeout_type": listed("wildcard_pairing_timeout pairing_timeout connection_lost connection_timeout"),
    "sport": {
        **listed(
            "generic running cycling transition fitness_equipment swimming basketball soccer tennis "
            "american_football training walking cross_country_skiing alpine_skiing snowboarding rowing mountaineering "
            "hiking multisport paddling flying e_biking motorcycling boating driving golf hang_gliding "
            "horseback_riding hunting fishing inline_skating rock_climbing sailing ice_skating sky_diving snowshoeing "
            "snowmobiling stand_up_paddleboarding surfing wakeboarding water_skiing kayaking rafting windsurfing "
            "kitesurfing tactical jumpmaster boxing floor_climbing"
        ),
        53: "diving", 62: "hiit", 64: "racket", 65: "wheelchair_push_walk", 66: "wheelchair_push_run",
        67: "meditation", 254: "all",
    },
    "sub_sport": {
        **listed(
            "generic treadmill street trail track spin indoor_cycling road mountain downhill recumbent cyclocross "
            "hand_cycling track_cycling indoor_rowing elliptical stair_climbing lap_swimming open_water "
            "flexibility_training strength_training warm_up match exercise challenge indoor_skiing cardio_training "
            "indoor_walking e_bike_fitness bmx casual_walking speed_walking bike_to_run_transition "
            "run_to_bike_transition swim_to_bike_transition atv motocross backcountry resort rc_drone wingsuit "
            "whitewater skate_skiing yoga pilates indoor_running gravel_cycling e_bike_mountain commuting "
            "mixed_surface navigate track_me map single_gas_diving multi_gas_diving gauge_diving apnea_diving "
            "apnea_hunting virtual_activity obstacle"
        ),
        62: "breathing", 65: "sail_race", 67: "ultra", 68: "indoor_climbing", 69: "bouldering", 70: "hiit",
        73: "amrap", 74: "emom", 75: "tabata", 84: "pickleball", 85: "padel", 86: "indoor_wheelchair_walk",
        87: "indoor_wheelchair_run", 88: "indoor_hand_cycling", 254: "all",
    },
    "lap_trigger": listed(
        "manual time distance position_start position_lap position_waypoint position_marked session_end "
        "fitness_equipment"
    ),
    "session_trigger": listed("activity_end manual auto_multi_sport fitness_equipment"),
    "intensity": listed("active rest warmup cooldown recovery interval other"),
    "activity_type": {**listed("generic running cycling transition fitness_equipment swimming walking"),
                      8: "sedentary", 254: "all"},
    "gender": listed("female male"),
    "hr_zone_calc": {**listed("custom percent_max_hr percent_hrr percent_lthr")},
    "pwr_zone_calc": listed("custom percent_ftp"),
    "display_measure": listed("metric statute nautical"),
    "display_heart": listed("bpm max reserve"),
    "display_power": listed("watts percent_ftp"),
    "language": listed(
        "english french italian german spanish croatian czech danish dutch finnish greek hungarian norwegian polish "
        "portuguese slovakian slovenian swedish russian turkish latvian ukrainian arabic farsi bulgarian romanian "
        "chinese japanese korean taiwanese thai hebrew brazilian_portuguese indonesian malaysian vietnamese burmese "
        "mongolian"
    ) | {254: "custom"},
    "battery_status": {1: "new", 2: "good", 3: "ok", 4: "low", 5: "critical", 6: "charging", 7: "unknown"},
    "source_type": listed("ant antplus bluetooth bluetooth_low_energy wifi local"),
    "ant_network": listed("public antplus antfs private"),
    "antplus_device_type": {
        1: "antfs", 11: "bike_power", 12: "environment_sensor_legacy", 15: "multi_sport_speed_distance", 16: "control",
        17: "fitness_equipment", 18: "blood_pressure", 19: "geocache_node", 20: "light_electric_vehicle",
        25: "env_sensor", 26: "racquet", 27: "control_hub", 31: "muscle_oxygen", 34: "shifting", 35: "bike_light_main",
        36: "bike_light_shared", 38: "exd", 40: "bike_radar", 46: "bike_aero", 119: "weight_scale", 120: "heart_rate",
        121: "bike_speed_cadence", 122: "bike_cadence", 123: "bike_speed", 124: "stride_speed_distance",
    },
    "ble_device_type": listed(
        "connected_gps heart_rate bike_power bike_speed_cadence bike_speed bike_cadence footpod bike_trainer"
    ),
    "local_device_type": {0: "gps", 1: "glonass", 2: "gps_glonass", 3: "accelerometer", 4: "barometer",
                          5: "temperature", 10: "whr", 12: "sensor_hub"},
    "device_index": {0: "creator"},
    "body_location": listed(
        "left_leg left_calf left_shin left_hamstring left_quad left_glute right_leg right_calf right_shin "
        "right_hamstring right_quad right_glute torso_back left_lower_back left_upper_back right_lower_back "
        "right_upper_back torso_front left_abdomen left_chest right_abdomen right_chest left_arm left_shoulder "
        "left_bicep left_tricep left_brachioradialis left_forearm_extensors right_arm right_shoulder right_bicep "
        "right_tricep right_brachioradialis right_forearm_extensors neck throat waist_mid_back waist_front "
        "waist_left waist_right"
    ),
    "swim_stroke": listed("freestyle backstroke breaststroke butterfly drill mixed im"),
    "length_type": listed("idle active"),
    "stroke_type": listed("no_event other serve forehand backhand smash"),
    "wkt_step_duration": {
        **listed(
            "time distance hr_less_than hr_greater_than calories open repeat_until_steps_cmplt repeat_until_time "
            "repeat_until_distance repeat_until_calories repeat_until_hr_less_than repeat_until_hr_greater_than "
            "repeat_until_power_less_than repeat_until_power_greater_than power_less_than power_greater_than "
            "training_peaks_tss repeat_until_power_last_lap_less_than repeat_until_max_power_last_lap_less_than "
            "power_3s_less_than power_10s_less_than power_30s_less_than power_3s_greater_than "
            "power_10s_greater_than power_30s_greater_than power_lap_less_than power_lap_greater_than "
            "repeat_until_training_peaks_tss repetition_time reps"
        ),
        31: "time_only",
    },
    "wkt_step_target": listed(
        "speed heart_rate open cadence power grade resistance power_3s power_10s power_30s power_lap swim_stroke "
        "speed_lap heart_rate_lap"
    ),
    "fit_base_type": {
        0: "enum", 1: "sint8", 2: "uint8", 131: "sint16", 132: "uint16", 133: "sint32", 134: "uint32", 7: "string",
        136: "float32", 137: "float64", 10: "uint8z", 139: "uint16z", 140: "uint32z", 13: "byte", 142: "sint64",
        143: "uint64", 144: "uint64z",
    },
    "fit_base_unit": {0: "other", 1: "kilogram", 2: "pound"},
    "manufacturer": {
        1: "garmin", 2: "garmin_fr405_antfs", 3: "zephyr", 4: "dayton", 5: "idt", 6: "srm", 7: "quarq", 8: "ibike",
        9: "saris", 10: "spark_hk", 11: "tanita", 12: "echowell", 13: "dynastream_oem", 14: "nautilus",
        15: "dynastream", 16: "timex", 17: "metrigear", 18: "xelic", 19: "beurer", 20: "cardiosport",
        21: "a_and_d", 22: "hmm", 23: "suunto", 24: "thita_elektronik", 25: "gpulse", 26: "clean_mobile",
        27: "pedal_brain", 28: "peaksware", 29: "saxonar", 30: "lemond_fitness", 31: "dexcom", 32: "wahoo_fitness",
        33: "octane_fitness", 34: "archinoetics", 35: "the_hurt_box", 36: "citizen_systems", 37: "magellan",
        38: "osynce", 39: "holux", 40: "concept2", 41: "shimano", 42: "one_giant_leap", 43: "ace_sensor",
        44: "brim_brothers", 45: "xplova", 46: "perception_digital", 47: "bf1systems", 48: "pioneer", 49: "spantec",
        50: "metalogics", 51: "4iiiis", 52: "seiko_epson", 53: "seiko_epson_oem", 54: "ifor_powell",
        55: "maxwell_guider", 56: "star_trac", 57: "breakaway", 58: "alatech_technology_ltd", 59: "mio_technology_europe",
        60: "rotor", 61: "geonaute", 62: "id_bike", 63: "specialized", 64: "wtek", 65: "physical_enterprises",
        66: "north_pole_engineering", 67: "bkool", 68: "cateye", 69: "stages_cycling", 70: "sigmasport", 71: "tomtom",
        72: "peripedal", 73: "wattbike", 76: "moxy", 77: "ciclosport", 78: "powerbahn", 79: "acorn_projects_aps",
        80: "lifebeam", 81: "bontrager", 82: "wellgo", 83: "scosche", 84: "magura", 85: "woodway", 86: "elite",
        87: "nielsen_kellerman", 88: "dk_city", 89: "tacx", 90: "direction_technology", 91: "magtonic",
        92: "1partcarbon", 93: "inside_ride_technologies", 94: "sound_of_motion", 95: "stryd", 96: "icg",
        97: "MiPulse", 98: "bsx_athletics", 99: "look", 100: "campagnolo_srl", 101: "body_bike_smart",
        102: "praxisworks", 103: "limits_technology", 104: "topaction_technology", 105: "cosinuss", 106: "fitcare",
        107: "magene", 108: "giant_manufacturing_co", 109: "tigrasport", 110: "salutron", 111: "technogym",
        112: "bryton_sensors", 113: "latitude_limited", 114: "soaring_technology", 115: "igpsport",
        116: "thinkrider", 117: "gopher_sport", 118: "waterrower", 119: "orangetheory", 120: "inpeak",
        121: "kinetic", 122: "johnson_health_tech", 123: "polar_electro", 124: "seesense", 125: "nci_technology",
        126: "iqsquare", 127: "leomo", 128: "ifit_com", 129: "coros_byte", 130: "versa_design", 131: "chileaf",
        132: "cycplus", 133: "gravaa_byte", 134: "sigeyi", 135: "coospo", 136: "geoid", 137: "bosch", 138: "kyto",
        139: "kinetic_sports", 140: "decathlon_byte", 141: "tq_systems", 142: "tag_heuer", 143: "keiser_fitness",
        144: "zwift_byte", 145: "porsche_ep", 146: "blackbird", 147: "meilan_byte", 148: "ezon", 149: "laisi",
        150: "myzone", 255: "development", 257: "healthandlife", 258: "lezyne", 259: "scribe_labs", 260: "zwift",
        261: "watteam", 262: "recon", 263: "favero_electronics", 264: "dynovelo", 265: "strava", 266: "precor",
        267: "bryton", 268: "sram", 269: "navman", 270: "cobi", 271: "spivi", 272: "mio_magellan", 273: "evesports",
        274: "sensitivus_gauge", 275: "podoon", 276: "life_time_fitness", 277: "falco_e_motors", 278: "minoura",
        279: "cycliq", 280: "luxottica", 281: "trainer_road", 282: "the_sufferfest", 283: "fullspeedahead",
        284: "virtualtraining", 285: "feedbacksports", 286: "omata", 287: "vdo", 288: "magneticdays", 289: "hammerhead",
        290: "kinetic_by_kurt", 291: "shapelog", 292: "dabuziduo", 293: "jetblack", 294: "coros", 295: "virtugo",
        296: "velosense", 297: "cycligentinc", 298: "trailforks", 299: "mahle_ebikemotion", 300: "nurvv",
        301: "microprogram", 302: "zone5cloud", 303: "greenteg", 304: "yamaha_motors", 305: "whoop", 306: "gravaa",
        307: "onelap", 308: "monark_exercise", 309: "form", 310: "decathlon", 311: "syncros", 312: "heatup",
        313: "cannondale", 314: "true_fitness", 315: "RGT_cycling", 316: "vasa", 317: "race_republic", 318: "fazua",
        319: "oreka_training", 320: "lsec", 321: "lululemon_studio", 322: "shanyue", 323: "spinning_mda",
        324: "hilldating", 325: "aero_sensor", 326: "nike", 327: "magicshine", 328: "ictrainer",
        329: "absolute_cycling", 330: "eo_swimbetter", 331: "mywhoosh", 332: "ravemen", 5759: "actigraphcorp",
    },
}
# fmt: on
