"""The pandas edge: `to_pandas` and `from_pandas`, without pyarrow, missing as NaN there and null here."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from telemetry.analysis import analyze
from telemetry.errors import BadInput
from telemetry.model import ClassRecording
from tests.builders import recording, steps


def test_a_class_goes_to_pandas_and_back_unchanged() -> None:
    class_ = recording(**steps([(3, 200, 80), (2, None, 81)]), heart_rate_bpm=[120, None, 121, 122, None])
    frame = class_.to_pandas()
    assert list(frame.columns) == ["time_s", "power_w", "cadence_rpm", "heart_rate_bpm"]
    assert set(frame.dtypes) == {np.dtype("float64")}
    assert frame["power_w"].isna().tolist() == [False, False, False, True, True]
    back = ClassRecording.from_pandas(frame, started_at=class_.started_at)
    assert back.samples.equals(class_.samples)
    assert back.samples["power_w"].null_count() == 2
    assert (back.source, back.started_at) == ("pandas", class_.started_at)
    assert back.id == ClassRecording.from_pandas(frame).id, "the same samples have the same id"


def test_the_frame_is_a_copy() -> None:
    class_ = recording(power_w=[200, 210])
    frame = class_.to_pandas()
    frame["power_w"] = 0.0
    assert class_.array("power_w").tolist() == [200.0, 210.0]


def test_nullable_columns_unknown_columns_and_infinite_values() -> None:
    frame = pd.DataFrame(
        {
            "note": ["a", "b", "c"],
            "power_w": pd.array([200, None, 210], dtype="Int64"),
            "torque_nm": [20.0, np.inf, -np.inf],
            "time_s": [0, 1, 2],
        }
    )
    class_ = ClassRecording.from_pandas(frame)
    assert class_.samples["power_w"].to_list() == [200.0, None, 210.0]
    assert class_.samples["torque_nm"].to_list() == [20.0, None, None], "a division by zero is no measurement"
    assert class_.samples.columns == ["time_s", "power_w", "torque_nm"]
    assert analyze(class_).review.state == "not_enough_data"


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"power_w": [1.0]}, "no time_s column"),
        ({"time_s": [0.0, 1.0, 1.0]}, "gaps or goes back"),
        ({"time_s": [0.0, np.nan, 2.0]}, "gaps or goes back"),
        ({"time_s": [0.0, 1.0, np.inf]}, "no time"),
        ({"time_s": [-np.inf, 1.0, 2.0]}, "no time"),
        ({"time_s": [0.0, 1.0], "power_w": ["a", "b"]}, "column power_w: a column is not numeric"),
    ],
)
def test_a_frame_that_is_no_class_is_named(columns: dict[str, list[float]], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        ClassRecording.from_pandas(pd.DataFrame(columns))


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="no time zone"):
        ClassRecording.from_pandas(pd.DataFrame({"time_s": [0.0]}), started_at=dt.datetime(2026, 3, 2))


def test_no_package_beside_pandas_is_needed() -> None:
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from tests.builders import recording\n"
        "from telemetry.model import ClassRecording\n"
        "frame = recording(power_w=[200, None]).to_pandas()\n"
        "assert len(ClassRecording.from_pandas(frame)) == 2"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
