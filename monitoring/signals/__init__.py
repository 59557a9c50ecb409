"""Monitors and what they raise."""
