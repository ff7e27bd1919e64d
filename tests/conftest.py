"""What holds for every test: drawn examples are the same each time, and none fails for being slow."""

from __future__ import annotations

import numba  # noqa: F401  # loaded, so that no command in this process leaves the others uncompiled
from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
