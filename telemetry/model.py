"""The hall: the data model that every room opens onto, in one file.

What travels: bytes become a `ClassRecording` (ingest), a recording becomes a `ClassAnalysis` (analysis), an
analysis becomes a page (reports). Many classes and a `Diary` become a `TrendAnalysis` (analysis), and that a
page. A room imports this file and no other room.

Missing is missing: null in tables, NaN only inside kernels, and `ClassRecording.array` is the one crossing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from telemetry.errors import BadInput, MissingChannel

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd
    import polars as pl

SCHEMA = "telemetry.analysis/1"
TRENDS_SCHEMA = "telemetry.trends/1"

FARTHEST_S = 1e11
"""Seconds beyond some three thousand years are no times."""

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
        Channel("silence_s", "s", "Silence bridged by counters", continuous=False),
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


def middle_step(steps: np.ndarray) -> float:
    """Median of the steps between samples (n,), n > 0. Most recorders keep to one: nothing is sorted then."""
    import numpy as np

    return float(steps[0]) if (steps == steps[0]).all() else float(np.median(steps))


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

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Channels with at least one value, in the order of `CHANNELS`, without `time_s`."""
        have = self.samples
        return tuple(
            name
            for name in CHANNELS
            if name != "time_s" and name in have.columns and have[name].null_count() < have.height
        )

    @cached_property
    def duration_s(self) -> float:
        """Elapsed seconds from the first to the end of the last sample."""
        if self.samples.height < 2:
            return 0.0
        times = self.samples["time_s"].to_numpy()
        return float(times[-1] - times[0]) + middle_step(times[1:] - times[:-1])

    def has(self, channel: str) -> bool:
        """True where the channel is there with at least one value."""
        if channel in CHANNELS and channel != "time_s":
            return channel in self.channels
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
            # nothing measured is infinite: a division by zero of somebody's own
            values = values if name == "time_s" else np.where(np.isfinite(values), values, np.nan)
            columns[name] = pl.Series(name, values, nan_to_null=True)
        times = columns["time_s"]
        if bool((times.abs() > FARTHEST_S).any()):
            raise BadInput("time_s holds what is no time", expected=f"seconds below {FARTHEST_S:g}")
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
    note: str = ""
    """what must be read with the number in this class, or empty"""


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


@dataclass(frozen=True, slots=True)
class RunningLoad:
    """What a class had added up to, minute by minute: value i is the load so far at `minute[i]`."""

    minute: tuple[float, ...] = ()
    """elapsed minutes from the start; whole ones, and the end of the class"""
    torque_load: tuple[float | None, ...] = ()
    grinding_min: tuple[float | None, ...] = ()
    strokes: tuple[float | None, ...] = ()
    unbroken_min: tuple[float | None, ...] = ()
    """minutes since the last break from pedalling in one posture, at that minute"""


@dataclass(frozen=True, slots=True)
class PastClass:
    """What one class says to later ones and to a trend. The library keeps rows of this; `analysis.history`
    makes them from a `ClassAnalysis` or its JSON."""

    started_at: datetime
    torque_load: float | None
    """on the T_ref of its own day"""
    torque_reference_nm: float | None
    reference_kind: str
    """ftp, body or absolute: where T_ref came from"""
    grinding_strokes: float | None
    pedalling_min: float | None
    usable: bool
    """quality good or fair"""
    power_measured: bool
    balance: tuple[BalanceBin, ...]
    id: str = ""
    duration_s: float = 0.0
    bike_id: str | None = None
    quality: str = ""
    state: str = ""
    """the review as it stood when the class was analysed"""
    reasons: tuple[str, ...] = ()
    """codes of its findings"""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    """every metric's value by name, None where absent"""
    by_minute: RunningLoad | None = None
    version: str = ""
    """version of the code that analysed it, where it is kept"""


