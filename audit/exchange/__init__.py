"""The audit log in the words of other systems: FHIR AuditEvent, DICOM audit messages (ATNA), RFC 5424."""
