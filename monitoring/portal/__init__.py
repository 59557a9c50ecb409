"""What a regulator sees: what was shared with them, read-only, provable in their own browser, with comments."""
