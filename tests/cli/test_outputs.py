"""Names of outputs: predictable, never one over another."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from telemetry.cli.outputs import Outputs
from telemetry.errors import CannotWrite

FORMATS = (".html", ".pdf")
READ = (".fit", ".fit.gz")
ID = "0123456789ab"


def outputs(output: str | None, *files: str) -> Outputs:
    return Outputs(output, ".html", FORMATS, [Path(name) for name in files], READ)


def test_one_class_is_named_after_its_file_in_the_working_directory() -> None:
    assert outputs(None, "x/class.fit").path(Path("x/class.fit"), ID, False) == Path("class.html")
    assert outputs(None, "x/a.b.FIT.gz").path(Path("x/a.b.FIT.gz"), ID, False) == Path("a.b.html")


def test_the_same_stem_twice_gets_the_short_id_on_both() -> None:
    names = outputs(None, "a/class.fit", "b/Class.FIT", "c/other.fit")
    assert names.path(Path("a/class.fit"), ID, False) == Path("class-01234567.html")
    assert names.path(Path("b/Class.FIT"), "ffff0000ffff", False) == Path("Class-ffff0000.html")
    assert names.path(Path("c/other.fit"), ID, False) == Path("other.html")


def test_two_copies_of_one_class_keep_a_page_each() -> None:
    names = outputs(None, "a/class.fit", "b/class.fit")
    assert names.path(Path("a/class.fit"), ID, False) == Path("class-01234567.html")
    assert names.path(Path("b/class.fit"), ID, False) == Path("class-01234567-2.html")


def test_classes_of_one_file_are_told_apart_by_their_session() -> None:
    names = outputs(None, "class.fit")
    assert names.path(Path("class.fit"), ID + "/0", True) == Path("class-01234567-0.html")
    assert names.path(Path("class.fit"), ID + "/1", True) == Path("class-01234567-1.html")


def test_the_suffix_of_the_output_is_its_format(tmp_path: Path) -> None:
    names = outputs(str(tmp_path / "page.PDF"), "class.fit")
    names.prepare()
    assert names.suffix == ".pdf"
    assert names.path(Path("class.fit"), ID, False) == tmp_path / "page.PDF"
    with pytest.raises(CannotWrite, match="several classes"):
        names.path(Path("class.fit"), ID, False)


@pytest.mark.parametrize("folder", ["new", "new/deep/", "there"])
def test_a_name_without_a_suffix_is_a_folder_made_when_needed(tmp_path: Path, folder: str) -> None:
    (tmp_path / "there").mkdir()
    names = outputs(f"{tmp_path}/{folder}", "class.fit")
    names.prepare()
    assert names.path(Path("class.fit"), ID, False) == tmp_path / folder / "class.html"
    assert (tmp_path / folder).is_dir()


def test_an_unknown_suffix_and_one_file_for_several_inputs_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"'.docx' is no format"):
        outputs("page.docx", "class.fit")
    with pytest.raises(typer.BadParameter, match="several inputs"):
        outputs("page.pdf", "a.fit", "b.fit")


def test_a_dash_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.BadParameter, match="standard output"):
        outputs("-", "class.fit")
    assert list(tmp_path.iterdir()) == []
    there = outputs("./-", "class.fit")  # who really wants such a folder can have it
    there.prepare()
    assert there.path(Path("class.fit"), ID, False) == Path("-/class.html")


def test_a_missing_or_impossible_folder_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="does not exist"):
        outputs(str(tmp_path / "gone" / "page.pdf"), "class.fit").prepare()
    with pytest.raises(CannotWrite, match="cannot be made"):
        outputs(str(tmp_path / "file" / "sub"), "class.fit").prepare()


def test_a_page_to_share_does_not_carry_the_name_of_its_file() -> None:
    names = Outputs(None, ".html", FORMATS, [Path("anna-2026-01-05.fit")], READ, nameless=True)
    assert names.path(Path("anna-2026-01-05.fit"), ID, False) == Path("class-01234567.html")
