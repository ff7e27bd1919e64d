"""One class as one self-contained HTML page: no request leaves it, and without its script it is complete.

Comes in: a `ClassAnalysis`. Goes out: the page as text, made of the view that the PDF is made of, the figures
as inline SVG, and a read-out script that the page's own policy admits by hash. Leaves to others: every number
and word (`class_view.py`), every drawing (`figures.py`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import weakref
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.reports.class_view import ClassView, view
from telemetry.reports.sharing import shareable

if TYPE_CHECKING:
    from jinja2 import Template

    from telemetry.model import ClassAnalysis

TEMPLATES = Path(__file__).parent / "templates"
WIDE_IN, HALF_IN = 9.0, 4.3
"""widths to draw at: text comes out at 14 px on a screen, 10 px on a phone and 7 pt on paper"""
TRACE_POINTS = 1500
"""most points of a channel carried for the read-out: four channels of a long class in some 30 kB"""
TRACE_CHANNELS = (("power_w", 0), ("cadence_rpm", 0), ("torque_nm", 1), ("heart_rate_bpm", 0))


def html(analysis: ClassAnalysis, *, share: bool = False) -> str:
    """The page of one class. With `share`, without name, serial numbers, file name and date."""
    if share:
        analysis = shareable(analysis)
    shown = view(analysis, shared=share)
    return page(analysis, shown, drawings(analysis, shown))


def page(analysis: ClassAnalysis, shown: ClassView, drawn: Mapping[str, str]) -> str:
    """The page from its parts: the view, and the figures' SVG by name."""
    from markupsafe import Markup

    from telemetry import __version__

    script = asset("page.js")
    return template("class.html.j2").render(
        v=shown,
        drawings={name: Markup(svg) for name, svg in drawn.items()},
        css=Markup(asset("page.css")),
        script=Markup(script),
        script_hash=policy_hash(script),
        trace=_trace(analysis) if "timeline" in drawn else "",
        footer=f"Made by telemetry {__version__} from one recording. No network was used to make or to read "
        "this page.",
    )


def drawings(analysis: ClassAnalysis, shown: ClassView) -> dict[str, str]:
    """The SVG of every figure that the view names, drawn once for screen, phone and paper.

    The timeline is as wide as the page, and drawn a second time for a phone ("timeline_phone"). All others
    are drawn at a width that fits half a page, and a whole phone. The last class's drawings are kept, as one
    class is often written as a page and as a PDF.
    """
    from telemetry.reports.figures import FIGURES, PHONE_WIDTH_IN, render

    global _last_drawn
    last, kept = _last_drawn
    if last is not None and last() is analysis:
        return dict(kept)
    names = [picture.name for picture in shown.pictures] + [reason.figure for reason in shown.reasons]
    drawn = {}
    for name in dict.fromkeys(names):
        if name in FIGURES and FIGURES[name].applies(analysis):
            width_in = WIDE_IN if name == "timeline" else HALF_IN
            drawn[name] = slim(render(analysis, name, "svg", width_in=width_in, title=False).decode())
    if "timeline" in drawn:
        phone = render(analysis, "timeline", width_in=PHONE_WIDTH_IN, title=False, prefix="timeline_phone")
        drawn["timeline_phone"] = slim(phone.decode())
    _last_drawn = weakref.ref(analysis), dict(drawn)
    return drawn


_last_drawn: tuple[weakref.ref[ClassAnalysis] | None, dict[str, str]] = (None, {})


def slim(svg: str) -> str:
    """A drawing in fewer bytes: no blanks between elements, paths to a tenth of a point, dots as squares.

    matplotlib writes each dot of a dotted hatch as eight curves: 100 kB for a grey tint, in every figure.
    Control codes that a label brought from its file are dropped: XML does not allow them.
    """
    return _CONTROL.sub("", _BETWEEN.sub("><", _PATH.sub(_slim_path, svg)))


def _slim_path(found: re.Match[str]) -> str:
    path = found[1]
    if path.count("C") >= 64 and path.count("C") == 8 * path.count("z"):
        tops = _DOT.findall(path)
        path = "".join(f"M{float(x) - 0.4:.2f} {float(y) - 0.8:.2f}h.8v.8h-.8z" for x, y in tops)
        return f'd="{path}"'
    path = _PAST_TENTHS.sub("", " ".join(path.split()))
    return f'd="{path.replace(" L ", "L").replace("M ", "M").replace(" z", "z")}"'


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_BETWEEN = re.compile(r">\s+<")
_PATH = re.compile(r'\bd="([^"]*)"')
_DOT = re.compile(r"M (\S+) (\S+)")
_PAST_TENTHS = re.compile(r"(?<=\d\.\d)\d+")


@cache
def template(name: str) -> Template:
    """A compiled template: made at the first page, kept for the next."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(name)


@cache
def asset(name: str) -> str:
    """A file that lies beside the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy_hash(script: str) -> str:
    """The script's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _trace(analysis: ClassAnalysis) -> Any:
    """The samples for the read-out as JSON that no string in it can break out of, at most 1,500 a channel."""
    import numpy as np
    from markupsafe import Markup

    from telemetry.model import CHANNELS
    from telemetry.reports import style

    samples = analysis.samples
    if samples is None or samples.height < 2:
        return ""
    time = samples["time_s"].to_numpy()
    start, whole = float(time[0]), float(time[-1] - time[0])
    step = max(1.0, float(np.ceil(whole / TRACE_POINTS)))
    place = ((time - start) / step).astype(np.int64)
    count = int(place[-1]) + 1
    channels = []
    for name, decimals in TRACE_CHANNELS:
        if name not in samples.columns or samples[name].null_count() == samples.height:
            continue
        values = samples[name].cast(float).fill_null(np.nan).to_numpy()
        valid = np.isfinite(values)
        number = np.bincount(place[valid], minlength=count)
        total = np.bincount(place[valid], weights=values[valid], minlength=count)
        mean = np.round(total / np.maximum(number, 1), decimals)
        kept = mean.astype(np.int64).tolist() if decimals == 0 else mean.tolist()
        channels.append(
            {
                "name": name,
                "label": CHANNELS[name].label,
                "unit": CHANNELS[name].unit,
                "colour": style.CHANNEL_COLOURS[name],
                "values": [
                    value if there else None for value, there in zip(kept, number.tolist(), strict=True)
                ],
            }
        )
    if not channels:
        return ""
    bouts = [[bout.start_s, bout.stop_s, bout.tier, style.TIER_COLOURS[bout.tier]] for bout in analysis.bouts]
    trace = {
        "start_s": start,
        "step_s": step,
        "count": count,
        "bouts": bouts,
        "channels": channels,
    }
    text = json.dumps(trace, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
