"""`telemetry diary add` and `edit`: one entry from options.

Comes in: what happened and when, in the words people use. Goes out: the entry as it was kept. A minute of a
class needs the class: the one whose span, three hours around it, holds the time that was said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.cli.library import opening
from telemetry.errors import BadInput, TelemetryError

if TYPE_CHECKING:
    from telemetry.library import Library
    from telemetry.model import DiaryEntry

AROUND = timedelta(hours=3)
LATEST = timedelta(hours=24)
SAID_AS = {"nrs": "pain", "name": "phase", "text": "comment", "phase": "time before, during or after a class"}
"""Fields by the names their options have."""

WHAT = "What happened (one of these)"
WHEN = "When"
MORE = "More about it"


Pain = Annotated[
    float | None,
    typer.Option("--pain", help="Pain from 0 to 10.", metavar="0..10", rich_help_panel=WHAT),
]
TreatmentKind = Annotated[
    str | None,
    typer.Option(
        "--treatment",
        help="adjustment, massage, dry_needling, shockwave, exercise_session or other.",
        metavar="KIND",
        rich_help_panel=WHAT,
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--setting",
        help="How the bike was set, as in saddle_height_mm=720; may be given again.",
        metavar="NAME=VALUE",
        rich_help_panel=WHAT,
    ),
]
Phase = Annotated[
    str | None,
    typer.Option(
        "--phase", help="A rehab phase: create_window, rebuild, load or another name.", metavar="NAME",
        rich_help_panel=WHAT,
    ),
]  # fmt: skip
Questionnaire = Annotated[
    str | None,
    typer.Option(
        "--questionnaire", help="A total, as in ODI=32.", metavar="NAME=TOTAL", rich_help_panel=WHAT
    ),
]
Confounder = Annotated[
    str | None,
    typer.Option(
        "--also", help="What else moves pain: analgesic, illness or load_outside.", metavar="KIND",
        rich_help_panel=WHAT,
    ),
]  # fmt: skip
OwnLimit = Annotated[
    str | None,
    typer.Option(
        "--own-limit", help="A clinician's own limit, as in torque_load=60.", metavar="METRIC=VALUE",
        rich_help_panel=WHAT,
    ),
]  # fmt: skip
CommentText = Annotated[
    str | None, typer.Option("--comment", help="A clinician's comment.", metavar="TEXT", rich_help_panel=WHAT)
]
ScreeningAnswer = Annotated[
    list[str] | None,
    typer.Option(
        "--screening", help="An answer, as in night_pain=yes; may be given again.", metavar="CODE=YES|NO",
        rich_help_panel=WHAT,
    ),
]  # fmt: skip
Cleared = Annotated[
    bool,
    typer.Option("--cleared", help="A clinician has looked at the answers.", rich_help_panel=WHAT),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", help='A moment: "yesterday 18:40", "2 hours ago", "at minute 30".', metavar="TIME",
        rich_help_panel=WHEN,
    ),
]  # fmt: skip
On = Annotated[
    str | None,
    typer.Option("--on", help="A day: 2026-03-02, yesterday.", metavar="DAY", rich_help_panel=WHEN),
]
Until = Annotated[
    str | None, typer.Option("--until", help="Its last day or moment.", metavar="TIME", rich_help_panel=WHEN)
]
ClassMinute = Annotated[
    float | None,
    typer.Option("--class-minute", help="Minutes into the class.", metavar="MIN", rich_help_panel=WHEN),
]
InClass = Annotated[
    str | None,
    typer.Option("--class", help="The class it belongs to.", metavar="CLASS", rich_help_panel=WHEN),
]
During = Annotated[
    str | None,
    typer.Option("--when", help="before, during or after the class.", metavar="PHASE", rich_help_panel=WHEN),
]
Site = Annotated[
    str | None,
    typer.Option(
        "--site",
        help="low_back (default), upper_back, pelvis, buttock, leg, foot, neck, shoulder, hand, knee, other.",
        metavar="SITE",
        rich_help_panel=MORE,
    ),
]
Bike = Annotated[
    str | None, typer.Option("--bike", help="Which bike was set.", metavar="BIKE", rich_help_panel=MORE)
]
Author = Annotated[
    str | None, typer.Option("--author", help="Who says so.", metavar="NAME", rich_help_panel=MORE)
]
Note = Annotated[
    str | None, typer.Option("--note", help="In your own words.", metavar="TEXT", rich_help_panel=MORE)
]
EntryId = Annotated[
    str, typer.Argument(help="Id of an entry, or its first characters.", metavar="ENTRY", show_default=False)
]


def add(
    rider: opening.RiderId,
    pain: Pain = None,
    treatment: TreatmentKind = None,
    setting: Setting = None,
    phase: Phase = None,
    questionnaire: Questionnaire = None,
    also: Confounder = None,
    screening: ScreeningAnswer = None,
    cleared: Cleared = False,
    own_limit: OwnLimit = None,
    comment: CommentText = None,
    at: At = None,
    on: On = None,
    until: Until = None,
    class_minute: ClassMinute = None,
    in_class: InClass = None,
    when: During = None,
    site: Site = None,
    bike: Bike = None,
    author: Author = None,
    note: Note = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Note one thing; without a time, now."""
    said = {
        "pain": pain, "treatment": treatment, "setting": setting, "phase": phase,
        "questionnaire": questionnaire, "also": also, "own_limit": own_limit, "comment": comment,
        "screening": screening or (cleared or None),
    }  # fmt: skip
    chosen = [name for name, value in said.items() if value not in (None, [])]
    if len(chosen) != 1:
        raise typer.BadParameter(
            "say what happened, one thing at a time: --pain, --treatment, --setting …"
            if not chosen
            else "one entry at a time, not " + " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
        )
    with opening.open_at(library) as kept:
        kept.facts(rider)
        time = _Time(kept, rider, at, on, class_minute, in_class, when)
        if pain is not None and time.whole_day:
            raise typer.BadParameter(
                'pain needs a time of day, which decides the class it belongs to: --at "yesterday 18:40"',
                param_hint="'--on'" if on else "'--at'",
            )
        more = {"note": note or ""}
        entry = _entry(chosen[0], said[chosen[0]], time, until, cleared, when, site, bike, author, more)
        (written,) = kept.note(rider, [entry])
    _tell(written, as_json)


