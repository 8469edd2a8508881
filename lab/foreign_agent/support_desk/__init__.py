"""The support desk of a small shop."""
