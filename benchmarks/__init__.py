"""Measurements beside what a user would pick instead, each one command: `python -m benchmarks.<name>`."""
