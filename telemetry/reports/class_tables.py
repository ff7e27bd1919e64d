"""The tables of a class page, as columns and cells of text: one function each, None where there is nothing.

Comes in: a `ClassAnalysis`. Goes out: `Table` objects (`tables.py`). Leaves to others: markup.
"""

from __future__ import annotations

from telemetry.model import CHANNELS, ClassAnalysis, LimitUsed, MetricResult
from telemetry.reports import glossary, words
from telemetry.reports.class_tiles import SHORT_RECOVERY, short_recovery
from telemetry.reports.devices import device_name
from telemetry.reports.tables import Cell, Row, Table, headings, numeric, texts


def what_if(analysis: ClassAnalysis) -> Table | None:
    """The class as ridden, and at the same power with faster legs."""
    if not analysis.counterfactuals or analysis.metric("torque_load") is None:
        return None
    load, grinding = analysis.metric("torque_load"), analysis.metric("grinding_min")
    rows = [
        Row(
            (
                Cell("As ridden"),
                numeric(load, "TL"),
                Cell(""),
                numeric(grinding, "min"),
                numeric(analysis.metric("grinding_bouts"), ""),
                numeric(analysis.metric("strokes"), ""),
            ),
            marked=True,
        )
    ]
    rows.extend(
        Row(
            (
                Cell(f"{words.signed(item.added_rpm, 'rpm')}{words.NARROW}rpm"),
                numeric(item.torque_load, "TL"),
                Cell(words.change(item.torque_load, load)),
                numeric(item.grinding_min, "min"),
                numeric(item.grinding_bouts, ""),
                numeric(item.strokes, ""),
            )
        )
        for item in analysis.counterfactuals
    )
    return Table(
        "The same power with faster legs",
        headings("Cadence", "Torque load, TL>", "Change>", "Grinding, min>", "Bouts>", "Strokes>"),
        tuple(rows),
        "Arithmetic on what was recorded, not a forecast: faster legs mean more strokes, and what they ask "
        "of heart and breath is not modelled.",
    )


def blocks(analysis: ClassAnalysis) -> Table | None:
    """Laps or programme steps, each with its own load."""
    if not analysis.blocks:
        return None
    numbers: tuple[tuple[str, str, str], ...] = (
        ("Power, W", "W", "mean_power_w"),
        ("Cadence, rpm", "rpm", "mean_cadence_rpm"),
        ("Torque, N·m", "N·m", "mean_torque_nm"),
        ("Heart rate, bpm", "bpm", "mean_heart_rate_bpm"),
    )
    if analysis.metric("torque_load") is not None:  # without one, no part of the class has a load to show
        numbers += (("TL", "TL", "torque_load"),)
    known = [row for row in numbers if any(getattr(block, row[2]) is not None for block in analysis.blocks)]
    ground = any(block.grinding_s for block in analysis.blocks)
    rows = []
    for index, block in enumerate(analysis.blocks, 1):
        cells = [
            Cell(words.clean(block.label, 40) or f"Block {index}"),
            Cell(words.span(block.start_s, block.stop_s)),
            *(numeric(getattr(block, name), unit) for _, unit, name in known),
        ]
        if ground:
            seconds = words.clock(block.grinding_s) if block.grinding_s else words.ABSENT
            cells.append(Cell(seconds, block.grinding_s))
        rows.append(Row(tuple(cells)))
    titles = [f"{title}>" for title, _, _ in known] + (["Grinding, m:ss>"] if ground else [])
    return Table("Block by block", headings("Block", "Time", *titles), tuple(rows), "Means over each block.")


