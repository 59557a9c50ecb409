"""Sampling plans, runs and their Celery tasks."""