def edit(
    rider: opening.RiderId,
    entry: EntryId,
    pain: Pain = None,
    treatment: TreatmentKind = None,
    also: Confounder = None,
    phase: Phase = None,
    comment: CommentText = None,
    at: At = None,
    on: On = None,
    until: Until = None,
    class_minute: ClassMinute = None,
    when: During = None,
    site: Site = None,
    bike: Bike = None,
    author: Author = None,
    note: Note = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Change what was noted; only what is said changes."""
    from telemetry import model

    with opening.open_at(library) as kept:
        old = kept.entry(rider, entry)
        changes: dict[str, Any] = {
            "nrs": pain, "kind": treatment or also, "name": phase, "text": comment,
            "class_minute": class_minute, "phase": when, "site": site, "bike": bike, "author": author,
            "note": note,
        }  # fmt: skip
        changes = {name: value for name, value in changes.items() if value is not None}
        if at is not None or on is not None:
            time = _Time(kept, rider, at, on, None, None)
            changes |= {"first": time.when.date()} if hasattr(old, "first") else {"when": time.when}
            if hasattr(old, "whole_day"):
                changes["whole_day"] = time.whole_day
        elif class_minute is not None and isinstance(old, model.PainEntry) and old.class_minute is not None:
            # the minute is counted from the start of the class, and the moment goes with it
            changes["when"] = old.when + timedelta(minutes=class_minute - old.class_minute)
        if until is not None:
            changes |= _until(until, hasattr(old, "last"))
        wrong = [name for name in changes if not hasattr(old, name)]
        if wrong:
            raise typer.BadParameter(f"this entry has no {SAID_AS.get(wrong[0], wrong[0].replace('_', ' '))}")
        if not changes:
            raise typer.BadParameter("say what is to be changed")
        new = replace(old, **changes)
        kept.change_entry(rider, new)
    _tell(new, as_json)


class _Time:
    """When it was, and in which class."""

    def __init__(
        self,
        kept: Library,
        rider: str,
        at: str | None,
        on: str | None,
        minute: float | None,
        in_class: str | None,
        phase: str | None = None,
    ) -> None:
        from telemetry.library.codec import moment as parsed
        from telemetry.library.moments import day, minute_of_class, moment

        if at is not None and on is not None:
            raise typer.BadParameter("a moment or a day, not both", param_hint="'--at' and '--on'")
        self.whole_day = False
        self.minute = minute
        if at is not None and (said := minute_of_class(at)) is not None:
            if minute is not None and minute != said:
                raise typer.BadParameter("two minutes were said", param_hint="'--at' and '--class-minute'")
            self.minute, at = said, None
        now = opening.now()
        try:
            if at is not None:
                self.when, self.whole_day = moment(at, now)
            elif on is not None:
                self.when, self.whole_day = moment(day(on, now).isoformat(), now, future=True)
            else:
                self.when = now
        except TelemetryError as problem:
            raise typer.BadParameter(str(problem), param_hint="'--at'" if at else "'--on'") from problem
        if self.minute is not None:
            start = self._class_start(kept, rider, in_class, said_when=at is not None or on is not None)
            self.when, self.whole_day = start + timedelta(minutes=self.minute), False
        elif in_class is not None:
            row = self._row(kept, rider, in_class)
            start, stop = parsed(row["started_at"]), parsed(row["stopped_at"])
            if at is None and on is None:
                if phase not in ("before", "after"):
                    raise typer.BadParameter(
                        "say when in it: --class-minute 30, or --when before or after", param_hint="'--class'"
                    )
                self.when = start if phase == "before" else stop
            elif not start - LATEST <= self.when <= stop + LATEST:
                raise BadInput(
                    "this time is not within a day of the class", place=f"class {row['recording_id']}",
                    expected=f"about {opening.local(start)}", got=opening.local(self.when),
                )  # fmt: skip

    def _class_start(self, kept: Library, rider: str, in_class: str | None, said_when: bool) -> datetime:
        """The start of the class a minute belongs to."""
        from telemetry.library.codec import moment as parsed

        if in_class is not None:
            return self._checked(self._row(kept, rider, in_class))
        first, last = self.when - AROUND, self.when + AROUND
        if self.whole_day:
            first, last = self.when, self.when + timedelta(days=1)
        elif not said_when:
            first = self.when - LATEST
        near = [
            row
            for row, _ in kept.rows(rider)
            if parsed(row["started_at"]) <= last and parsed(row["stopped_at"]) >= first
        ]
        if len(near) != 1:
            candidates = near or [row for row, _ in kept.rows(rider)][-3:]
            listed = "; ".join(
                f"{row['recording_id']} of {opening.local(parsed(row['started_at']))}" for row in candidates
            )
            raise BadInput(
                "several classes are near that time" if near else "no class is within 3 h of that time",
                place=f"minute {self.minute:g}",
                expected=f"--class, one of: {listed}" if listed else "a class in the library first",
                got=opening.local(self.when),
            )
        return self._checked(near[0])

    def _row(self, kept: Library, rider: str, in_class: str) -> Any:
        row = kept.row(in_class)
        if row["rider_id"] != rider:
            raise BadInput(f"this class is not {rider}'s", place=f"class {row['recording_id']}")
        return row

    def _checked(self, row: Any) -> datetime:
        from telemetry.library.codec import moment as parsed

        minutes = row["duration_s"] / 60.0
        if self.minute is not None and not 0.0 <= self.minute <= minutes:
            raise BadInput(
                "the class has no such minute", place=f"class {row['recording_id']}",
                expected=f"0 to {minutes:.0f}", got=f"{self.minute:g}",
            )  # fmt: skip
        return parsed(row["started_at"])


def _entry(
    kind: str,
    value: Any,
    time: _Time,
    until: str | None,
    cleared: bool,
    when: str | None,
    site: str | None,
    bike: str | None,
    author: str | None,
    more: dict[str, Any],
) -> DiaryEntry:
    from telemetry import model

    signed: dict[str, Any] = {"author": author or ""}
    if kind == "pain":
        phase: Any = when or ("during" if time.minute is not None else None)
        return model.PainEntry(time.when, value, site or "low_back", time.minute, phase, **more)
    if kind == "treatment":
        return model.Treatment(time.when, value, whole_day=time.whole_day, **more)
    if kind == "setting":
        values: dict[str, Any] = dict(_pair(text, "--setting") for text in value)
        unknown = set(values) - set(model.SETTING_FIELDS)
        if unknown:
            raise typer.BadParameter(
                f"{min(unknown)!r} is no setting, expected " + ", ".join(model.SETTING_FIELDS),
                param_hint="'--setting'",
            )
        return model.Setting(time.when, bike or "", whole_day=time.whole_day, **values, **more)
    if kind == "phase":
        last = {"last": None} if until is None else _until(until, True)
        return model.Phase(time.when.date(), last["last"], value, **more)
    if kind == "questionnaire":
        name, total = _pair(value, "--questionnaire")
        return model.Questionnaire(time.when, name.upper(), total, **more)
    if kind == "also":
        end = None if until is None else _until(until, False)["until"]
        return model.Confounder(time.when, value, end, whole_day=time.whole_day, **more)
    if kind == "own_limit":
        from telemetry.analysis.metric_rows import METRIC_ROWS

        name, number = _pair(value, "--own-limit")
        if name not in METRIC_ROWS:
            raise typer.BadParameter(f"{name!r} is no metric", param_hint="'--own-limit'")
        end = None if until is None else _until(until, False)["until"]
        return model.OwnLimit(time.when, name, number, METRIC_ROWS[name].unit, end, **signed, **more)
    if kind == "comment":
        return model.Comment(time.when, value, **signed)
    answers = {} if value is True else _answers(value)
    return model.Screening(time.when, answers, cleared, **signed, **more)


def _until(text: str, day_only: bool) -> dict[str, Any]:
    from telemetry.library.moments import day, moment

    try:
        if day_only:
            return {"last": day(text, opening.now())}
        return {"until": moment(text, opening.now(), future=True)[0]}
    except TelemetryError as problem:
        raise typer.BadParameter(str(problem), param_hint="'--until'") from problem


def _pair(text: str, option: str) -> tuple[str, float]:
    name, sign, value = text.partition("=")
    try:
        return name.strip(), float(value) if sign else float("x")
    except ValueError as cause:
        raise typer.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint=f"'{option}'") from cause


def _answers(said: list[str]) -> dict[str, bool]:
    from telemetry.analysis.wording import SCREENING

    codes = [question.code for question in SCREENING]
    answers = {}
    for text in said:
        code, _, answer = text.partition("=")
        if code not in codes or answer.lower() not in ("yes", "no"):
            raise typer.BadParameter(
                f"{text!r} is not CODE=YES|NO, with a code of {', '.join(codes)}", param_hint="'--screening'"
            )
        answers[code] = answer.lower() == "yes"
    return answers


def _tell(entry: DiaryEntry, as_json: bool) -> None:
    from telemetry.cli.console import result
    from telemetry.cli.diary.table import line
    from telemetry.library.diary import plain

    if as_json:
        opening.print_json(plain(entry))
    else:
        result(line(entry))
