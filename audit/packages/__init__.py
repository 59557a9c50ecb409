"""Containers of evidence packages."""
