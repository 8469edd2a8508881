"""OpenAI's own packages, Python and JavaScript, drive the lesson model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import openai
import pytest
from openai import pydantic_function_tool
from pydantic import BaseModel

from tests.lesson_model.wire import user

SAID = "The quick brown fox."
PACKAGES = ("openai@7.57.0", "zod@4.6.7")


class City(BaseModel):
    """A city."""

    city: str


@pytest.fixture
def lesson(lesson):
    lesson.when("say it").says(SAID)
    lesson.when("weather").calls("get_weather", city="Oslo").then_says("It is {result}.")
    return lesson


@pytest.fixture
def client(lesson):
    with openai.OpenAI(max_retries=0) as client:
        yield client


def test_chat(client):
    answer = client.chat.completions.create(**user("say it"))
    assert answer.choices[0].message.content == SAID
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    stream = client.chat.completions.create(**user("say it"), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == SAID
    with client.chat.completions.stream(**user("say it")) as helper:
        assert helper.get_final_completion().choices[0].message.content == SAID


def test_tools(client):
    tools = [pydantic_function_tool(City, name="get_weather")]
    messages = [{"role": "user", "content": "the weather, please"}]
    first = client.chat.completions.parse(model="m", messages=messages, tools=tools)
    message = first.choices[0].message
    (call,) = message.tool_calls
    assert call.function.parsed_arguments == City(city="Oslo")
    said = message.model_dump(exclude_unset=True, exclude={"parsed": True})
    said["tool_calls"] = [call.model_dump(exclude={"function": {"parsed_arguments"}})]
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 C"}
    answer = client.chat.completions.create(model="m", messages=[*messages, said, result])
    assert "21 C" in answer.choices[0].message.content


def test_structured_output(client):
    answer = client.chat.completions.parse(**user("The city is Oslo."), response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)
    answer = client.responses.parse(model="m", input="The city is Oslo.", text_format=City)
    assert isinstance(answer.output_parsed, City)


def test_responses(client):
    first = client.responses.create(model="gpt-6", input="say it", reasoning={"effort": "low"})
    assert first.output_text == SAID
    again = client.responses.create(model="m", input="say it", previous_response_id=first.id)
    assert again.previous_response_id == first.id
    with client.responses.stream(model="m", input="say it") as stream:
        text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        assert text == stream.get_final_response().output_text == SAID


def test_the_rest(lesson, client):
    vectors = client.embeddings.create(model="e", input=["a", "b"], dimensions=8)  # asks for base64
    assert [len(item.embedding) for item in vectors.data] == [8, 8]
    assert client.models.list().data[0].id == lesson.name
    assert client.models.retrieve("any").id == "any"
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(api_key="wrong").models.list()


async def test_async(lesson):
    async with openai.AsyncOpenAI() as client:
        answer = await client.chat.completions.create(**user("say it"))
        assert answer.choices[0].message.content == SAID
        stream = await client.chat.completions.create(**user("say it"), stream=True)
        assert "".join([c.choices[0].delta.content or "" async for c in stream]) == SAID


@pytest.fixture
def javascript(request):
    """Return a folder in which OpenAI's JavaScript package is installed, by npm, once."""

    def missing(sentence):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(sentence)

    if not (shutil.which("node") and shutil.which("npm")):
        missing("This needs Node 20 or newer: install it from https://nodejs.org.")
    folder = Path(request.config.cache.mkdir("npm-" + "-".join(PACKAGES).replace("@", "-")))
    if not (folder / "installed").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        command[:1] = [shutil.which("npm")]
        done = subprocess.run(
            [*command, "--prefix", str(folder)], capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            missing(f"npm could not install {' and '.join(PACKAGES)}: {done.stderr[-300:]}")
        (folder / "installed").touch()
    return folder


def test_javascript(lesson, javascript):
    script = Path(__file__).with_name("openai_client.mjs")
    copy = shutil.copy(script, javascript)  # packages are found next to the script
    done = subprocess.run(["node", copy], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    errors = seen.pop("errors")
    texts = (
        "chat",
        "stream",
        "helper",
        "response",
        "response_stream",
        "response_helper",
        "retries",
    )
    assert {name: seen.pop(name) for name in texts} == dict.fromkeys(texts, SAID)
    assert seen == {
        "usage": True,
        "tools": ["It is 21 C in Oslo.", ["Oslo"]],
        "parsed": "string",
        "embeddings": [8, 8],
        "models": lesson.name,
        "model": "any",
    }
    assert errors == {
        "key": ["AuthenticationError", 401, True],
        "rule": ["BadRequestError", 400, True],
        "path": ["NotFoundError", 404, True],
        "rate_limit": ["RateLimitError", 429, True],
        "server_error": ["InternalServerError", 500, True],
        "403": ["PermissionDeniedError", 403, True],
        "409": ["ConflictError", 409, True],
        "422": ["UnprocessableEntityError", 422, True],
        "disconnect": ["TypeError", None, False],  # the package lets fetch's own error through
    }
