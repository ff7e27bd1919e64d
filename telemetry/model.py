"""The hall: the data model that every room opens onto, in one file.

What travels: bytes become a `ClassRecording` (ingest), a recording becomes a `ClassAnalysis` (analysis), an
analysis becomes a page (reports). A room imports this file and no other room.

Missing is missing: null in tables, NaN only inside kernels, and `ClassRecording.array` is the one crossing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from telemetry.errors import BadInput, MissingChannel

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    import pandas as pd
    import polars as pl

SCHEMA = "telemetry.analysis/1"

Evidence = Literal["A", "B", "C", "D"]
"""How well founded "this number says something about a rider's back" is: A validated (none exists),
B measured in cyclists' backs, C indirect, D expert opinion or our own choice."""

QualityGrade = Literal["good", "fair", "poor", "not_usable"]
ReviewState = Literal["usual", "note", "review", "not_enough_data", "see_clinician"]
Tier = Literal["loaded", "grinding", "heavy"]
TrustState = Literal["measured", "interpolated", "masked", "missing", "estimated"]

TRUST_STATES: tuple[TrustState, ...] = ("measured", "interpolated", "masked", "missing", "estimated")
"""State codes in kernels are positions in this tuple: 0 measured … 4 estimated."""


# --- channels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity: its column name, unit, label for people, and how it behaves between samples."""

    name: str
    unit: str
    label: str
    continuous: bool = True
    """True where a value between two samples may be interpolated, False for steps and states."""


CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel("time_s", "s", "Time since the start"),
        Channel("power_w", "W", "Power"),
        Channel("cadence_rpm", "rpm", "Cadence"),
        Channel("torque_nm", "N·m", "Crank torque"),
        Channel("heart_rate_bpm", "bpm", "Heart rate"),
        Channel("right_balance_pct", "%", "Right share of power"),
        Channel("left_torque_effectiveness_pct", "%", "Left torque effectiveness"),
        Channel("right_torque_effectiveness_pct", "%", "Right torque effectiveness"),
        Channel("left_pedal_smoothness_pct", "%", "Left pedal smoothness"),
        Channel("right_pedal_smoothness_pct", "%", "Right pedal smoothness"),
        Channel("combined_pedal_smoothness_pct", "%", "Pedal smoothness, both sides"),
        Channel("resistance_level", "", "Resistance level", continuous=False),
        Channel("resistance_pct", "%", "Resistance", continuous=False),
        Channel("speed_mps", "m/s", "Speed"),
        Channel("distance_m", "m", "Distance"),
        Channel("respiration_per_min", "1/min", "Breathing rate"),
        Channel("standing", "", "Standing (1) or seated (0)", continuous=False),
        Channel("temperature_c", "°C", "Temperature"),
    )
}


# --- what a recording holds ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Issue:
    """One defect of the data: a stable code, where, how often, and a sentence."""

    code: str
    start_s: float | None = None
    stop_s: float | None = None
    count: int = 1
    detail: str = ""
    seconds: float | None = None
    """seconds of recorded time affected, where that is known"""


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch without recording that the device itself announced (timer stopped)."""

    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Lap:
    """A block of the class: a lap of the head unit or a step of the programme."""

    start_s: float
    stop_s: float
    label: str = ""
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor or recorder that took part. `measures` names the channels it is believed to have measured."""

    kind: str
    """recorder, power, fitness_equipment, heart_rate, cadence, speed, speed_cadence, other"""
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    software: str = ""
    battery: str = ""
    measures: tuple[str, ...] = ()
    single_sided: bool | None = None


@dataclass(frozen=True, slots=True)
class RiderHints:
    """What the file itself says of its rider. Hints, not facts: a default FTP of 200 W is left out."""

    mass_kg: float | None = None
    ftp_w: float | None = None
    ftp_source: str = ""
    """session.threshold_power, zones_target, or empty"""
    ftp_doubt: str = ""
    """why the file's FTP is not to be trusted, or empty"""
    max_hr_bpm: float | None = None
    resting_hr_bpm: float | None = None
    threshold_hr_bpm: float | None = None
    crank_length_mm: float | None = None


