"""How every figure looks: colours, hatches, fonts and axis labels. One place, so that pages agree.

Comes in: names of channels, tiers and trust states. Goes out: colours, hatches, matplotlib settings and
labels with their unit, taken from `model.CHANNELS`. Leaves to others: what is drawn.

The palette holds for readers with colour-blindness and on a grey printer: what must be told apart differs in
lightness as well, and every shading has a hatch or a height of its own. There is no green and no red: a page
must not read as a traffic light, and green reads as clearance.
"""

from __future__ import annotations

from typing import Any

from telemetry.model import CHANNELS, Tier

INK = "#1c2530"
"""text and axes"""
MUTED = "#56616e"
"""secondary text; 6.2 : 1 on white"""
RULE = "#cfd5dc"
"""grid and frames"""
FAINT = "#eef1f4"
"""alternating cells, seconds without data"""
PAPER = "#ffffff"

CHANNEL_COLOURS: dict[str, str] = {
    "power_w": "#0b3a6e",
    "cadence_rpm": "#00708a",
    "torque_nm": "#5b2a86",
    "heart_rate_bpm": "#a3265e",
    "right_balance_pct": "#0b3a6e",
}

TIERS: tuple[Tier, ...] = ("loaded", "grinding", "heavy")
TIER_COLOURS: dict[Tier, str] = {"loaded": "#fbf1dc", "grinding": "#f7dba6", "heavy": "#eeb765"}
TIER_HATCHES: dict[Tier, str] = {"loaded": "", "grinding": "///", "heavy": "xxx"}
TIER_HEIGHTS: dict[Tier, float] = {"loaded": 0.56, "grinding": 0.78, "heavy": 1.0}
"""share of the bout strip's height: tells tiers apart where a bout is too narrow to show its hatch"""
TIER_LETTERS: dict[Tier, str] = {"loaded": "L", "grinding": "G", "heavy": "H"}
TIER_EDGE = "#8a4f0c"
"""outlines and text of bouts; 6.3 : 1 on white"""
TIER_HATCH = "#c08a3e"
"""hatches behind a trace, lighter so that the trace stays in front"""

STATE_COLOURS: dict[str, str] = {
    "interpolated": "#8c97a4",
    "masked": "#1c2530",
    "missing": "#ffffff",
    "estimated": "#cfd5dc",
}
STATE_HATCHES: dict[str, str] = {"interpolated": "", "masked": "", "missing": "", "estimated": "|||||"}

GAP_LOOK: dict[str, Any] = {"facecolor": FAINT, "edgecolor": MUTED, "hatch": "----", "linewidth": 0.0}
PAUSE_LOOK: dict[str, Any] = {"facecolor": RULE, "edgecolor": "none", "linewidth": 0.0}

DENSITY = ("#d7e3ef", "#93b4d4", "#3f74a9", "#0b2f5c")
"""few to many seconds in a cell, light to dark"""

TITLE_PT, LABEL_PT, TICK_PT, NOTE_PT = 11.0, 9.5, 9.0, 8.5

_SKIPPED = ("backend", "webagg", "animation", "keymap", "date.", "toolbar", "interactive", "timezone")


def settings() -> Any:
    """matplotlib settings for one drawing: its own defaults, not a user's file, and ours on top."""
    import matplotlib as mpl

    defaults: dict[str, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_SKIPPED)
    }
    return defaults | {
        "font.family": "DejaVu Sans",
        "font.size": TICK_PT,
        "text.color": INK,
        # names come from files: a dollar sign in a lap's label is a dollar sign
        "text.parse_math": False,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.labelsize": LABEL_PT,
        "axes.axisbelow": True,
        "axes.xmargin": 0.0,
        "axes.ymargin": 0.0,
        "grid.color": RULE,
        "grid.linewidth": 0.5,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": TICK_PT,
        "ytick.labelsize": TICK_PT,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "xtick.major.size": 3.0,
        "ytick.major.size": 3.0,
        "hatch.linewidth": 0.5,
        "lines.solid_joinstyle": "round",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
    }


def axis_label(channel: str, unit: str | None = None) -> str:
    """A channel's label with its unit, as it stands on an axis: "Cadence (rpm)".

    `unit` replaces the channel's own where the axis shows another one, as minutes for `time_s`.
    """
    row = CHANNELS[channel]
    unit = row.unit if unit is None else unit
    return f"{row.label} ({unit})" if unit else row.label
