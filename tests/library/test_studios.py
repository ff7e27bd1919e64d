"""Studios and bikes: what stands where, whose classes they are, and a crank's length in the analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadInput
from telemetry.library.analyses import Tools
from telemetry.library.erase import erase
from telemetry.library.ingest import Input
from telemetry.library.library import Library
from telemetry.library.tables import class_groups
from telemetry.library.verify import verify
from telemetry.library.watch import Watch
from telemetry.model import Setting
from tests.builders import STARTED_AT
from tests.library.conftest import states, write_class


@pytest.fixture
def kept(library: Library) -> Library:
    """A library with two studios."""
    library.set_studio("mitte", "Studio Mitte")
    library.set_studio("nord")
    return library


def put(
    library: Library, path: Path, tools: Tools, studio: str | None = None, **said: str
) -> tuple[str, str]:
    (done,) = library.add([Input(path, said.pop("rider", "r07"), **said)], tools, studio=studio)
    return done.state, done.detail


def cranks(library: Library) -> list[object]:
    found = [library.analysis(row["recording_id"]) for row, _ in library.rows()]
    return [None if item is None else item["rider"]["crank_length_mm"] for item in found]


def test_studios_and_bikes_are_written_down_and_changed(kept: Library) -> None:
    assert [(row["studio_id"], row["name"]) for row in kept.studios()] == [
        ("mitte", "Studio Mitte"), ("nord", None),
    ]  # fmt: skip
    new, row = kept.set_bike("b12", studio_id="mitte", maker="Keiser", crank_length_mm=165.0)
    assert (new, row["studio_id"], row["maker"], row["crank_length_mm"]) == (True, "mitte", "Keiser", 165.0)
    new, row = kept.set_bike("b12", serial="42", maker=None)
    assert (new, row["studio_id"], row["maker"], row["serial"]) == (False, "mitte", "Keiser", "42")
    assert kept.set_bike("b13")[0] is True
    before = kept.catalog.state()
    assert kept.set_bike("b13")[0] is False  # nothing was said
    assert kept.catalog.state() == before
    assert [row["bike_id"] for row in kept.bikes()] == ["b12", "b13"]
    assert [row["bike_id"] for row in kept.bikes("mitte")] == ["b12"]
    assert kept.bikes("nord") == []
    assert [line["action"] for line in kept.audit()] == ["studio set"] * 2 + ["bike set"] * 3
    assert not list(verify(kept))


def test_a_slip_of_the_pen_makes_no_studio(kept: Library, six: list[Path], tools: Tools) -> None:
    for ask in (
        lambda: kept.studio("mite"),
        lambda: kept.bikes("mite"),
        lambda: kept.rows(studio_id="mite"),
        lambda: kept.set_bike("b12", studio_id="mite"),
        lambda: put(kept, six[0], tools, "mite"),
    ):
        with pytest.raises(BadInput, match=r"no studio 'mite'.*mitte, perhaps"):
            ask()
    with pytest.raises(BadInput, match="no id of a studio"):
        kept.set_studio("a/b")
    assert (kept.bikes(), kept.rows()) == ([], [])


@pytest.mark.parametrize(("length", "fits"), [(99.9, False), (100.0, True), (220.0, True), (220.1, False)])
def test_a_crank_has_the_length_of_one(kept: Library, length: float, fits: bool) -> None:
    if fits:
        assert kept.set_bike("b12", crank_length_mm=length)[1]["crank_length_mm"] == length
        return
    with pytest.raises(BadInput, match="no crank is so long"):
        kept.set_bike("b12", crank_length_mm=length)
    assert kept.bikes() == []


def test_adding_in_a_studio_marks_its_bikes_and_classes(kept: Library, six: list[Path], tools: Tools) -> None:
    assert put(kept, six[0], tools, bike="b12", class_id="mon")[0] == "added"
    assert kept.bikes("mitte") == []
    assert put(kept, six[1], tools, "mitte", bike="b12")[0] == "added"  # it was nobody's
    assert put(kept, six[2], tools, "mitte", class_id="tue")[0] == "added"
    assert put(kept, six[3], tools)[0] == "added"
    assert [row["bike_id"] for row in kept.bikes("mitte")] == ["b12"]
    with kept.catalog.read() as connection:
        groups = {row.class_id: row.studio_id for row in connection.execute(class_groups.select())}
    assert groups == {"mon": None, "tue": "mitte"}
    starts = [row["started_at"][:10] for row, _ in kept.rows(studio_id="mitte")]
    assert starts == [row["started_at"][:10] for row, _ in kept.rows()][:3]
    assert kept.rows(studio_id="nord") == []
    assert len(kept.rows("r07", studio_id="mitte")) == 3


def test_a_bike_or_class_of_another_studio_is_refused_and_stays_there(
    kept: Library, six: list[Path], tools: Tools
) -> None:
    put(kept, six[0], tools, "mitte", bike="b12", class_id="mon")
    for said, words in (({"bike": "b12"}, "bike b12 is of"), ({"class_id": "mon"}, "class mon is of")):
        state, detail = put(kept, six[1], tools, "nord", **said)
        assert (state, f"{words} studio mitte, not nord" in detail) == ("refused", True)
    assert put(kept, six[1], tools, "mitte", bike="b12", class_id="mon")[0] == "added"
    assert put(kept, six[2], tools, bike="b12")[0] == "added"  # nothing is said of a studio
    assert [row["studio_id"] for row in kept.bikes()] == ["mitte"]


def test_a_drop_folder_of_a_studio_marks_them_too(kept: Library, tmp_path: Path, tools: Tools) -> None:
    from telemetry.library.sources import Sources

    write_class(tmp_path / "drop" / "a.fit", 0)
    sources = Sources.of(rider="r07", bike="b12")
    watching = Watch(kept, tools, tmp_path / "drop", (".fit",), sources, studio="nord")
    assert states(list(watching.run(once=True))) == ["added"]
    assert [row["bike_id"] for row in kept.bikes("nord")] == ["b12"]


def test_the_crank_of_a_bike_counts_in_classes_on_it(kept: Library, six: list[Path], tools: Tools) -> None:
    kept.set_rider("r07", {"crank_length_mm": 172.5})
    kept.set_bike("b12", crank_length_mm=165.0)
    put(kept, six[0], tools, bike="b12")
    put(kept, six[1], tools, bike="b13")
    put(kept, six[2], tools)
    assert cranks(kept) == [165.0, 172.5, 172.5]
    kept.set_bike("b13", crank_length_mm=175.0)
    changed = kept.stale(tools.code_version)
    assert changed == [kept.rows()[1][0]["recording_id"]]
    assert list(kept.refresh(tools)) == changed
    assert cranks(kept) == [165.0, 175.0, 172.5]
    kept.note("r07", [Setting(STARTED_AT, "b12", crank_length_mm=160.0)])  # dated, so nearer to the class
    list(kept.refresh(tools))
    assert cranks(kept) == [160.0, 175.0, 172.5]


def test_erasing_a_rider_leaves_a_studio_its_bikes_unless_they_speak_of_them(
    kept: Library, six: list[Path], tools: Tools
) -> None:
    put(kept, six[0], tools, "mitte", bike="b12", class_id="mon", rider="kreuz")
    put(kept, six[1], tools, "mitte", bike="kreuz-bike", rider="kreuz")
    put(kept, six[2], tools, bike="own", rider="kreuz")
    erase(kept, "kreuz")
    assert [row["bike_id"] for row in kept.bikes()] == ["b12"]
    assert kept.rows(studio_id="mitte") == []
    assert not list(verify(kept))
