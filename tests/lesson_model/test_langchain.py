"""LangChain's standard chat model suite, by way of ChatOpenAI, over both of OpenAI's APIs."""

from __future__ import annotations

import base64

import httpx
import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
PAGE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Suite(ChatModelIntegrationTests):
    """What both APIs have in common."""

    @pytest.fixture(autouse=True)
    def offline(self, lesson, monkeypatch):
        """Serve the samples that the suite fetches from the web from here."""
        monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "lesson")

        def get(url, **_):
            return httpx.Response(200, content=PAGE if str(url).endswith(".pdf") else PIXEL)

        monkeypatch.setattr(httpx, "get", get)

    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {"model": "lesson-model", "stream_usage": True}

    supports_image_inputs = True
    supports_image_urls = True
    supports_pdf_inputs = True
    supports_anthropic_inputs = True
    supports_json_mode = True
    supports_audio_inputs = True
    supports_image_tool_message = True
    supports_pdf_tool_message = True
    model_override_value = "another-model"


class TestChatCompletions(Suite):
    """Over /v1/chat/completions."""


class TestResponses(Suite):
    """Over /v1/responses."""

    @property
    def chat_model_params(self):
        return {**super().chat_model_params, "use_responses_api": True}


del Suite, ChatModelIntegrationTests  # or pytest collects them here as well
