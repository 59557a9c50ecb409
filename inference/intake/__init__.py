"""accept(): the one way in, for any kind of fact; quarantine."""
