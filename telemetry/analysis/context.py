"""Who rides and against what: rider, limits and references resolved once, before any metric.

Comes in: the recording's hints, a `Rider`, overridden limits. Goes out: one `Context` every metric reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telemetry import units
from telemetry.analysis.limits import Limits
from telemetry.model import ClassRecording, Rider


@dataclass(frozen=True)
class Context:
    """What every metric may ask besides the samples."""

    rider: Rider
    limits: Limits
    mass_kg: float | None
    mass_source: str
    ftp_w: float | None
    ftp_source: str
    """command line, rider file, library, "from file, unconfirmed", or "not known" """
    torque_reference_nm: float
    torque_reference_source: str
    grinding_reference_nm: float
    grinding_reference_source: str
    crank_length_mm: float
    crank_length_source: str
    meter_error_pct: float
    max_hr_bpm: float | None
    resting_hr_bpm: float | None

    def to_dict(self) -> dict[str, Any]:
        """The `rider` object of the JSON."""
        return {
            "rider_id": self.rider.rider_id,
            "mass_kg": self.mass_kg,
            "mass_source": self.mass_source,
            "ftp_w": self.ftp_w,
            "ftp_source": self.ftp_source,
            "cp_w": self.rider.cp_w,
            "w_prime_j": self.rider.w_prime_j,
            "crank_length_mm": self.crank_length_mm,
            "crank_length_source": self.crank_length_source,
            "max_hr_bpm": self.max_hr_bpm,
            "resting_hr_bpm": self.resting_hr_bpm,
            "meter_error_pct": self.meter_error_pct,
            "torque_reference_nm": self.torque_reference_nm,
            "torque_reference_source": self.torque_reference_source,
            "grinding_reference_nm": self.grinding_reference_nm,
            "grinding_reference_source": self.grinding_reference_source,
        }


def resolve(recording: ClassRecording, rider: Rider | None = None) -> Context:
    """Rider over file over default, with the source of each kept.

    FTP, first found wins: command line, rider file or library, then what the file holds ("from file,
    unconfirmed"), then none. Sources: metrics.md section 2, rulings section 2.

    Raises
    ------
    BadRider : an overridden limit that does not exist or is out of bounds
    """
    rider = rider or Rider()
    limits = Limits(rider.limits)
    hints = recording.hints

    mass, mass_source = rider.mass_kg, "rider"
    if mass is None:
        mass, mass_source = hints.mass_kg, "from file, unconfirmed"
    if mass is None:
        mass_source = "not known"

    ftp, ftp_source = rider.ftp_w, rider.ftp_source
    if ftp is None:
        ftp, ftp_source = hints.ftp_w, "from file, unconfirmed"
    if ftp is None:
        ftp_source = "not known"

    reference_cadence = limits["reference_cadence_rpm"]
    if ftp is not None:
        reference = grinding_reference = units.torque_nm(ftp, reference_cadence)
        reference_source = grinding_source = f"FTP {ftp:.0f} W at {reference_cadence:.0f} rpm ({ftp_source})"
    elif mass is not None:
        reference = limits["reference_nm_per_kg"] * mass
        reference_source = f"body mass {mass:.0f} kg ({mass_source}), no FTP known"
        grinding_reference = limits["grinding_reference_nm_per_kg"] * mass
        grinding_source = reference_source
    else:
        reference, grinding_reference = limits["reference_nm"], limits["grinding_reference_nm"]
        reference_source = grinding_source = "absolute: neither FTP nor body mass known"

    crank, crank_source = rider.crank_length_mm, "rider"
    if crank is None:
        crank, crank_source = hints.crank_length_mm, "from file"
    if crank is None:
        crank, crank_source = limits["crank_length_mm"], "default for studio bikes"

    return Context(
        rider=rider,
        limits=limits,
        mass_kg=mass,
        mass_source=mass_source,
        ftp_w=ftp,
        ftp_source=ftp_source,
        torque_reference_nm=reference,
        torque_reference_source=reference_source,
        grinding_reference_nm=grinding_reference,
        grinding_reference_source=grinding_source,
        crank_length_mm=crank,
        crank_length_source=crank_source,
        meter_error_pct=limits["meter_error_pct"] if rider.meter_error_pct is None else rider.meter_error_pct,
        max_hr_bpm=rider.max_hr_bpm if rider.max_hr_bpm is not None else hints.max_hr_bpm,
        resting_hr_bpm=rider.resting_hr_bpm if rider.resting_hr_bpm is not None else hints.resting_hr_bpm,
    )
