"""What happened: the facts of an inference, and how they come in."""
