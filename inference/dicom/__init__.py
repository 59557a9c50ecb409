"""Headers, pixels and objects of DICOM files, pure."""
