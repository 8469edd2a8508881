"""Enough English to find the tool calls a sentence asks for."""
