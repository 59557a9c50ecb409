"""Mergeable sums of months that follow the log."""
