"""What a first answer loads is loaded here, once: each case is a fork of this process.

Two seconds of CPU time for each case that would load a structured answer's modules for itself, and
once more in its scout; another 0.7 for what clients build with their first request.
"""

import asyncio
import gc
from collections.abc import Iterator

import openai.types.beta.realtime.session
import openai.types.beta.text_format  # noqa: F401
import pytest
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

import lesson_model
from lesson_model.model import ENDPOINTS


@pytest.fixture(scope="package", autouse=True)
def warm() -> Iterator[None]:
    """Ask the lesson model in every way; then nothing that is here is garbage for a fork."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ENDPOINTS:
            patch.delenv(name, raising=False)
        model = lesson_model.start()
        agent, question = create_agent(ChatOpenAI(model=model.name), []), {"messages": "Hello."}
        list(agent.stream(question, stream_mode="messages"))
        asyncio.run(agent.ainvoke(question))
        model.stop()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