def bouts(analysis: ClassAnalysis) -> Table | None:
    """Every bout of slow, heavy pedalling."""
    if not analysis.bouts:
        return None
    posture = bool(analysis.posture.get("known"))
    rows = []
    for bout in analysis.bouts:
        cells = [
            Cell(bout.tier.capitalize()),
            Cell(words.span(bout.start_s, bout.stop_s)),
            Cell(words.clock(bout.duration_s), bout.duration_s),
            numeric(bout.mean_cadence_rpm, "rpm"),
            numeric(bout.mean_torque_nm, "N·m"),
            numeric(bout.strokes, ""),
            numeric(bout.work_kj, "kJ"),
            numeric(bout.torque_load, "TL"),
        ]
        if posture:
            cells.append(Cell(words.clock(bout.standing_s or 0.0), bout.standing_s))
        rows.append(Row(tuple(cells)))
    columns = ["Duration>", "Cadence, rpm>", "Torque, N·m>", "Strokes>", "Work, kJ>", "TL>"]
    columns += ["Standing>"] if posture else []
    note = (
        "" if posture else words.sentence(words.clean(analysis.posture.get("note") or "Posture unknown", 200))
    )
    return Table("Bouts of slow, heavy pedalling", headings("Tier", "Time", *columns), tuple(rows), note)


OVER = {
    "mean_power_w": "recorded time, with zeros",
    "mean_cadence_rpm": "while pedalling",
    "mean_torque_nm": "while pedalling",
    "rms_torque_nm": "while pedalling",
}
"""Over which time a mean is taken: said beside each."""

_EFFORT = (
    ("mean_power_w", OVER["mean_power_w"]),
    ("max_power_w", "largest sample"),
    ("power_per_kg", "mean power by body mass"),
    ("mean_cadence_rpm", OVER["mean_cadence_rpm"]),
    ("mean_heart_rate_bpm", ""),
    ("max_heart_rate_bpm", ""),
    ("work_kj", ""),
    ("pedalling_min", ""),
)


def effort(analysis: ClassAnalysis) -> Table | None:
    """The totals a rider knows from a head unit, each with the rule by which it was formed."""
    rows = []
    for name, rule in _EFFORT:
        result = analysis.metrics.get(name)
        if result is not None and result.value is not None:
            text = words.quantity(result.value, result.unit)
            rows.append(Row((Cell(title(result)), Cell(text, result.value, name), Cell(rule))))
    return Table("Power and heart rate", headings("", "Value>", "How"), tuple(rows)) if rows else None


def zones(analysis: ClassAnalysis) -> Table | None:
    """Time in heart-rate zones."""
    total = sum(zone.seconds for zone in analysis.heart_rate_zones)
    if not total:
        return None
    rows = tuple(
        Row(
            (
                Cell(words.clean(zone.label)),
                Cell(
                    f"{zone.low_bpm:.0f} and above"
                    if zone.high_bpm is None
                    else f"{zone.low_bpm:.0f} to {zone.high_bpm:.0f}"
                ),
                Cell(words.clock(zone.seconds), zone.seconds),
                Cell(words.percent(zone.seconds / total)),
            )
        )
        for zone in analysis.heart_rate_zones
    )
    return Table("Time in heart-rate zones", headings("Zone", "bpm", "Time>", "Share>"), rows)


_TOTALS = {
    "duration_s": "Duration",
    "timer_s": "Timer time",
    "total_cycles": "Crank turns",
    "standing_s": "Standing time",
    "training_stress_score": "Training stress score",
}


def head_unit(analysis: ClassAnalysis) -> Table | None:
    """Our totals beside those that the head unit itself wrote."""
    if not analysis.agreement:
        return None
    rows = []
    for item in analysis.agreement:
        known = analysis.metrics.get(item.name)
        name = _TOTALS.get(item.name) or (title(known) if known else words.clean(item.name))
        gap = item.difference_pct
        unit = "" if item.name == "total_cycles" else item.unit  # its name has it, and the column is narrow
        rows.append(
            Row(
                (
                    Cell(name),
                    Cell(words.quantity(item.ours, unit), item.ours),
                    Cell(words.quantity(item.head_unit, unit), item.head_unit),
                    Cell(words.ABSENT if gap is None else f"{words.signed(gap, '%')}{words.NARROW}%", gap),
                )
            )
        )
    return Table(
        "Beside the head unit's own totals",
        headings("", "This report>", "Head unit>", "Difference>"),
        tuple(rows),
        "Head units differ in whether they count zeros and pauses; small differences are rules, not errors.",
    )


