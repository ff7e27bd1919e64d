"""One file for each kind of class file, each with `recordings(data, file) -> list[ClassRecording]`."""
