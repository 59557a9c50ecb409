"""Django's settings: one base, read from the environment; tests change as little as they can."""