@dataclass(frozen=True)
class ClassRecording:
    """One rider's class on one bike: samples on the recorder's own time base, and what is known about them.

    `samples` has `time_s` (elapsed since `started_at`, float64, strictly increasing) and those columns of
    `CHANNELS` that the source has, float64, null where nothing was measured. Raw: nothing is cleaned here.
    """

    id: str
    source: str
    """fit, fit.gz, tcx, csv, antplus, pandas …"""
    samples: pl.DataFrame
    file: str | None = None
    """the file's name, without its folder"""
    started_at: datetime | None = None
    """UTC-aware; None where the source has no calendar time"""
    utc_offset_s: float | None = None
    sport: str = ""
    sub_sport: str = ""
    rider_id: str | None = None
    bike_id: str | None = None
    class_id: str | None = None
    devices: tuple[Device, ...] = ()
    pauses: tuple[Pause, ...] = ()
    laps: tuple[Lap, ...] = ()
    hints: RiderHints = field(default_factory=RiderHints)
    head_unit: Mapping[str, float] = field(default_factory=dict)
    """the recorder's own totals, by our names: duration_s, timer_s, mean_power_w, max_power_w, work_kj,
    normalized_power_w, mean_cadence_rpm, mean_heart_rate_bpm, max_heart_rate_bpm, total_cycles,
    standing_s, training_stress_score, right_balance_pct"""
    issues: tuple[Issue, ...] = ()
    """what ingest saw: damage, duplicates, clock jumps, two power sources"""
    posture_known: bool = False
    """True where rider-position events exist, so that `standing` is recorded and not guessed"""
    single_sided: bool | None = None
    """True: one crank doubled; False: both measured; None: unknown"""
    balance_convention: str = ""
    """right_flag, left_unflagged, or empty"""
    resistance_trust: str = "absent"
    """absent, constant, inverted, plausible"""
    power_source: str = ""
    """which device the power was taken from, where the source says"""
    torque_source: str = ""
    """crank or wheel where torque was measured; empty where it is to be derived from power"""
    salvaged: bool = False
    """True where part of the file was damaged and records were recovered around it"""

    def __len__(self) -> int:
        return self.samples.height

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with at least one value, in the order of `CHANNELS`, without `time_s`."""
        have = self.samples
        return tuple(
            name
            for name in CHANNELS
            if name != "time_s" and name in have.columns and have[name].null_count() < have.height
        )

    @property
    def duration_s(self) -> float:
        """Elapsed seconds from the first to the end of the last sample."""
        if not self.samples.height:
            return 0.0
        if self.samples.height == 1:
            return 0.0
        import numpy as np

        times = self.samples["time_s"].to_numpy()
        return float(times[-1] - times[0] + np.median(np.diff(times)))

    def has(self, channel: str) -> bool:
        """True where the channel is there with at least one value."""
        return channel in self.samples.columns and (self.samples[channel].null_count() < self.samples.height)

    def array(self, channel: str) -> np.ndarray:
        """One channel as a read-only float64 array (n,), null as NaN: the one crossing into kernels.

        Raises
        ------
        MissingChannel : the recording has no such channel
        """
        import numpy as np
        import polars as pl

        if channel not in self.samples.columns:
            raise MissingChannel(
                f"no channel {channel!r}",
                file=self.file,
                expected="one of " + ", ".join(self.samples.columns),
            )
        column = self.samples[channel]
        if column.dtype != pl.Float64:
            column = column.cast(pl.Float64)
        values = np.ascontiguousarray(column.to_numpy())  # a float column's null comes out as NaN
        if values.flags.writeable:
            values.flags.writeable = False
        return values

    def to_pandas(self) -> pd.DataFrame:
        """The samples as a pandas frame, missing as NaN. Needs no package beside pandas."""
        import pandas as pd

        frame = pd.DataFrame({name: self.array(name).copy() for name in self.samples.columns})
        frame.attrs["id"] = self.id
        return frame

    @classmethod
    def from_pandas(
        cls, frame: pd.DataFrame, *, id: str = "", started_at: datetime | None = None
    ) -> ClassRecording:
        """A recording from a pandas frame whose columns are named as in `CHANNELS` (`time_s` is needed).

        Raises
        ------
        BadInput : no `time_s`, a column that is no number, or times that do not increase
        """
        import hashlib

        import numpy as np
        import polars as pl

        if "time_s" not in frame.columns:
            raise BadInput(
                "the frame has no time_s column",
                expected="seconds since the start in time_s",
                got=", ".join(map(str, frame.columns)) or "no columns",
            )
        if started_at is not None and started_at.tzinfo is None:
            raise BadInput("started_at has no time zone", expected="an aware datetime", got=str(started_at))
        columns: dict[str, pl.Series] = {}
        for name in CHANNELS:
            if name not in frame.columns:
                continue
            try:
                values = np.asarray(frame[name].to_numpy(dtype="float64", na_value=np.nan))
            except (TypeError, ValueError) as cause:
                raise BadInput("a column is not numeric", place=f"column {name}") from cause
            columns[name] = pl.Series(name, values, nan_to_null=True)
        times = columns["time_s"]
        if times.null_count() or bool((times.diff().drop_nulls() <= 0).any()):
            raise BadInput(
                "time_s has gaps or goes back", expected="increasing seconds without missing values"
            )
        samples = pl.DataFrame(list(columns.values()))
        if not id:
            digest = hashlib.sha256()
            for column in samples.columns:
                digest.update(column.encode())
                digest.update(samples[column].fill_null(math.nan).to_numpy().tobytes())
            id = digest.hexdigest()[:12]
        return cls(id=id, source="pandas", samples=samples, started_at=started_at)


# --- who rides ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rider:
    """What is known about a rider, from a file, the library or the command line. None: not known."""

    rider_id: str | None = None
    mass_kg: float | None = None
    ftp_w: float | None = None
    cp_w: float | None = None
    w_prime_j: float | None = None
    crank_length_mm: float | None = None
    max_hr_bpm: float | None = None
    resting_hr_bpm: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    """overridden rows of `limits.py`, by name"""
    ftp_source: str = "rider file"
    """where `ftp_w` was said: command line, rider file, library"""
    meter_error_pct: float | None = None
    """the power meter's stated error, where known"""


