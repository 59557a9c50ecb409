"""From rollups to estimates, and against claims."""
