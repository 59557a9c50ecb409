"""API, import commands, DICOM; quarantine pages."""
