"""What an answer costs the lesson model, asked by OpenAI's client: its CPU, the first word.

The server is a process of its own: its CPU seconds are not the client's.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from openai import OpenAI

from benchmarks.servers import cpu, running
from benchmarks.verdicts import invalid

__all__ = ("aims", "measure", "table")

ANSWER = " ".join(["word"] * 40)
CLIENTS = 8  # at once
ANSWERS = 200  # a round
LESSON_MODEL = f"""
import threading, lesson_model
model = lesson_model.start()
model.when("").says({ANSWER!r})
print(model.url, flush=True)
threading.Event().wait()
"""


def measure(rounds: int) -> dict:
    """Ask for many answers, in JSON and as streams.

    Returns:
        json and stream (CPU seconds an answer), first_word (seconds, the median of streams asked
        for one after the other), memory (resident bytes), wrong (how many answers).
    """
    found: dict = {}
    with running("-c", LESSON_MODEL) as (server, port):
        client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="sk-bench", max_retries=0)
        answers = [ask(client, stream=False)]
        alone = [ask(client, stream=True) for _ in range(ANSWERS)]
        found["first_word"] = median(seconds for _, seconds in alone)
        for kind, stream in (("json", False), ("stream", True)):
            before = cpu(server)
            with ThreadPoolExecutor(CLIENTS) as clients:
                count = rounds * ANSWERS
                answers += clients.map(lambda _: ask(client, stream), range(count))  # noqa: B023
            found[kind] = (cpu(server) - before) / count
        found["memory"] = server.memory_info().rss
    found["wrong"] = sum(text != ANSWER for text, _ in [*answers, *alone])
    return found


def ask(client: OpenAI, stream: bool) -> tuple[str, float]:
    """Return an answer, and the seconds until its first word was there."""
    messages = [{"role": "user", "content": "Say it."}]
    began = time.perf_counter()
    answer = client.chat.completions.create(model="lesson", messages=messages, stream=stream)
    if not stream:
        return answer.choices[0].message.content, time.perf_counter() - began
    text, first = "", 0.0
    for chunk in answer:
        text += chunk.choices[0].delta.content or ""
        first = first or (time.perf_counter() - began if text else 0.0)
    return text, first


def aims(found: dict) -> list[dict]:
    """Return a verdict only where the figures must not be believed."""
    return [invalid(f"{found['wrong']} answers were wrong")] if found["wrong"] else []


def table(found: dict) -> str:
    """Return the results for people to read."""
    return (
        f"{found['json'] * 1e3:8.2f} ms CPU an answer in JSON\n"
        f"{found['stream'] * 1e3:8.2f} ms CPU a streamed answer of 40 words\n"
        f"{found['first_word'] * 1e3:8.2f} ms until the first word, one client alone\n"
        f"{found['memory'] / 1e6:8.0f} MB resident\n"
        f"{CLIENTS} clients at once; OpenAI's package asks, and its CPU is not counted."
    )
