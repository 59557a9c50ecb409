"""Pseudonymous studies, the identity store, and where pixels lie."""
