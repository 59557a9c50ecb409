"""Inputs and scores against their reference."""