_DRIFTS = {
    "heart_rate": "Heart rate at equal work",
    "cadence": "Cadence at equal torque",
    "onset": "Onset of the sag in cadence",
    "symmetry": "Right share of power",
    "smoothness": "Pedal smoothness",
    "respiration": "Breathing rate",
}


def drift(analysis: ClassAnalysis) -> Table | None:
    """Each drift with its interval, or why there is none."""
    if not analysis.drift:
        return None
    rows = []
    for name in sorted(analysis.drift, key=lambda key: list(_DRIFTS).index(key) if key in _DRIFTS else 99):
        item = analysis.drift[name]
        label = Cell(_DRIFTS.get(name, name.replace("_", " ").capitalize()))
        if not item.applicable or (item.value is None and item.window_min is None):
            why = f"not applicable: {words.clean(item.why_not or 'not computed', 200)}"
            rows.append(Row((label, Cell(why))))
            continue
        window = item.window_min
        within = words.interval(item.low, item.high, item.unit)
        if window is not None:
            within = f"minute {words.number(window[0])} to {words.number(window[1])}"
        value = Cell(f"{words.signed(item.value, item.unit)}{words.NARROW}{item.unit}", item.value)
        if name == "onset":
            value = Cell(f"minute {words.number(item.value)}", item.value)
        note = words.sentence(words.clean(item.detail, 800))
        rows.append(Row((label, value, Cell(within), Cell(item.evidence), Cell(note))))
    return Table(
        "Drift over the class",
        headings("", "Value>", "Interval", "Evidence", "Remark"),
        tuple(rows),
        "The programme, heat, coffee and a loose strap can look like fatigue.",
    )


def title(result: MetricResult) -> str:
    """A metric's name for people, from its row; from its own name where it came without one."""
    return result.title or result.name.replace("_", " ").capitalize()


def remark(analysis: ClassAnalysis, result: MetricResult) -> str:
    """What must be read with a metric's number, in a few words; or empty."""
    if result.name == "grinding_recovery_ratio" and short_recovery(analysis):
        return SHORT_RECOVERY
    return words.clean(result.note, 80) or OVER.get(result.name, "")


def _group(name: str) -> str:
    for group, members in glossary.METRIC_GROUPS:
        for member in members:
            if name == member or (member.endswith("_") and name.startswith(member)):
                return group
    return "Other"


def metrics(analysis: ClassAnalysis) -> Table | None:
    """Every metric that has a value, by group: value, unit, interval, coverage, evidence."""
    rows = []
    for group in (*(name for name, _ in glossary.METRIC_GROUPS), "Other"):
        members = [
            result
            for name, result in analysis.metrics.items()
            if result.value is not None and _group(name) == group
        ]
        if members:
            rows.append(Row((Cell(group),), group=True))
        rows.extend(
            Row(
                (
                    Cell(
                        f"{title(result)} ({said})" if (said := remark(analysis, result)) else title(result)
                    ),
                    Cell(words.amount(result.value, result.unit), result.value, result.name),
                    Cell(result.unit),
                    Cell(words.interval(result.low, result.high, result.unit)),
                    Cell(words.percent(result.coverage) if result.coverage is not None else ""),
                    Cell(result.evidence),
                )
            )
            for result in members
        )
    columns = headings("Metric", "Value>", "Unit", "Interval", "Coverage>", "Evidence")
    return Table("All metrics", columns, tuple(rows)) if rows else None


