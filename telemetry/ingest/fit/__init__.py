"""Bytes → ClassRecording. `READERS` says which suffix is read by which reader."""
