"""ClassRecording → ClassAnalysis."""