def absent(analysis: ClassAnalysis) -> Table | None:
    """Every metric without a value, gathered by the reason."""
    reasons: dict[str, list[str]] = {}
    for result in analysis.metrics.values():
        if result.value is None:
            reasons.setdefault(result.absent_because or "not computed", []).append(title(result))
    rows = tuple(
        Row((Cell(words.sentence(words.clean(reason, 200))), Cell("; ".join(names) + ".")))
        for reason, names in reasons.items()
    )
    return Table("Metrics that are absent, and why", headings("Why", "Metrics"), rows) if rows else None


def unchecked(analysis: ClassAnalysis) -> Table | None:
    """Rules without their inputs: silence is never clearance."""
    if not analysis.review.unchecked:
        return None
    rows = []
    for item in analysis.review.unchecked:
        rule = words.clean(item.rule)
        name = glossary.RULES.get(rule)
        rows.append(
            Row(
                (
                    Cell(f"{rule} {name}" if name else rule),
                    Cell(words.sentence(words.clean(item.reason, 300))),
                )
            )
        )
    return Table("Rules that could not be checked", headings("Rule", "Why"), tuple(rows))


def coverage(analysis: ClassAnalysis) -> Table | None:
    """How much of the class each channel covers."""
    if not analysis.quality.coverage:
        return None
    rows = tuple(
        Row((Cell(CHANNELS[name].label if name in CHANNELS else name), Cell(words.percent(share), share)))
        for name, share in analysis.quality.coverage.items()
    )
    return Table("Coverage by channel", headings("Channel", "Share of the class>"), rows)


def issues(analysis: ClassAnalysis) -> Table | None:
    """What was wrong with the data, where, and how often."""
    if not analysis.quality.issues:
        return None
    rows = tuple(
        Row(
            (
                Cell(words.clean(issue.code.replace("_", " ").capitalize())),
                Cell(
                    words.span(issue.start_s, issue.stop_s)
                    or ("" if issue.start_s is None else f"at {words.clock(issue.start_s)}")
                ),
                Cell(words.number(issue.count), float(issue.count)),
                Cell(words.sentence(words.clean(issue.detail, 300))),
            )
        )
        for issue in analysis.quality.issues
    )
    return Table("Issues found in the data", headings("Issue", "Time", "Count>", "Detail"), rows)


def devices(analysis: ClassAnalysis) -> Table | None:
    """Sensors and recorders that took part."""
    if not analysis.recording.devices:
        return None
    rows = tuple(
        Row(
            texts(
                words.clean(device.kind.replace("_", " ")).capitalize(),
                device_name(device) or words.ABSENT,
                words.clean(device.serial, 40),
                words.clean(device.software, 20),
                words.clean(device.battery, 20),
            )
        )
        for device in analysis.recording.devices
    )
    return Table("Devices", headings("Kind", "Device", "Serial number", "Software", "Battery"), rows)


def limits(analysis: ClassAnalysis) -> Table | None:
    """Every threshold as it stood, those that were overridden marked."""
    return _limits("Limits used", analysis.limits)


def review_limits(analysis: ClassAnalysis) -> Table | None:
    """The thresholds that decide about a review, and every one that was overridden: what fits on paper."""
    rows = (row for row in analysis.limits if row.overridden or row.name.startswith(glossary.REVIEW_LIMITS))
    return _limits("Limits of the review", tuple(rows))


def _limits(caption: str, limits: tuple[LimitUsed, ...]) -> Table | None:
    rows = tuple(
        Row(
            (
                Cell(limit.name),
                Cell(words.plain(limit.value), limit.value),
                Cell(limit.unit),
                Cell(limit.evidence),
                Cell(
                    f"set for this rider; default {words.plain(limit.default)}"
                    if limit.overridden
                    else limit.source
                ),
            ),
            marked=limit.overridden,
        )
        for limit in limits
    )
    return Table(caption, headings("Limit", "Value>", "Unit", "Evidence", "Source"), rows) if rows else None
