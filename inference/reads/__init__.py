"""What readers decided, and what they answered to an inference."""
