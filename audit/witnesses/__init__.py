"""Witnesses: others who cosign our checkpoints, and ourselves cosigning those of others."""
