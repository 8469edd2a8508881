"""What every exercise check stands on: running an answer, judging it, showing the result."""
