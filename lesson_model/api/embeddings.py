"""Embeddings: vectors in which texts that share words lie close."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import struct

from lesson_model.api.errors import invalid
from lesson_model.api.fields import ANYTHING, check_fields, kinds_by_name, wrong_type
from lesson_model.api.tokens import tokenize

__all__ = ("answer_embeddings",)

FIELDS = kinds_by_name(
    {"a string": "model encoding_format user", "an integer": "dimensions", ANYTHING: "input"}
)
DIMENSIONS = 1536  # as text-embedding-3-small has
MAX_INPUTS = 2048


def answer_embeddings(body: dict) -> bytes:
    """Return the JSON body that answers a request for embeddings."""
    if not body.get("model"):
        raise invalid("you must provide a model parameter")
    check_fields(body, FIELDS)
    inputs = read_inputs(body.get("input"))
    size = body.get("dimensions") or DIMENSIONS
    data = []
    for index, text in enumerate(inputs):
        vector: list[float] | str = embed(text, size)
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    used = sum(len(tokenize(text)) if isinstance(text, str) else len(text) for text in inputs)
    usage = {"prompt_tokens": used, "total_tokens": used}
    answer = {"object": "list", "data": data, "model": body["model"], "usage": usage}
    return json.dumps(answer).encode()


def read_inputs(given: object) -> list[str | list[int]]:
    """Return the inputs to embed: texts, or lists of token numbers."""
    inputs = given if isinstance(given, list) else [given]
    if inputs and all(type(number) is int for number in inputs):
        inputs = [inputs]
    for text in inputs:
        numbers = isinstance(text, list) and all(type(number) is int for number in text)
        if not isinstance(text, str) and not numbers:
            raise wrong_type("input", "a string, or an array of strings or integers", given)
        if not text:
            raise invalid("Invalid 'input': input cannot be an empty string.", "input")
    if not 0 < len(inputs) <= MAX_INPUTS:
        message = f"Invalid 'input': expected 1 to {MAX_INPUTS} inputs, but got {len(inputs)}."
        raise invalid(message, "input")
    return inputs


def embed(text: str | list[int], size: int) -> list[float]:
    """Return a vector of length 1: each word pushes a few dimensions up or down."""
    words = re.findall(r"\w+", text.lower()) if isinstance(text, str) else map(str, text)
    vector = [0.0] * size
    for word in words:
        digest = hashlib.sha256(word.encode(errors="replace")).digest()
        for start in range(0, 16, 4):
            place = int.from_bytes(digest[start : start + 3], "big") % size
            vector[place] += 1.0 if digest[start + 3] & 1 else -1.0
    length = math.hypot(*vector)
    if not length:  # no words, or they cancel out
        return [1.0] + [0.0] * (size - 1)
    return [number / length for number in vector]
