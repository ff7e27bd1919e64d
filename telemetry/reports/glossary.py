"""The words that a page explains, and what it says of itself: fixed text, one row each.

Comes in: nothing. Goes out: glossary terms, captions, evidence grades, rules by name, and what is not validated.
Leaves to others: the fixed texts of the review itself, which the analysis carries.
"""

from __future__ import annotations

EVIDENCE = {
    "A": "validated for a rider's back",
    "B": "measured in cyclists' backs",
    "C": "indirect: another task, another tissue or a surrogate",
    "D": "expert opinion or our own choice",
}
"""What the evidence grades stand for. No number of this project has grade A."""

RULE_EVIDENCE = {
    "R6": "known of pain scales: a rise of 2 points matters to people with back pain; not measured in cyclists",
}
"""Where a rule's grade stands for something else than `EVIDENCE` says of it."""

NUMBERS_OF_RULES = {
    ("R1", "TL"): "torque_load",
    ("R2", "min"): "grinding_min",
    ("R2", "s"): "grinding_longest_s",
    ("R2", "strokes"): "grinding_strokes",
    ("R3", "%"): "grinding_late_share_pct",
    ("R3", "strokes"): "grinding_late_strokes",
    ("R4", "bpm/h"): "heart_rate_drift_bpm_per_h",
    ("R4", "rpm/min"): "cadence_drift_class_rpm_per_min",
}
"""Rule and unit of a finding → the metric whose number it holds against a limit."""

DAMAGE = {
    "recorder_died": "the recorder died before it closed the file",
    "file_truncated": "the file is cut short",
    "gzip_damaged": "the packed file is cut short or damaged",
    "session_rebuilt": "the session was rebuilt from the samples",
    "resync": "bytes that are no messages were skipped",
    "doubtful_samples": "samples beside damaged bytes are doubtful",
}
"""Issues of the file itself, in words: said beside the grade of the data, whatever the grade."""

RULES = {
    "R1": "unusual torque load",
    "R2": "grinding",
    "R3": "late loading",
    "R4": "drift",
    "R5": "change of balance",
    "R6": "symptoms noted",
}

STATES = {
    "usual": "Usual",
    "note": "One reason noted",
    "review": "Flagged for back-risk review",
    "not_enough_data": "Not enough data for a review",
    "see_clinician": "Please see a clinician",
}
"""The review state as a headline. None of them clears anybody of anything."""

# fmt: off
GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Back-risk review", "The name of this project's flag. A class is flagged for counted, named reasons; it says that a class is worth a look and never how likely anything is."),
    ("Crank torque", "How hard the cranks are turned, in newton metres (N·m): power divided by how fast they turn. The same power at 60 rpm needs half as much torque again as at 90 rpm."),
    ("Torque load (TL)", "Torque squared, summed over the class and set against your reference torque. One hour at threshold at 90 rpm is 100. Twice the torque counts four times."),
    ("Reference torque", "The torque of your FTP at 90 rpm. Without an FTP it is taken from body mass, and without that from a fixed value; the page says which."),
    ("FTP", "Functional threshold power: about the power that you could hold for an hour."),
    ("Grinding", "Stretches of at least 15 s in which the legs turn slowly (60 rpm or less) against a high torque. Slow legs alone are not grinding. Heavy: 50 rpm or less at an even higher torque; loaded: the mildest of the three."),
    ("Strokes", "Pushes on a pedal: two for each turn of the cranks."),
    ("Angular impulse", "Torque times time, in kN·m·s. It needs nothing about you and can be compared between riders when divided by body mass."),
    ("Mean-maximal torque", "The highest mean torque that was held for a given time."),
    ("Quadrants", "Shares of pedalling time by force on the pedal and speed of the foot, against the reference at 90 rpm. Quadrant 2 is high force at slow legs."),
    ("Longest unbroken stretch", "The longest pedalling without two minutes of rest or a recorded stand of ten seconds."),
    ("Fatigue drift", "Heart rate that rises, or cadence that falls, over the class at equal work. Heat, coffee, the programme and a loose strap look the same."),
    ("Onset window", "The minutes between which cadence began to sag at equal torque, where the sag stands out from the rider's usual wandering."),
    ("Evidence", "How well a number is known to say something about a rider's back. A: validated (no number here is). B: measured in cyclists' backs. C: indirect. D: expert opinion or our own choice. A rule has a grade of its own: how well founded it is to look at a class for that reason."),
    ("Coverage", "How much of the class a number has seen."),
    ("Interval", "Where the value may lie given the error of the power meter or of the estimate."),
)

