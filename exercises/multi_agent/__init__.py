"""Checks of lesson 7, multi-agent."""

from __future__ import annotations

from typing import Any

from langgraph.types import Command, interrupt

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part
from exercises.multi_agent import teams as parts
from exercises.multi_agent.budget import assert_shares, looping_worker, worked
from exercises.multi_agent.teams import thread

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")

PREDICTED = {
    "A": ("one agent", "One request to call the tool, one to answer."),
    "B": ("the team", "Who has to be asked before the worker can begin, and after it has ended?"),
    "C": ("two tasks", "The supervisor gives each task in a request of its own, and then answers."),
    "D": ("one task", "The supervisor is asked twice. How often is the worker, for two logs?"),
}


@exercise(
    hints=(
        "Each agent makes a request for each of its calls, and one for its last words.",
        "B: the supervisor gives the task (1), the worker calls its tool (2) and answers (3) ...",
        "C: the supervisor makes three requests, the worker two for each of its two tasks. D: the "
        "supervisor makes two, the worker three.",
    )
)
def ex1(requests_made):
    """The number of requests of one agent and of a team is predicted."""
    assert isinstance(requests_made, dict), (
        f"`requests_made` is {kind(requests_made)}; expected a dict: {{'A': ..., ...}}."
    )
    with lesson_model.scratch() as model:
        counted = dict(parts.predicted_runs(model))
    for letter, (what, why) in PREDICTED.items():
        with part(f"{letter}: {what}"):
            given = requests_made.get(letter, requests_made.get(letter.lower()))
            assert given is not None, f"{letter} is missing in `requests_made`. Add {letter!r}."
            assert isinstance(given, int), f"{letter} is {kind(given)}; expected a whole number."
            assert given == counted[letter], (
                f"{letter}: you predicted {given}. We ran it, and counted something else. {why}"
            )


@exercise(
    hints=(
        "Which mode streams words? And which argument shows the graphs inside?",
        'With `version="v2"` each part has `data`: a token, and where it comes from. The class of '
        "the token tells a model's words from a tool's result.",
        '`for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, '
        'version="v2")`: `token, where = part["data"]`; if it is an `AIMessageChunk` with text, '
        '`yield where["lc_agent_name"], token.text`.',
    )
)
def ex2(spoken):
    """Words are streamed with the name of the agent whose model writes them."""
    expected = {"supervisor": [parts.FIRST, parts.FINAL]}
    expected |= {"archive": [parts.TOLD], "research": [parts.FOUND]}
    with lesson_model.scratch() as model:
        team = parts.speaking_team(model)
        made, pieces = [], []
        got = spoken(team, "Please carry this out.")
        assert got is not None, "`spoken` returned None; expected a generator. Does it `yield`?"
        for item in got:
            assert isinstance(item, tuple | list) and len(item) == 2, (
                f"It yielded {kind(item)}; expected a pair (agent, text)."
            )
            made.append(len(model.requests))
            pieces.append(item)
        requests = len(model.requests)
    assert pieces, (
        "It yielded nothing. Is the mode spelt right? With `subgraphs=True` each item also holds "
        'a namespace; with `version="v2"` the token is in `part["data"]`.'
    )
    said: dict[Any, str] = {}
    for agent, text in pieces:
        assert isinstance(text, str), (
            f"It yielded {kind(text)} as the text; expected words: they are in `token.text`."
        )
        said[agent] = said.get(agent, "") + text
    with part("the workers are heard"):
        for name in ("research", "archive"):
            (words,) = expected[name]
            assert words in "".join(text for _, text in pieces), (
                f"{name} wrote {words!r}, and nothing of it was yielded. A stream shows "
                "graphs inside a tool only with `subgraphs=True`."
            )
    with part("each piece has its speaker"):
        strange = [name for name in said if name not in expected]
        assert not strange, (
            f"A speaker is called {short(strange[0])}; expected supervisor, research and archive. "
            'The name you gave to `create_agent` is in `where["lc_agent_name"]`.'
        )
        for name, sentences in expected.items():
            missing = [words for words in sentences if words not in said.get(name, "")]
            assert not missing, (
                f"{name} said {short(said.get(name, ''))}; expected {missing[0]!r} in it."
            )
    with part("only what a model writes"):
        everything = "".join(text for _, text in pieces)
        assert parts.RAW not in everything, (
            f"{parts.RAW!r} was yielded. That is a tool's result, a `ToolMessage`; a model's words "
            "are of the class `AIMessageChunk`."
        )
        assert everything.count(parts.FOUND) <= 1, (
            f"{parts.FOUND!r} was yielded more than once: as words, and as the result of the "
            "supervisor's tool?"
        )
        assert all(text for _, text in pieces), "Some pieces are empty: leave those out."
    with part("as it is written"):
        assert len(pieces) > 2 * len(said), (
            f"{len(said)} agents spoke in {len(pieces)} pieces. Those are whole messages; expected "
            'pieces, as `stream_mode="messages"` gives them.'
        )
        assert made[0] < requests, (
            "The first piece came when the whole run was over. Yield inside the loop."
        )


