"""DICOM objects taken in: images, results of AI, marks, rejections and assessments, whatever way they come."""
