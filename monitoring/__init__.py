"""What the logged facts mean: cases, rollups, estimates, drift, signals, pages."""