@exercise(
    hints=(
        "Whose calls hang open when the graph jumps? All those of the last message.",
        "Take `runtime.state['messages']` along, and behind them one `ToolMessage` for each call "
        "in `runtime.state['messages'][-1].tool_calls`; yours has the id `runtime.tool_call_id`.",
        "`messages = list(runtime.state['messages'])`; for each call of `messages[-1].tool_calls` "
        "append `ToolMessage(text, tool_call_id=call['id'])`, with the note in one of the texts; "
        "return `Command(goto='refunds', graph=Command.PARENT, update={'messages': messages})`.",
    )
)
def ex3(to_refunds):
    """The handoff brings the note along and leaves no call without an answer."""
    assert hasattr(to_refunds, "invoke"), (
        f"`to_refunds` is {kind(to_refunds)}; expected a tool. Leave the line `@tool` above it."
    )
    for title, others in (
        ("one call", {}),
        ("a second call before it", {"others_before": 1}),
        ("two more calls behind it", {"others_after": 2}),
    ):
        with part(title), lesson_model.scratch() as model:
            parts.Desks(model, to_refunds).hand_over(**others)


@exercise(
    hints=(
        "What happens to the run if an exception leaves the node? And if it does not?",
        "A `try` around `look_up(order)`. But `interrupt` leaves the node by raising, too: which "
        "exception has to pass? (Lesson 3.)",
        "In the node: `try: return {'notes': [look_up(order)]}`, then `except GraphBubbleUp: "
        "raise`, then `except Exception:` with a sentence of your own that has `order` in it.",
    )
)
def ex4(careful):
    """A failing worker becomes a note, and the others' notes stay."""
    with part("nothing fails"):
        _, result = parts.survey(careful, lambda order: f"{order} is late", "well")
        expected = [f"{order} is late" for order in ("T-7", "T-8", "T-9")]
        assert result["notes"] == expected, (
            f"The notes are {short(result['notes'])}; expected what `look_up` said, one note for "
            f"each order: {short(expected)}."
        )
    with part("one fails"):
        for error in (ConnectionError, TimeoutError, ValueError, KeyError):
            parts.assert_survives(careful, error("archive-3.shop.internal"))
    with part("a worker that asks"):
        graph, result = parts.survey(careful, lambda o: f"{o}: {interrupt(o)}", "asking")
        assert len(result.get("__interrupt__", ())) == 3, (
            "`look_up` called `interrupt`, and nobody was asked: your `except` caught it. Let "
            "`GraphBubbleUp` pass."
        )
        waiting = graph.get_state(thread("asking")).interrupts
        answers = {question.id: "yes" for question in waiting}
        notes = graph.invoke(Command(resume=answers), thread("asking"))["notes"]
        assert notes == ["T-7: yes", "T-8: yes", "T-9: yes"], (
            f"After the answers the notes are {short(notes)}; expected what `look_up` returned."
        )


