"""What counts, or why not: one answer for every estimate, monitor and package."""
