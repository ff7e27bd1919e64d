"""The class timeline: power, cadence, torque and heart rate over the class.

Comes in: a figure as high as `height_in` says, and an analysis. Goes out: laps, bouts and standing as strips
on top, one panel per recorded channel with its limit line and the trust in its samples, the key below.
Leaves to others: the strips and the key themselves (`figure_strips`), titles and file formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from telemetry.model import CHANNELS
from telemetry.reports import figure_key, style
from telemetry.reports import figure_parts as parts
from telemetry.reports import figure_strips as extras
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis

RIGHT_IN, BOTTOM_IN, TOP_IN = 0.86, 0.46, 0.04
PANEL_IN, BETWEEN_IN = 0.98, 0.30
GRINDING_LIMITS = {
    "cadence_rpm": ("grinding_on_cadence_rpm", "rpm", "≤"),
    "torque_nm": ("grinding_on_torque_nm", "N·m", "≥"),
}
"""channel → the curve that holds its limit, unit, and on which side of it grinding lies"""
TRUST_HEIGHT = 0.055
"""share of a panel's height taken by the strip that says how far its samples are to be trusted"""


# --- what there is to draw ----------------------------------------------------------------------------------


def trace(
    analysis: ClassAnalysis, channel: str, span: parts.Span | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """A channel as a line: minutes and values, broken at gaps, and where legs or values rest.

    Of a `span` all samples are there; it is cut before the line is thinned.
    Torque and cadence of a coasting rider are left out rather than drawn as zero.
    """
    values = extras.drawn_values(analysis, channel)
    if values is None:
        return None
    time, values = parts.broken(parts.minutes(analysis), values, parts.breaks(analysis))
    if span is not None:
        near = (time >= span[0] - 0.1) & (time <= span[1] + 0.1)
        time, values = time[near], values[near]
    return parts.decimate(time, values)


def limit_line(analysis: ClassAnalysis, channel: str) -> tuple[float, str] | None:
    """The height of a channel's limit or reference line and its name, where one is known."""
    ftp = analysis.rider.get("ftp_w")
    if channel == "power_w" and ftp:
        return float(ftp), f"FTP\n{ftp:.0f} W"
    if channel == "cadence_rpm" and "torque_nm" not in extras.panels(analysis):
        # slow legs alone are not grinding: without torque the line is named for what it is
        slow = parts.limit(analysis, "low_cadence_rpm", 60.0)
        return slow, f"slow legs\n≤ {slow:g} rpm"
    name, unit, sign = GRINDING_LIMITS.get(channel, ("", "", ""))
    height = parts.number(analysis, name)
    return None if height is None else (height, f"grinding\n{sign} {height:.3g} {unit}")


# --- the figure ---------------------------------------------------------------------------------------------


def height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """Height that the timeline of this class needs at a width."""
    rows = len(extras.strips(analysis))
    count = len(extras.panels(analysis))
    return (
        TOP_IN
        + rows * (extras.STRIP_IN + extras.STRIP_BETWEEN_IN)
        + count * (PANEL_IN + BETWEEN_IN)
        + BOTTOM_IN
        + figure_key.height_in(extras.key_rows(analysis, width_in))
    )


def draw_timeline(figure: Figure, analysis: ClassAnalysis) -> None:
    """The whole timeline, laid out from the figure's lower edge upwards."""
    width = float(figure.get_size_inches()[0])
    inner = width - extras.LEFT_IN - RIGHT_IN
    names = extras.panels(analysis)
    key = extras.key_rows(analysis, width)
    figure_key.draw(figure, key)
    bottom = BOTTOM_IN + figure_key.height_in(key)
    top_panel = None
    for channel in reversed(names):
        top_panel = parts.place(figure, extras.LEFT_IN, bottom, inner, PANEL_IN)
        draw_channel(top_panel, analysis, channel, labelled=channel == names[-1])
        bottom += PANEL_IN + BETWEEN_IN
    if top_panel is not None:
        parts.mark_late(top_panel, analysis, named=True)
    rows = extras.strips(analysis)
    if rows:
        height = extras.strips_height_in(rows)
        extras.draw_strips(parts.place(figure, extras.LEFT_IN, bottom, inner, height), analysis, rows)


def draw_channel(
    axes: Axes,
    analysis: ClassAnalysis,
    channel: str,
    *,
    span: parts.Span | None = None,
    labelled: bool = True,
) -> None:
    """One channel over time: bouts shaded, silence marked, limit line, the line itself, trust below it."""
    span = span or parts.class_span(analysis)
    axes.set_gid(f"panel-{channel}")
    parts.time_axis(axes, span, labelled=labelled)
    line = trace(analysis, channel, span)
    assert line is not None, channel
    time, values = line
    shown = values[(time >= span[0]) & (time <= span[1])]
    limit = limit_line(analysis, channel)
    low, high = _range(channel, shown, limit[0] if limit else None)
    parts.value_axis(axes, channel, low, high)
    parts.mark_silence(axes, analysis)
    parts.mark_bouts(axes, analysis, span)
    if limit and axes.get_ylim()[0] <= limit[0] <= axes.get_ylim()[1]:
        parts.reference(axes, *limit)
    parts.mark_late(axes, analysis)
    length = span[1] - span[0]
    (drawn,) = axes.plot(
        time,
        values,
        color=style.CHANNEL_COLOURS[channel],
        linewidth=1.2 if length <= 12 else 0.85 if length <= 75 else 0.6,
        zorder=2.2,
    )
    drawn.set_gid(f"trace-{channel}")
    _draw_trust(axes, extras.trust(analysis, channel))


def _range(channel: str, values: np.ndarray, limit: float | None) -> parts.Span:
    """From where to where a channel's axis goes: zero for power and torque, near the data for the others."""
    values = values[np.isfinite(values)]
    if not values.size:
        return (0.0, limit * 1.2) if limit else (0.0, 1.0)
    high = float(values.max())
    # a few seconds of starting or stopping must not flatten an hour of turning
    near = min(float(np.percentile(values, 1.0)), high - 10.0)
    low = 0.0 if channel in ("power_w", "torque_nm") else near
    if limit is not None and limit <= max(2.2 * high, 1.0):
        low, high = min(low, limit), max(high, limit)
    margin = 0.06 * (high - low)
    return (low if low == 0.0 else low - margin), high + margin


def _draw_trust(axes: Axes, states: dict[str, list[parts.Span]]) -> None:
    for state, spans in states.items():
        parts.spans_in(
            axes,
            spans,
            0.0,
            TRUST_HEIGHT,
            facecolor=style.STATE_COLOURS[state],
            edgecolor=style.MUTED if state in ("missing", "estimated") else style.STATE_COLOURS[state],
            hatch=style.STATE_HATCHES[state] or None,
            linewidth=0.7,
            zorder=3.0,
        ).set_gid(f"trust-{state}")


# --- in words -----------------------------------------------------------------------------------------------


def alt(analysis: ClassAnalysis) -> str:
    """What the timeline shows, in words and numbers."""
    start, stop = parts.class_span(analysis)
    names = [CHANNELS[name].label.lower() for name in extras.panels(analysis)]
    listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
    said = [f"Timeline of a class of {stop - start:.0f} minutes: {listed} over time."]
    for channel in extras.panels(analysis):
        values = parts.column(analysis, channel)
        assert values is not None
        label, unit = CHANNELS[channel].label, CHANNELS[channel].unit
        turning = values[values > 0.0]
        if turning.size:
            most = parts.plain(float(np.nanmax(values)))
            said.append(f"{label} mostly {_middle(turning)} {unit}, at most {most} {unit}.")
    if analysis.bouts:
        longest = max(analysis.bouts, key=lambda bout: bout.duration_s)
        total = sum(bout.duration_s for bout in analysis.bouts) / SECONDS_PER_MINUTE
        count = len(analysis.bouts)
        said.append(
            f"{count} bout{'s' if count > 1 else ''} of slow, heavy pedalling, {total:.1f} minutes together; "
            f"the longest from minute {longest.start_s / 60:.1f} to {longest.stop_s / 60:.1f}."
        )
    elif "torque_nm" in extras.panels(analysis):
        said.append("No bout of slow, heavy pedalling.")
    else:
        said.append("Bouts cannot be told without torque.")
    gaps, pauses = parts.silences(analysis)
    for spans, word in ((gaps, "gap without data"), (pauses, "pause")):
        if spans:
            said.append(f"{len(spans)} {word}{'s' if len(spans) > 1 else ''}.")
    return " ".join(said)


def _middle(values: np.ndarray) -> str:
    low, high = np.nanpercentile(values, (10, 90))
    return f"{low:.0f} to {high:.0f}"


def applies(analysis: ClassAnalysis) -> bool:
    """True where at least one channel was recorded."""
    return bool(extras.panels(analysis))