@dataclass(frozen=True)
class History:
    """What is known of a rider's other days, so that a class can be held against their own usual.

    `past` holds earlier `PastClass` rows, `ClassAnalysis` objects or the mappings of their JSON, in any
    order; those that do not start before the class at hand (or before `as_of`) are left out by whoever reads.
    """

    past: tuple[Any, ...] = ()
    diary: tuple[Any, ...] | Diary = ()
    """a `Diary`, or its entries; plain mappings (kind, at, value) do as well, see `analysis/history.py`"""
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
    by_minute: RunningLoad | None = None
    """loads so far at each minute; None where torque is not known"""
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
                    "note": result.note,
                }
                for name, result in self.metrics.items()
            },
            "bouts": [_plain(bout) for bout in self.bouts],
            "drift": {name: _plain(drift) for name, drift in self.drift.items()},
            "review": _plain(self.review),
            "limits": [dict(_plain_limit(limit)) for limit in self.limits],
            "laps": [_plain(block) for block in self.blocks],
            "posture": _plain(self.posture),
            "counterfactual": [_plain(item) for item in self.counterfactuals],
            "head_unit": [_plain(item) for item in self.agreement],
            "heart_rate_zones": [_plain(zone) for zone in self.heart_rate_zones],
            "balance": [_plain(item) for item in self.balance_bins],
            "by_minute": _plain(self.by_minute),
        }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Dataclasses, mappings and NumPy scalars as JSON types; floats rounded to 9 significant digits, no NaN.

    Nine digits hold every sensor's precision many times over and hide the last bits, which differ between
    machines: the golden files compare equal everywhere. What is most of an analysis is asked for first: this
    is called two thousand times a class.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        if value.is_integer() and -1e9 < value < 1e9:
            return value
        return float(f"{value:.9g}") if math.isfinite(value) else None
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    names = _field_names(kind)
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return _plain(float(value))
    if isinstance(value, datetime):
        return _iso(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@lru_cache(maxsize=1024)
def _plain_limit(limit: LimitUsed) -> dict[str, Any]:
    """A limit as JSON, worked out once: a thousand classes are held against the same hundred rows."""
    found: dict[str, Any] = _plain(limit)
    return found


_AS_THEY_ARE = frozenset((str, bool, int, type(None)))


_FIELD_NAMES: dict[type, tuple[str, ...] | None] = {}


def _field_names(kind: type[Any]) -> tuple[str, ...] | None:
    """Names of a dataclass's fields, None for every other type; looked up once for each type."""
    if kind not in _FIELD_NAMES:
        found = hasattr(kind, "__dataclass_fields__")
        _FIELD_NAMES[kind] = tuple(item.name for item in fields(kind)) if found else None
    return _FIELD_NAMES[kind]


# --- the diary ----------------------------------------------------------------------------------------------

PainPhase = Literal["before", "during", "after"]
PainGroup = Literal["back", "leg", "other"]

SITES: dict[str, PainGroup] = {
    "low_back": "back",
    "upper_back": "back",
    "pelvis": "back",
    "buttock": "leg",
    "leg": "leg",
    "foot": "leg",
    "neck": "other",
    "shoulder": "other",
    "hand": "other",
    "knee": "other",
    "other": "other",
}
"""Where pain is noted, and with which series it is drawn: leg pain is kept apart from back pain."""

TREATMENTS = ("adjustment", "massage", "dry_needling", "shockwave", "exercise_session", "other")
CONFOUNDERS = ("analgesic", "illness", "load_outside")
PHASES = ("create_window", "rebuild", "load")
"""Names of the rehab phases; dates are entered, never inferred, and other names are allowed."""
QUESTIONNAIRES = {"ODI": 100.0, "RMDQ": 24.0}
"""Questionnaires by name with their largest total."""


def _checked(value: Any, place: str, low: float, high: float, what: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise BadInput(
            f"{what} is out of bounds", place=place, expected=f"{low:g} to {high:g}", got=repr(value)
        )


def _aware(value: Any, place: str) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadInput("a time has no zone", place=place, expected="an aware datetime", got=str(value))


def _one_of(value: str, known: Any, place: str) -> None:
    if value not in known:
        raise BadInput(f"{value!r} is not known", place=place, expected="one of " + ", ".join(known))


@dataclass(frozen=True, slots=True)
class PainEntry:
    """Pain from 0 to 10 on the numeric rating scale, at one moment. Several a day and a class are usual."""

    when: datetime
    nrs: float
    site: str = "low_back"
    class_minute: float | None = None
    """minutes into the class, where it was noted in one"""
    phase: PainPhase | None = None
    """before, during or after a class; None: not in connection with one"""
    note: str = ""
    entered_at: datetime | None = None
    """when it was written down; None: at once"""
    id: str = ""
    """the library's name of the entry; empty where it is not kept"""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, pain")
        _checked(self.nrs, "diary, pain", 0.0, 10.0, "a pain rating")
        _one_of(self.site, SITES, "diary, pain site")
        if self.phase is not None:
            _one_of(self.phase, ("before", "during", "after"), "diary, pain phase")
        if self.class_minute is not None:
            _checked(self.class_minute, "diary, class minute", 0.0, 1440.0, "a minute of a class")

    @property
    def group(self) -> PainGroup:
        """back, leg or other."""
        return SITES[self.site]


@dataclass(frozen=True, slots=True)
class Treatment:
    """Something done for the back: one of `TREATMENTS`."""

    when: datetime
    kind: str
    note: str = ""
    whole_day: bool = False
    """True where only the day is known; `when` is then the start of that day in the rider's zone"""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, treatment")
        _one_of(self.kind, TREATMENTS, "diary, treatment")


@dataclass(frozen=True, slots=True)
class Setting:
    """How one bike was set from a moment on. None: not said, so as it was before."""

    when: datetime
    bike: str = ""
    """the bike's id; empty: whatever bike the rider takes"""
    saddle_height_mm: float | None = None
    saddle_setback_mm: float | None = None
    saddle_tilt_deg: float | None = None
    handlebar_height_mm: float | None = None
    handlebar_reach_mm: float | None = None
    crank_length_mm: float | None = None
    note: str = ""
    whole_day: bool = False
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, setting")
        for name in SETTING_FIELDS:
            value = getattr(self, name)
            if value is not None:
                _checked(value, f"diary, {name}", -2000.0, 2000.0, "a bike setting")

    @property
    def values(self) -> dict[str, float]:
        """What was said, by name."""
        said = {name: getattr(self, name) for name in SETTING_FIELDS}
        return {name: value for name, value in said.items() if value is not None}


SETTING_FIELDS = (
    "saddle_height_mm",
    "saddle_setback_mm",
    "saddle_tilt_deg",
    "handlebar_height_mm",
    "handlebar_reach_mm",
    "crank_length_mm",
)


@dataclass(frozen=True, slots=True)
class Phase:
    """A rehab phase by the dates a person entered, both days included; no last day: still running."""

    first: date
    last: date | None
    name: str
    note: str = ""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise BadInput("a phase ends before it begins", place=f"diary, phase {self.name}")


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """The total of a questionnaire: ODI in percent (0 to 100), RMDQ in points (0 to 24); lower is better."""

    when: datetime
    name: str
    total: float
    note: str = ""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, questionnaire")
        _one_of(self.name, QUESTIONNAIRES, "diary, questionnaire")
        _checked(self.total, f"diary, {self.name}", 0.0, QUESTIONNAIRES[self.name], "a total")


@dataclass(frozen=True, slots=True)
class Confounder:
    """Something else that moves pain or load: analgesics, illness, load outside the class."""

    when: datetime
    kind: str
    until: datetime | None = None
    note: str = ""
    """what and how much, in the rider's words"""
    whole_day: bool = False
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, confounder")
        _one_of(self.kind, CONFOUNDERS, "diary, confounder")
        if self.until is not None and self.until < self.when:
            raise BadInput("it ends before it begins", place=f"diary, {self.kind}")


@dataclass(frozen=True, slots=True)
class Screening:
    """Answers to the screening questions, or, with `cleared`, a clinician's word that they were looked at.

    A yes stands from its day until a later `cleared` entry.
    """

    when: datetime
    answers: Mapping[str, bool] = field(default_factory=dict)
    """codes of the questions to yes or no; what is left out was not answered"""
    cleared: bool = False
    author: str = ""
    note: str = ""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, screening")


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """A clinician's own limit of one metric for this rider, dated: printed as theirs, never as ours."""

    when: datetime
    metric: str
    value: float
    unit: str = ""
    until: datetime | None = None
    author: str = ""
    note: str = ""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, limit")
        _checked(self.value, f"diary, limit of {self.metric}", -1e9, 1e9, "a limit")


@dataclass(frozen=True, slots=True)
class Comment:
    """A clinician's dated comment, printed as theirs."""

    when: datetime
    text: str
    author: str = ""
    entered_at: datetime | None = None
    id: str = ""

    def __post_init__(self) -> None:
        _aware(self.when, "diary, comment")


DiaryEntry = (
    PainEntry | Treatment | Setting | Phase | Questionnaire | Confounder | Screening | OwnLimit | Comment
)


@dataclass(frozen=True)
class Diary:
    """Everything a rider and a clinician wrote down, by kind; each kind in order of time."""

    pain: tuple[PainEntry, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    settings: tuple[Setting, ...] = ()
    phases: tuple[Phase, ...] = ()
    questionnaires: tuple[Questionnaire, ...] = ()
    confounders: tuple[Confounder, ...] = ()
    screenings: tuple[Screening, ...] = ()
    limits: tuple[OwnLimit, ...] = ()
    comments: tuple[Comment, ...] = ()

    @classmethod
    def of(cls, entries: Any) -> Diary:
        """A diary from entries of any kind in any order.

        Raises
        ------
        BadInput : something that is no entry of a diary
        """
        found: dict[str, list[Any]] = {name: [] for name in _KINDS.values()}
        for entry in entries:
            name = _KINDS.get(type(entry))
            if name is None:
                raise BadInput("that is no entry of a diary", place="diary", got=type(entry).__name__)
            found[name].append(entry)
        return cls(**{name: tuple(sorted(kept, key=_when)) for name, kept in found.items()})

    def __iter__(self) -> Iterator[DiaryEntry]:
        for name in _KINDS.values():
            yield from getattr(self, name)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def until(self, moment: datetime) -> Diary:
        """The diary as far as it speaks of what happened up to a moment (which is included)."""
        day = moment.date()
        return Diary.of(
            entry
            for entry in self
            if (entry.first <= day if isinstance(entry, Phase) else entry.when <= moment)
        )


_KINDS: dict[type, str] = {
    PainEntry: "pain",
    Treatment: "treatments",
    Setting: "settings",
    Phase: "phases",
    Questionnaire: "questionnaires",
    Confounder: "confounders",
    Screening: "screenings",
    OwnLimit: "limits",
    Comment: "comments",
}


def _when(entry: Any) -> Any:
    return entry.first if isinstance(entry, Phase) else entry.when


# --- what a trend holds -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One class on the control chart of torque load. Values are on the baseline's T_ref."""

    id: str
    started_at: datetime
    value: float | None
    """torque load, rescaled; None where the class is not on the chart"""
    in_baseline: bool = False
    low: float | None = None
    high: float | None = None
    """the natural limits this class was held against, as they were on its day"""
    outside: str = ""
    """above, below, or empty"""
    run: bool = False
    """True where it ends eight or more in a row on one side of the mean"""
    ewma: float | None = None
    ewma_low: float | None = None
    ewma_high: float | None = None
    ewma_signal: str = ""
    """above, below, or empty"""
    left_out: str = ""
    """why it is not on the chart"""


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Individuals chart (XmR) of log torque load with back-transformed limits, and the EWMA beside it."""

    state: Literal["none", "growing", "frozen"]
    """none: too few baseline classes; growing: 8 to 11; frozen: 12, and it stands"""
    n: int
    """baseline classes"""
    why_not: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    """start of the first and last baseline class"""
    baseline: tuple[str, ...] = ()
    """ids of the baseline classes"""
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    sigma_log: float | None = None
    torque_reference_nm: float | None = None
    reference_kind: str = ""
    rescaled: int = 0
    """classes whose own T_ref differs, so that their load was rescaled"""
    doubts: tuple[str, ...] = ()
    """what speaks against the baseline itself"""
    points: tuple[ChartPoint, ...] = ()
    false_alarms: tuple[str, ...] = ()
    """how often each rule fires in a rider whose habits do not change, in words"""


@dataclass(frozen=True, slots=True)
class TrendClass:
    """One class as a row of the trend's table and as a point of its series."""

    id: str
    started_at: datetime
    day: date
    """in the rider's zone"""
    quality: str
    state: str
    reasons: tuple[str, ...]
    bike_id: str | None
    torque_load: float | None
    """on the T_ref of its own day"""
    grinding_min: float | None
    grinding_strokes: float | None
    unbroken_min: float | None
    heart_rate_drift_bpm_per_h: float | None
    cadence_drift_class_rpm_per_min: float | None
    pain: float | None
    """highest back pain during the class or within 24 h after; None: nothing noted"""
    pain_mean: float | None
    leg_pain: float | None
    pain_entries: int
    pain_minute: float | None
    """the class minute of the first pain above 0 noted in it"""
    over_own_limits: tuple[str, ...] = ()
    """the clinician's own limits that this class passed, in words"""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week in the rider's zone. A week without a class is zero load and missing drift."""

    year: int
    week: int
    first: date
    last: date
    partial: bool
    """True where the record does not cover all of it"""
    classes: int
    without_load: int
    """classes whose torque load is not known: the sum is then too low"""
    torque_load: float
    grinding_min: float
    grinding_strokes: float
    unbroken_min: float | None
    """longest of its classes"""
    heart_rate_drift_bpm_per_h: float | None
    cadence_drift_class_rpm_per_min: float | None
    """medians of its classes"""
    pain_median: float | None
    pain_max: float | None
    leg_pain_max: float | None
    pain_entries: int
    days_with_entry: int
    monotony: float | None = None
    strain: float | None = None


@dataclass(frozen=True, slots=True)
class DailyLoad:
    """Load of one local day with its exponentially weighted means: a picture, no rule depends on it."""

    day: date
    torque_load: float
    recent: float | None
    usual: float | None
    """None until the record is as long as the mean looks back: what was before it is unknown, not zero"""


@dataclass(frozen=True, slots=True)
class ReliefEvent:
    """What pain did after one treatment, or after several at most 72 h apart."""

    when: datetime
    kinds: tuple[str, ...]
    outcome: Literal["relapse", "no_relapse_seen", "no_relief", "not_assessable"]
    base: float | None = None
    """median NRS of the seven days before"""
    base_entries: int = 0
    relief_days: float | None = None
    nadir: float | None = None
    nadir_days: float | None = None
    relapse_days: float | None = None
    not_before_days: float | None = None
    """the last entry without relapse, where the entries around it are over seven days apart"""
    followed_days: float | None = None
    """how long the diary followed it: to the relapse, the next treatment or the last entry"""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReliefRelapse:
    """Relief and relapse after each treatment, and the median time where there are enough."""

    events: tuple[ReliefEvent, ...]
    n: int
    """assessable events"""
    reliefs: int
    relapses: int
    median_days: float | None
    median_why_not: str | None
    survival: tuple[tuple[float, float], ...] = ()
    """days, share without relapse: Kaplan–Meier steps, where there are enough"""
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Lag:
    """Rank correlation of a class's load with the pain so many classes later."""

    lag: int
    n: int
    rho: float | None
    low: float | None = None
    high: float | None = None
    stands_out: bool = False
    """True where it passes what all lags together reach by shuffling alone"""
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class CoMovement:
    """Load and pain side by side, every lag shown."""

    load: str
    """name of the metric"""
    lags: tuple[Lag, ...]
    p: float | None
    says: str


@dataclass(frozen=True, slots=True)
class LoadAtPain:
    """How closely one running load agrees, over classes, at the minute the pain was noted."""

    load: str
    unit: str
    mad_log: float | None
    typical: float | None
    """median of the load at that minute"""
    z: float | None
    """against the same minutes dealt to other classes: below 0 is closer than that"""
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class OnsetMatch:
    """Which running load lines up best at the minute of pain, if any does."""

    n: int
    loads: tuple[LoadAtPain, ...]
    best: str | None
    p: float | None
    says: str
    permutations: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """Before and after, for one outcome."""

    outcome: str
    unit: str
    n_before: int
    n_after: int
    shift: float | None
    """Hodges–Lehmann: median of all differences after minus before"""
    low: float | None
    high: float | None
    why_not: str | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class SettingEffect:
    """One change of a bike's setting, and what was different afterwards."""

    when: datetime
    bike: str
    changes: tuple[str, ...]
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two phases of one outcome, compared by non-overlap. Lower pain counts as better."""

    outcome: str
    phase_a: str
    phase_b: str
    n_a: int
    n_b: int
    nap: float | None
    low: float | None
    high: float | None
    tau: float | None
    tau_bc: float | None
    baseline_trend: Literal["trending", "not trending", "cannot tell"]
    says: str
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A score now against the first one, held to the change that people call important."""

    name: str
    unit: str
    first: float
    first_on: date
    latest: float
    latest_on: date
    threshold: float
    reached: Literal["better", "worse", "no"]
    source: str


@dataclass(frozen=True, slots=True)
class ScreeningStanding:
    """A yes in the screening that no later `cleared` entry has answered."""

    when: datetime
    codes: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class TrendAnalysis:
    """A rider's months: load beside pain, and what may honestly be said of the two together.

    Every trend page, table and JSON is drawn from this object only.
    """

    as_of: datetime
    zone: str
    """IANA name of the rider's zone"""
    first_day: date
    last_day: date
    """the window that is drawn: whole ISO weeks up to the one of `as_of`"""
    record_first_day: date | None
    """first day of the record: earlier weeks are unknown, not zero"""
    classes: tuple[TrendClass, ...]
    weeks: tuple[Week, ...]
    daily: tuple[DailyLoad, ...]
    chart: ControlChart
    relief: ReliefRelapse
    co_movement: tuple[CoMovement, ...]
    onset: OnsetMatch
    settings: tuple[SettingEffect, ...]
    comparisons: tuple[Comparison, ...]
    changes: tuple[Change, ...]
    diary: Diary
    """the entries of the window, and the phases, limits and settings that reach into it"""
    late_entries: int
    days_with_entry: int
    days: int
    """days of the window that the record covers: `days_with_entry` of them have a pain entry"""
    screening: ScreeningStanding | None
    limits: tuple[LimitUsed, ...]
    unknowns: tuple[str, ...]
    """what this page does not know, in sentences"""
    statement: str
    rider_id: str | None = None
    consent_on: date | None = None
    """the day the rider agreed that a clinician may be shown this, as it was written down; None where no
    consent is on record"""

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `telemetry trends --json`: plain types, no NaN, stable key order."""
        return {
            "schema": TRENDS_SCHEMA,
            "as_of": _iso(self.as_of),
            **{item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name != "as_of"},
        }
