"""What turned out to be so."""
