"""LangSmith's requests are caught here, and its variables are as before afterwards."""

from __future__ import annotations

import os

from langchain_core.runnables import RunnableLambda
from langsmith.utils import tracing_is_enabled

from lab import langsmith_uploads


def test_hidden_outputs_are_not_sent() -> None:
    def work() -> None:
        RunnableLambda(lambda word: "from inside").invoke("from outside")

    sent = langsmith_uploads.catch(work)
    assert "from outside" in sent and "from inside" in sent
    sent = langsmith_uploads.catch(work, "LANGSMITH_HIDE_OUTPUTS")
    assert "from outside" in sent and "from inside" not in sent


def test_the_environment_is_as_before() -> None:
    before = dict(os.environ)
    with langsmith_uploads.environment(LANGSMITH_TRACING="true"):
        assert tracing_is_enabled()
    assert dict(os.environ) == before
