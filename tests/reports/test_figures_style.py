"""The palette: to be told apart by everyone, on paper too; labels with the units of the channels."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from telemetry.model import CHANNELS
from telemetry.reports import style

# Machado, Oliveira and Fernandes 2009, severity 1.0, in linear RGB
DEFICIENCIES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(rgb: np.ndarray) -> float:
    return float(rgb @ np.array([0.2126, 0.7152, 0.0722]))


def lightness(rgb: np.ndarray) -> float:
    """CIE L*, 0 black to 100 white."""
    y = luminance(np.clip(rgb, 0.0, 1.0))
    return 116.0 * y ** (1.0 / 3.0) - 16.0 if y > 0.008856 else 903.3 * y


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(linear(one)), luminance(linear(two))))
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_on_paper() -> None:
    for colour in (style.INK, style.MUTED, style.TIER_EDGE, *style.CHANNEL_COLOURS.values()):
        assert contrast(colour, style.PAPER) >= 4.5


def test_traces_stand_out_from_every_shading_behind_them() -> None:
    for colour in style.CHANNEL_COLOURS.values():
        for tier in style.TIERS:
            assert contrast(colour, style.TIER_COLOURS[tier]) >= 3.0


@pytest.mark.parametrize("scale", [tuple(style.TIER_COLOURS[tier] for tier in style.TIERS), style.DENSITY])
def test_a_scale_grows_darker_step_by_step_for_every_eye(scale: tuple[str, ...]) -> None:
    for matrix in (np.eye(3), *(np.array(rows) for rows in DEFICIENCIES.values())):
        steps = [lightness(matrix @ linear(colour)) for colour in scale]
        assert all(before - after >= 5.0 for before, after in pairwise(steps))


def test_tiers_differ_without_any_colour() -> None:
    for one, two in combinations(style.TIERS, 2):
        assert style.TIER_HATCHES[one] != style.TIER_HATCHES[two]
        assert style.TIER_HEIGHTS[one] != style.TIER_HEIGHTS[two]
        assert style.TIER_LETTERS[one] != style.TIER_LETTERS[two]


def test_nothing_is_traffic_light_green_or_red() -> None:
    colours = [*style.CHANNEL_COLOURS.values(), *style.TIER_COLOURS.values(), *style.DENSITY, style.TIER_EDGE]
    for colour in colours:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert not (green > 1.25 * red and green > 1.25 * blue), f"{colour} is green"
        assert not (red > 2.0 * green and red > 2.0 * blue), f"{colour} is red"


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_axis_label_carries_the_unit_of_its_channel(channel: str) -> None:
    label, row = style.axis_label(channel), CHANNELS[channel]
    assert label.startswith(row.label)
    assert label.endswith(f"({row.unit})") if row.unit else "(" not in label.removeprefix(row.label)


def test_an_axis_in_minutes_says_minutes() -> None:
    assert style.axis_label("time_s", "min") == "Time since the start (min)"
