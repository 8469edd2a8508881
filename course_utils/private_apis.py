"""Workarounds for other libraries, and the private names of theirs that the course uses.

Each function names the library, the version it was last tried with, the reason, and the thread
where the library's authors discuss it. When pins are raised, read this file: what a library has
fixed can go. Nothing else in the course uses private names of another library, but `alone` of
`agent_checklist/agent.py`; a hook that a library documents for subclasses or displays
(`_repr_mimebundle_`, `_render_traceback_`, `BaseTracer._on_run_create`) is not private.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets
    from langchain_core.runnables import Runnable
    from langgraph.pregel import Pregel

__all__ = (
    "act_while_a_cell_runs",
    "fresh_async_clients",
    "is_async_only",
    "keep_events_in_order",
    "take_back_answer",
)


@contextlib.contextmanager
def fresh_async_clients() -> Iterator[None]:
    """Give the models that are used inside an async HTTP client of their own.

    Library: langchain-openai 1.7.4, `chat_models._client_utils._cached_async_httpx_client`.
    Reason: all ChatOpenAI models share one async client, which is bound to the event loop that used
        it first. A check runs async answers in another loop than the notebook's, and fails there.
    Thread: https://github.com/langchain-ai/langchain/issues/35783
    """
    module = "langchain_openai.chat_models._client_utils"  # not imported: no models, no clients
    if module in sys.modules:
        sys.modules[module]._cached_async_httpx_client.cache_clear()
    try:
        yield
    finally:
        if module in sys.modules:
            sys.modules[module]._cached_async_httpx_client.cache_clear()


def take_back_answer(
    graph: Pregel, config: Mapping[str, Any], task: str, earlier: list[Any]
) -> None:
    """Replace the answers recorded for a task by the `earlier` ones, and clear its error.

    Library: langgraph 1.2.24, the checkpointer's pending writes under `RESUME` and `ERROR`.
    Reason: a task that failed with an answer gets the same answer on every later resume. Without
        this, a rejection after a failed approval would approve.
    Thread: https://github.com/langchain-ai/langgraph/issues/8837 (the same writes, re-delivered)
    """
    from langgraph.checkpoint.serde.types import ERROR, RESUME  # noqa: PLC0415 - only the panel

    graph.checkpointer.put_writes(config, [(RESUME, earlier), (ERROR, None)], task)


def is_async_only(runnable: Runnable) -> bool:
    """Return whether a graph's node can run only with `await`.

    Library: langgraph 1.2.24, `func` and `afunc` of `_internal._runnable.RunnableCallable`.
    Reason: `graph.invoke` finds out only when it reaches the node, after earlier nodes have acted.
    Thread: none; there is no public question to ask.
    """
    return getattr(runnable, "func", ...) is None and bool(getattr(runnable, "afunc", None))


def keep_events_in_order(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Let one kernel thread handle the next browser events of all `widgets`, in order.

    Library: ipykernel 7.4 with JupyterLab 4.6 and ipywidgets 8.1.
    Reason: JupyterLab sends a widget's events to the subshell thread that last wrote to that
        widget. With two threads, a click could overtake the text typed before it. So the thread
        that calls this writes something harmless to each of the widgets.
    Thread: https://github.com/jupyterlab/jupyterlab/issues/19719
    """
    for widget in widgets:
        widget.send_state("description")


def act_while_a_cell_runs(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Let JupyterLab send the events of all `widgets` to a thread that no cell keeps waiting.

    Library: ipykernel 7.4 with JupyterLab 4.6 and ipywidgets 8.1.
    Reason: JupyterLab names its own subshell thread, but ipykernel sends a widget's events to the
        thread that last wrote to that widget: the one that runs cells, as long as no other did.
    Thread: https://github.com/jupyterlab/jupyterlab/issues/19719
    """
    for widget in widgets:
        if hasattr(widget.comm, "_reply_subshell_for"):
            widget.comm._reply_subshell_for = lambda data, named: named
