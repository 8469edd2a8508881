"""OpenAI's protocol: requests checked as strictly as the real API does, answers in its format."""
