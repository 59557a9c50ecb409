"""Signatures of people: the ceremony, their keys, and the notice of misuse."""
