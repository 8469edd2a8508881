"""HTTP: the server, and how an answer is delivered. Knows nothing of OpenAI's API."""
