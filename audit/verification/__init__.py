"""Checks an evidence package offline; standard library alone."""
