"""`python -m telemetry` is the `telemetry` command."""

from telemetry.cli import main

if __name__ == "__main__":
    main()
