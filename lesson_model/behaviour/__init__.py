"""What the model replies: the lesson's rules first, then general behaviour."""
