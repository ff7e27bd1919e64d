"""What holds for every test: drawn examples are the same each time, and none fails for being slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

import telemetry.analysis.compose  # noqa: F401  # so that no command here leaves the others uncompiled

settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
