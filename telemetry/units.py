"""Named conversions, each with a worked value. No number is converted anywhere else.

>>> round(torque_nm(250.0, 60.0), 3)
39.789
>>> round(pedal_force_n(torque_nm(250.0, 60.0), 0.1725), 3)
230.659
>>> round(pedal_speed_mps(60.0, 0.1725), 4)
1.0838
"""

from __future__ import annotations

import math

SECONDS_PER_MINUTE = 60.0
SECONDS_PER_HOUR = 3600.0
JOULES_PER_KILOJOULE = 1000.0

RAD_PER_S_PER_RPM = 2.0 * math.pi / SECONDS_PER_MINUTE
"""One revolution a minute in radians a second: 0.104720."""


def torque_nm(power_w: float, cadence_rpm: float) -> float:
    """Mean crank torque [N·m] over a revolution, from power [W] and cadence [rpm].

    >>> round(torque_nm(200.0, 50.0), 3)
    38.197
    """
    return power_w / (RAD_PER_S_PER_RPM * cadence_rpm)


def power_w(torque: float, cadence_rpm: float) -> float:
    """Power [W] of a mean crank torque [N·m] at a cadence [rpm].

    >>> round(power_w(38.197, 50.0), 1)
    200.0
    """
    return torque * RAD_PER_S_PER_RPM * cadence_rpm


def pedal_force_n(torque: float, crank_length_m: float) -> float:
    """Average effective pedal force [N] of a crank torque [N·m] (Coggan).

    >>> round(pedal_force_n(26.526, 0.1725), 2)
    153.77
    """
    return torque / crank_length_m


def pedal_speed_mps(cadence_rpm: float, crank_length_m: float) -> float:
    """Circumferential pedal velocity [m/s] at a cadence [rpm].

    >>> round(pedal_speed_mps(90.0, 0.1725), 4)
    1.6258
    """
    return RAD_PER_S_PER_RPM * cadence_rpm * crank_length_m


def strokes(cadence_rpm: float, seconds: float) -> float:
    """Pedal strokes, two a revolution, at a cadence [rpm] for some seconds.

    >>> strokes(90.0, 600.0)
    1800.0
    """
    return 2.0 * cadence_rpm * seconds / SECONDS_PER_MINUTE
