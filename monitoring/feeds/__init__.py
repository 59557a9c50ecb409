"""Volume, silence, completeness and flagged rows."""
