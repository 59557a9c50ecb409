"""What DICOM objects say of an AI's work: reports, segmentations, marks, rejections and assessments."""