@exercise(
    hints=(
        "Where do you see what waits on a thread, without running it?",
        "`graph.get_state(config).interrupts`; a resume may be a dictionary of many answers by id. "
        "After it, look again.",
        "`while waiting := graph.get_state(config).interrupts:` build `{q.id: decide(q.value) for "
        "q in waiting}`, `graph.invoke(Command(resume=answers), config)`; then return "
        "`graph.get_state(config).values`.",
    )
)
def ex5(settle_all):
    """Everything that waits is answered, together, until nothing waits."""
    orders = {"orders": ["T-7", "T-8", "T-9"], "notes": []}
    asking, config = parts.Asking(), thread("1")
    asking.graph.invoke(orders, config)
    values = settle_all(asking.graph, config, asking.decide)
    state = asking.graph.get_state(config)
    with part("nothing waits any more"):
        left = [question.value for question in state.interrupts]
        assert not left, (
            f"These still wait: {short(left)}. A worker may ask again after an answer: look again, "
            "until there is nothing."
        )
    with part("each gets its own answer"):
        expected = ["T-7: yes yes", "T-8: no", "T-9: yes"]
        assert state.values["notes"] == expected, (
            f"`decide` says no to T-8 only. The notes are {short(state.values['notes'])}; "
            f"expected {expected}."
        )
        assert len(asking.asked) == len(set(asking.asked)), (
            f"`decide` was asked {len(asking.asked)} times; there were "
            f"{len(set(asking.asked))} questions. Ask once for each."
        )
    with part("in one resume"):
        starts = {order: asking.visits.count(order) for order in orders["orders"]}
        assert starts == {"T-7": 3, "T-8": 2, "T-9": 2}, (
            f"The workers started {starts} times; expected 3, 2 and 2. Answer all that waits with "
            "one `Command(resume={id: answer, ...})`."
        )
    with part("the state comes back"):
        assert isinstance(values, dict) and values.get("notes") == state.values["notes"], (
            f"It returned {short(values)}; expected the values of the thread's state."
        )
    with part("a thread on which nothing waits"):
        asking.graph.invoke({"orders": [], "notes": ["all is settled"]}, thread("2"))
        before = len(list(asking.graph.get_state_history(thread("2"))))
        again = settle_all(asking.graph, thread("2"), asking.decide)
        assert len(list(asking.graph.get_state_history(thread("2")))) == before, (
            "Nothing waited, and it ran the graph. Look at the state first."
        )
        assert isinstance(again, dict) and again.get("notes") == ["all is settled"], (
            f"Nothing waited: it returned {short(again)}; expected the values of the state."
        )


@exercise(
    hints=(
        "Divide what is left, not the whole budget; and round down.",
        "Model, tools, model, tools: a limit of twice the share allows exactly that many requests. "
        "It raises `GraphRecursionError` when the worker wants more.",
        "`share = (state['budget'] - state['spent']) // len(state['tasks'])`. In `work_within`: "
        "`for update in worker.stream({'messages': job['task']}, {'recursion_limit': 2 * "
        "job['share']})`, count the updates with 'model' in them, keep the last message, and catch "
        "`GraphRecursionError` around the loop.",
    ),
)
def ex6(share_out, work_within):
    """What is left is shared, and no worker spends more than its share."""
    with part("equal shares of what is left"):
        for budget, spent, tasks, share in (
            (12, 0, ["a", "b", "c"], 4),
            (13, 0, ["a", "b"], 6),
            (12, 5, ["a", "b", "c"], 2),
            (3, 0, ["a", "b", "c"], 1),
        ):
            assert_shares(share_out, budget, spent, tasks, share)
    with part("nothing to share"):
        for budget, spent, tasks in ((2, 0, ["a", "b", "c"]), (9, 9, ["a"]), (5, 8, ["a", "b"])):
            assert_shares(share_out, budget, spent, tasks, 0)
        assert_shares(share_out, 5, 0, [], 0)
    with lesson_model.scratch() as model:
        worker = looping_worker(model)
        with part("a worker that gets done"):
            for task, share, needs in (
                ("Answer at once.", 1, 1),
                ("Take one look.", 2, 2),
                ("Take one look.", 5, 2),
            ):
                note, made = worked(model, work_within, worker, task, share, needs)
                assert note == parts.FOUND, (
                    f"With a share of {share} the worker needs {needs} and says "
                    f"{parts.FOUND!r}. The note is {short(note)}."
                )
        with part("a worker that is stopped"):
            for task, share in (
                ("Look for ever.", 1),
                ("Look for ever.", 4),
                ("Take one look.", 1),
            ):
                note, made = worked(model, work_within, worker, task, share, share)
                assert isinstance(note, str) and task.rstrip(".") in note, (
                    f"It was stopped after {made} requests. The note is {short(note)}; expected a "
                    f"sentence with the task, {task!r}."
                )
