"""Mergeable daily sums that follow the log."""
