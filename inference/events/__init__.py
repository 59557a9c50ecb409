"""What happened to an inference or a study."""