@dataclass(frozen=True, slots=True)
class Symptoms:
    """Pain a rider noted for this class, 0 to 10, and what is usual for them."""

    pain: float | None = None
    usual_pain: float | None = None


# --- what an analysis holds ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One number with its interval, how much of the class it saw, and how well founded it is."""

    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    evidence: Evidence = "D"
    absent_because: str | None = None
    title: str = ""
    """the name for people, from the metric's row; pages print it, the JSON leaves it to the reference"""
    formula: str = ""
    """the formula in words, from the metric's row"""


@dataclass(frozen=True, slots=True)
class Bout:
    """A stretch of slow, heavy pedalling."""

    tier: Tier
    start_s: float
    stop_s: float
    duration_s: float
    strokes: float
    work_kj: float
    torque_load: float
    mean_cadence_rpm: float
    mean_torque_nm: float
    standing_s: float | None = None
    """seconds of it standing, where position events exist"""


@dataclass(frozen=True, slots=True)
class Drift:
    """One fatigue-drift result, or why there is none."""

    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    applicable: bool = True
    why_not: str | None = None
    window_min: tuple[float, float] | None = None
    """for the onset: between which minutes"""
    detail: str = ""
    """confounders and caveats, printed beside the number"""
    evidence: Evidence = "D"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a class is worth a look: value against limit, when, and how well founded."""

    code: str
    title: str
    value: float
    limit: float
    unit: str
    evidence: Evidence
    message: str
    would_change: str
    start_s: float | None = None
    stop_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A rule that could not be checked, and why: silence is never clearance."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """The back-risk review of one class: a state with counted, named reasons, never a probability."""

    state: ReviewState
    flagged: bool
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    summary: str = ""
    """one sentence for the rider"""
    statement: str = ""
    """what the review can and cannot say; the fixed text of `see_clinician`"""
    next_step: str = ""
    """what to do where there is not enough data"""
    questions: tuple[str, ...] = ()
    """what the rider may be asked, and nothing more: no rule and no state depends on them"""
    baseline: Mapping[str, Any] | None = None
    """the rider's own earlier classes that R1 used: n, from, to, limits, as_of; None without any"""


@dataclass(frozen=True, slots=True)
class LimitUsed:
    """A threshold as it stood in this analysis."""

    name: str
    value: float
    unit: str
    source: str
    evidence: Evidence
    overridden: bool = False
    default: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the data of this class are."""

    grade: QualityGrade
    coverage: Mapping[str, float]
    """by channel, 0..1"""
    issues: tuple[Issue, ...] = ()
    reasons: tuple[str, ...] = ()
    """why it is not graded higher, in words"""


@dataclass(frozen=True, slots=True)
class Block:
    """One lap or programme step with its own load: a row of the block-by-block table."""

    label: str
    start_s: float
    stop_s: float
    mean_power_w: float | None = None
    mean_cadence_rpm: float | None = None
    mean_torque_nm: float | None = None
    mean_heart_rate_bpm: float | None = None
    torque_load: float | None = None
    grinding_s: float | None = None
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The same class at the same power with faster legs."""

    added_rpm: float
    torque_load: float | None
    grinding_min: float | None
    grinding_bouts: float | None
    strokes: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One of the head unit's own totals beside ours."""

    name: str
    ours: float
    head_unit: float
    unit: str
    difference_pct: float | None


@dataclass(frozen=True, slots=True)
class HeartRateZone:
    """Time spent in one heart-rate zone."""

    label: str
    low_bpm: float
    high_bpm: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class BalanceBin:
    """Power-weighted right share of power in one torque bin, for comparison between classes."""

    low_nm: float
    high_nm: float
    right_pct: float
    seconds: float


