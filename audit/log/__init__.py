"""Fact, entries, the sequencer and checkpoints: one tree per organisation."""
