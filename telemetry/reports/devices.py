"""Names of sensors and recorders as people write them, from what files write.

Comes in: a `Device`. Goes out: its name. Leaves to others: where it is printed, and what is left out
of a copy to share.
"""

from __future__ import annotations

from telemetry.model import Device
from telemetry.reports import words

NO_MAKER = ("development", "unknown", "invalid")
"""Codes of the FIT profile that name nobody: "development" is for makers without a number of their own."""


OWN_WAY = {"srm": "SRM", "4iiiis": "4iiii", "sram": "SRAM"}
"""Makers who write themselves otherwise than with one capital."""


def maker_name(device: Device) -> str:
    """The maker as a name; empty where the file names nobody.

    >>> maker_name(Device("recorder", "wahoo_fitness")), maker_name(Device("power", "SRM"))
    ('Wahoo Fitness', 'SRM')
    >>> maker_name(Device("recorder", "development"))
    ''
    """
    code = words.clean(device.manufacturer, 40)
    if code.lower() in NO_MAKER:
        return ""
    if code in OWN_WAY:
        return OWN_WAY[code]
    if code != code.lower():  # it has capitals of its own
        return code.replace("_", " ")
    return " ".join(part[:1].upper() + part[1:] for part in code.replace("_", " ").split())


def device_name(device: Device) -> str:
    """Maker and product, cleaned, without saying the maker twice."""
    maker, product = maker_name(device), words.clean(device.product, 40).replace("_", " ")
    return product if product.lower().startswith(maker.lower()) else f"{maker} {product}".strip()
