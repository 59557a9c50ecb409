"""Torch networks and their preprocessing, pure of Django."""