@dataclass(frozen=True)
class History:
    """What is known of a rider's other days, so that a class can be held against their own usual.

    `past` holds earlier `ClassAnalysis` objects or the mappings of their JSON, in any order; those that do
    not start before the class at hand (or before `as_of`) are left out by whoever reads them.
    """

    past: tuple[Any, ...] = ()
    diary: tuple[Any, ...] = ()
    """entries as mappings: kind, at (datetime or ISO text), value; see `analysis/history.py`"""
    as_of: datetime | None = None
    """UTC-aware; None: the start of the class"""


@dataclass(frozen=True)
class ClassAnalysis:
    """Everything computed for one class. Every page, table and JSON is drawn from this object only."""

    recording: ClassRecording
    rider: Mapping[str, Any]
    """what was known: mass_kg, ftp_w, ftp_source, crank_length_mm, max_hr_bpm, …, torque_reference_nm,
    torque_reference_source, grinding_reference_nm, grinding_reference_source"""
    quality: Quality
    metrics: Mapping[str, MetricResult]
    bouts: tuple[Bout, ...]
    drift: Mapping[str, Drift]
    """cadence, heart_rate, symmetry, smoothness, respiration, onset"""
    review: Review
    limits: tuple[LimitUsed, ...]
    blocks: tuple[Block, ...] = ()
    posture: Mapping[str, Any] = field(default_factory=dict)
    """known (bool), seated_s, standing_s, note"""
    counterfactuals: tuple[Counterfactual, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    heart_rate_zones: tuple[HeartRateZone, ...] = ()
    balance_bins: tuple[BalanceBin, ...] = ()
    """right share by torque, bins of 10 N·m with a minute or more in them; empty without dual-sided power"""
    samples: pl.DataFrame | None = None
    """conditioned samples: time_s, dt_s, power_w, cadence_rpm, torque_nm, heart_rate_bpm, … with a
    `<channel>_state` (a `TrustState`) each, pedalling (bool), in_bout (bool), and power_smooth_w,
    cadence_smooth_rpm, torque_smooth_nm as used for thresholds; null where there is nothing"""
    curves: Mapping[str, Any] = field(default_factory=dict)
    """arrays for figures, by the names that docs/reference/curves.md lists"""

    def metric(self, name: str) -> float | None:
        """Value of a metric, None where absent."""
        result = self.metrics.get(name)
        return None if result is None else result.value

    def to_dict(self) -> dict[str, Any]:
        """The one JSON object of `telemetry analyze --json`: plain types, no NaN, stable key order."""
        recording = self.recording
        return {
            "schema": SCHEMA,
            "recording": {
                "id": recording.id,
                "source": recording.source,
                "file": recording.file,
                "started_at": _iso(recording.started_at),
                "utc_offset_s": _plain(recording.utc_offset_s),
                "duration_s": _plain(recording.duration_s),
                "sport": recording.sport,
                "sub_sport": recording.sub_sport,
                "rider_id": recording.rider_id,
                "bike_id": recording.bike_id,
                "class_id": recording.class_id,
                "devices": [_plain(device) for device in recording.devices],
                "channels": list(recording.channels),
                "power_source": recording.power_source,
                "torque_source": recording.torque_source,
                "single_sided": recording.single_sided,
                "resistance_trust": recording.resistance_trust,
                "salvaged": recording.salvaged,
            },
            "rider": _plain(self.rider),
            "quality": _plain(self.quality),
            "metrics": {
                name: {
                    "value": _plain(result.value),
                    "unit": result.unit,
                    "low": _plain(result.low),
                    "high": _plain(result.high),
                    "coverage": _plain(result.coverage),
                    "evidence": result.evidence,
                    "absent_because": result.absent_because,
                }
                for name, result in self.metrics.items()
            },
            "bouts": [_plain(bout) for bout in self.bouts],
            "drift": {name: _plain(drift) for name, drift in self.drift.items()},
            "review": _plain(self.review),
            "limits": [_plain(limit) for limit in self.limits],
            "laps": [_plain(block) for block in self.blocks],
            "posture": _plain(self.posture),
            "counterfactual": [_plain(item) for item in self.counterfactuals],
            "head_unit": [_plain(item) for item in self.agreement],
            "heart_rate_zones": [_plain(zone) for zone in self.heart_rate_zones],
            "balance": [_plain(item) for item in self.balance_bins],
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Dataclasses, mappings and NumPy scalars as JSON types; floats rounded to 9 significant digits, no NaN.

    Nine digits hold every sensor's precision many times over and hide the last bits, which differ between
    machines: the golden files compare equal everywhere.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "__dataclass_fields__"):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return str(value)