PAPER_TERMS = ("Back-risk review", "Crank torque", "Torque load (TL)", "Reference torque", "Grinding", "Fatigue drift", "Onset window", "Evidence", "Interval")
"""The terms that fit on paper: those of the headline."""

NOT_VALIDATED: tuple[str, ...] = (
    "No number on this page has been validated against back pain or injury. None has evidence A.",
    "This is crank load: what the bike measured at the cranks. What reaches the back depends on posture, reach, history and the person, and was not measured.",
    "That crank torque is a dose for the back is a hypothesis, evidence C at best. We know of no study that links cadence, gear or torque of indoor classes to low back pain.",
    "Most limits are our own choice (evidence D), placed where published low-cadence training begins. Each can be set to your own.",
    "A rule of this kind is wrong often. Suppose that 15 of 100 classes were followed by a flare, and that a rule noticed 9 of those 15 and kept quiet after 60 of the other 85: then 25 of its 34 flags would have meant nothing. For these rules nobody knows the counts.",
    "A class without a flag is not a clearance, and a flag is not a finding about your body.",
    "This is not a medical device. Whatever the page says: new weakness or numbness in a leg, numbness around the saddle, a change of bladder or bowel, fever with back pain, or dark urine after a class needs medical help now.",
)

CAPTIONS: dict[str, str] = {
    "timeline": "The class as it was recorded. Gaps in the data are left as gaps.",
    "torque_cadence": "Darker cells hold more seconds of pedalling. Along a thin line the power is the same: further left, it takes more torque. In the hatched region grinding begins.",
    "load": "How torque load piled up over the class.",
    "mean_maximal_torque": "The highest mean torque held for each length of time.",
    "drift": "What changed over the class at equal work. The programme, heat, coffee and a loose strap can look the same.",
    "balance": "Right share of power over the class. There is no agreed limit for it.",
}

BOUTS_SHADED = "Bouts of slow, heavy pedalling are shaded."
LOAD_OF_BOUTS = "The lower part came from bouts of slow, heavy pedalling."
LATE_MARKED = "Minute {minute} is marked because riders often name it; it is a setting, not a finding."
"""Said beneath a figure only where it is to be seen there."""

PAIN_PROMPTS: tuple[tuple[str, str], ...] = (
    ("Pain during the class, 0 to 10", "number"),
    ("It began at minute", "number"),
    ("Where", "text"),
    ("Pain the next morning, 0 to 10", "number"),
    ("What made it better or worse", "text"),
    ("Lifting, illness, painkillers that day", "text"),
)

METRIC_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Crank load", ("torque_load", "angular_impulse_knms", "impulse_per_kg", "strokes", "unloaded_turns", "mean_torque_nm", "rms_torque_nm", "peak_torque_modelled_nm", "mmt_", "effort_swings")),
    ("Grinding", ("grinding_", "low_cadence_min", "unbroken_min", "standing_min", "quadrant_")),
    ("Effort", ("work_kj", "mean_power_w", "max_power_w", "power_per_kg", "normalized_power_w", "mean_cadence_rpm", "mean_heart_rate_bpm", "max_heart_rate_bpm", "pedalling_min", "cadence_missing_s", "w_balance_")),
    ("Drift and balance", ("heart_rate_drift_", "decoupling_pct", "cadence_drift_", "cadence_variability_", "left_", "right_", "combined_")),
)
"""Where a metric stands in the table of all metrics: exact names, or beginnings that end in an underscore."""

REVIEW_LIMITS = ("r1_", "r2_", "r3_", "r4_", "r5_", "r6_", "review_", "not_enough_", "grinding_on_", "heavy_", "bout_min_", "reference_cadence_", "late_", "drift_interval_")
"""Beginnings of the limits that decide about a review: those that fit on paper."""
# fmt: on
