"""What goes into an evidence package."""
