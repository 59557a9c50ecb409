"""Inferences and what they predict."""
