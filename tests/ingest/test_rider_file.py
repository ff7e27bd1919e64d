"""A rider's file is read whole or refused with one sentence that a rider can act on."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadRider
from telemetry.ingest.rider_file import KEYS, read_rider


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rider.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_rider_is_read(tmp_path: Path) -> None:
    rider = read_rider(
        written(
            tmp_path,
            """
            id = "r07"
            mass_kg = 68
            ftp_w = 210
            cp_w = 205.5
            w_prime_j = 18000
            crank_length_mm = 165
            max_hr_bpm = 184
            resting_hr_bpm = 52
            meter_error_pct = 2

            [limits]
            r2_grinding_min = 6
            """,
        )
    )
    assert rider.rider_id == "r07"
    assert (rider.mass_kg, rider.ftp_w, rider.cp_w, rider.w_prime_j) == (68.0, 210.0, 205.5, 18000.0)
    assert (rider.crank_length_mm, rider.max_hr_bpm, rider.resting_hr_bpm) == (165.0, 184.0, 52.0)
    assert rider.meter_error_pct == 2.0
    assert rider.limits == {"r2_grinding_min": 6.0}
    assert rider.ftp_source == "rider file"


def test_a_rider_table_says_the_same_as_keys_at_the_top(tmp_path: Path) -> None:
    inside = read_rider(written(tmp_path, "[rider]\nmass_kg = 70\n[limits]\ngap_s = 4\n"))
    top = read_rider(written(tmp_path, "mass_kg = 70\n[limits]\ngap_s = 4\n"))
    nested = read_rider(written(tmp_path, "[rider]\nmass_kg = 70\n[rider.limits]\ngap_s = 4\n"))
    assert inside == top == nested


def test_what_is_not_said_is_not_known(tmp_path: Path) -> None:
    rider = read_rider(written(tmp_path, ""))
    assert rider.mass_kg is None
    assert rider.ftp_w is None
    assert rider.limits == {}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_each_number_is_held_to_its_range(tmp_path: Path, key) -> None:
    for edge in (key.low, key.high):
        assert getattr(read_rider(written(tmp_path, f"{key.name} = {edge}")), key.name) == edge
    for beyond in (key.low - 0.5, key.high + 0.5, key.high * 1000):
        with pytest.raises(BadRider) as caught:
            read_rider(written(tmp_path, f"{key.name} = {beyond}"))
        error = caught.value
        assert error.place == key.name
        assert f"{key.low:g} to {key.high:g} {key.unit}" in (error.expected or "")
        assert error.got == str(beyond)
        assert "rider.toml" in str(error)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ('mass_kg = "70"', "mass_kg", "no number"),
        ("mass_kg = true", "mass_kg", "no number"),
        ("ftp_w = nan", "ftp_w", "no number"),
        ("ftp_w = inf", "ftp_w", "no number"),
        (f"ftp_w = 1{'0' * 400}", "ftp_w", "fits no rider"),
        ("mass_kg = [70]", "mass_kg", "no number"),
        ("[rider]\nmass = 70", "[rider] mass", "mass_kg, perhaps"),
        ("ftp = 210", "ftp", "ftp_w, perhaps"),
        ("shoe_size = 44", "shoe_size", "unknown key"),
        ("[rider]\nid = 'a'\n[bike]\nx = 1", "bike", "unknown key outside [rider]"),
        ("ftp_w = 200\n[rider]\nid = 'a'", "ftp_w", "ftp_w inside [rider]"),
        ("rider = 7", "rider", "no table"),
        ("limits = 7", "limits", "no table"),
        ("[limits]\ngap_s = 'x'", "[limits] gap_s", "no number"),
        (f"[limits]\ngap_s = 1{'0' * 400}", "[limits] gap_s", "no number"),
        ("[rider.limits]\ngap_s = 1\n[limits]\ngap_s = 2", "[limits] and [rider.limits]", "two places"),
        ("id = ''", "id", "no name"),
        ('id = "a\\u0000b"', "id", "no name"),
        (f'id = "{"x" * 65}"', "id", "64 characters"),
        ("max_hr_bpm = 100\nresting_hr_bpm = 110", "resting_hr_bpm", "not below"),
    ],
)
def test_nonsense_is_named_with_its_place(tmp_path: Path, text: str, place: str, says: str) -> None:
    with pytest.raises(BadRider) as caught:
        read_rider(written(tmp_path, text))
    assert caught.value.place == place
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadRider, match="line 2") as caught:
        read_rider(written(tmp_path, "mass_kg = 70\nftp_w = = 3\n"))
    assert "no TOML" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[" * 5000, "no TOML"),
        (b"x" * (1 << 20) + b"y", "too large"),
    ],
    ids=["not text", "nested", "huge"],
)
def test_a_file_that_is_no_rider_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "rider.toml"
    path.write_bytes(content)
    with pytest.raises(BadRider, match=says):
        read_rider(path)


def test_a_missing_file_and_a_folder_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(BadRider, match=r"nobody\.toml: cannot be read"):
        read_rider(tmp_path / "nobody.toml")
    with pytest.raises(BadRider, match="folder"):
        read_rider(tmp_path)
