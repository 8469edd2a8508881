"""Checks of lesson 7, multi-agent."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import itertools
import re
from typing import Any

from langgraph.types import Command, interrupt
from openai import AuthenticationError, BadRequestError

import lesson_model
from exercises.core.descriptions import assert_sorted, contrast, kind, short
from exercises.core.exercise import exercise, outcome, part
from exercises.core.threads import thread
from exercises.multi_agent import teams
from exercises.multi_agent.budget import assert_shares, looping_worker, side_by_side, worked

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")

PREDICTED = {
    "A": ("one agent", "A request for each of its calls, and one for its last words."),
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
    said = {
        letter: requests_made.get(letter, requests_made.get(letter.lower())) for letter in PREDICTED
    }
    assert_sorted(said, "requests_made")
    with lesson_model.scratch() as model:
        counted = dict(teams.predicted_runs(model))
    for letter, (what, why) in PREDICTED.items():
        with part(f"{letter}: {what}"):
            given = said[letter]
            assert given is not None, f"{letter} is missing in `requests_made`. Add {letter!r}."
            assert isinstance(given, int), f"{letter} is {kind(given)}; expected a whole number."
            assert given == counted[letter], (
                f"{letter}: you predicted {given}; we ran it and counted another number. {why}"
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
    lead, scout, cellar = teams.SPEAKERS
    expected = {lead: [teams.FIRST, teams.FINAL], cellar: [teams.TOLD], scout: [teams.FOUND]}
    with lesson_model.scratch() as model:
        pieces: list[Any] = []
        model.state = state = teams.waiting_model(lambda: sum(len(str(p[1])) for p in [*pieces]))
        team = teams.speaking_team(model)
        got = spoken(team, "Please carry this out.")
        assert got is not None, "`spoken` returned None; expected a generator. Does it `yield`?"
        for item in got:
            assert isinstance(item, tuple | list) and len(item) == 2, (
                f"It yielded {kind(item)}; expected a pair (agent, text)."
            )
            pieces.append(item)
        requests = len(model.requests)
    assert pieces, (
        f"It yielded nothing; the agents {lead}, {scout} and {cellar} of another team wrote four "
        "texts. Neither the names of its agents nor of its tools are those of the lesson; the "
        'mode is `"messages"`.'
    )
    said: dict[Any, str] = {}
    for agent, text in pieces:
        assert isinstance(text, str), (
            f"It yielded {kind(text)} as the text; expected words: they are in `token.text`."
        )
        said[agent] = said.get(agent, "") + text
    everything = "".join(text for _, text in pieces)
    with part("the workers are heard"):
        for name in (scout, cellar):
            (words,) = expected[name]
            heard = words in everything
            other_spaces = r"\s*".join(map(re.escape, "".join(words.split())))
            found = re.search(other_spaces, everything)
            assert heard or not found, (
                f"{name} wrote {words!r}; it was yielded with other spaces: {found[0]!r}. "
                "The pieces bring their own, and some are nothing else."
            )
            assert heard, (
                f"{name} wrote {words!r}, and that was not yielded; yielded was "
                f"{short(everything)}. Graphs inside a tool are shown with `subgraphs=True`; leave "
                "none of them out by its depth."
            )
    with part("each piece has its speaker"):
        strange = [name for name in said if name not in expected]
        assert not strange, (
            f"A speaker is called {short(strange[0])}; this team's are {lead}, {scout} and "
            f'{cellar}. The name given to `create_agent` is in `where["lc_agent_name"]`.'
        )
        for name, sentences in expected.items():
            missing = [words for words in sentences if words not in said.get(name, "")]
            got, wanted = contrast(said.get(name, ""), "".join(sentences))
            assert not missing, f"{name} said {got}; expected {wanted}."
        together: dict[Any, str] = {}
        for agent, text in spoken(teams.two_at_once(), "Please look."):
            together[agent] = together.get(agent, "") + text
        for name, words in teams.AT_ONCE.items():
            assert together.get(name) == words, (
                f"Two agents of another team wrote at the same time, word by word. {name} wrote "
                f"{words!r}, and {short(together.get(name, ''))} was yielded under this name; "
                "expected all of it."
            )
    with part("no results of tools"):
        assert teams.RAW not in everything, (
            f"{teams.RAW!r} was yielded. That is a tool's result, a `ToolMessage`; a model's words "
            "are of the class `AIMessageChunk`."
        )
        for words in (teams.FOUND, teams.TOLD, teams.FIRST, teams.FINAL):
            assert everything.count(words) <= 1, (
                f"{words!r} was yielded {everything.count(words)} times; the model wrote it once. "
                "Is it also in a tool's result, or in a whole message?"
            )
        assert all(text for _, text in pieces), "Some pieces are empty: leave those out."
    with part("as it is written"):
        late = state.waited_in and state.waited_in in everything
        assert not late, (
            f"While the model wrote {state.waited_in!r}, it waited for you. {state.in_vain}. Yield "
            'each piece inside the loop, as `stream_mode="messages"` gives it.'
        )
    with part("one run"):
        assert requests == teams.REQUESTS, (
            f"The team made {requests} requests; expected {teams.REQUESTS}, from one run."
        )
    with part("an error of the team comes out"), lesson_model.scratch() as model:
        team = teams.speaking_team(model)
        model.fail("http", times=None, status=400)
        for what, error, question in (
            ("The model refused the request with 400", BadRequestError, "Please carry this out."),
            ("A tool raised a ConnectionError", ConnectionError, "Please break it."),
        ):
            _, raised = outcome(lambda question=question: list(spoken(team, question)), error)
            assert raised, f"{what}, and no error came out of `spoken`."
            model.reset()
            teams.teach_to_break(model)


@exercise(
    hints=(
        "Whose calls hang open when the graph jumps? All those of the last message.",
        "Take `runtime.state['messages']` along, and behind them one `ToolMessage` for each call "
        "in `runtime.state['messages'][-1].tool_calls`; yours has the id `runtime.tool_call_id`.",
        "`messages = list(runtime.state['messages'])`; for each call of `messages[-1].tool_calls` "
        "append `ToolMessage(text, tool_call_id=call['id'])`, with the note in one of the texts; "
        "return `Command(goto='refunds', graph=Command.PARENT, update={'messages': messages})`.",
    ),
    seconds=30,
)
def ex3(to_refunds):
    """The handoff brings the note along and leaves no call without an answer."""
    assert hasattr(to_refunds, "invoke"), (
        f"`to_refunds` is {kind(to_refunds)}; expected a tool. Leave the line `@tool` above it."
    )
    for title, others in (
        ("one call", {}),
        ("a second call before it", {"before": 1}),
        ("two more calls behind it, one of the same tool", {"after": 1, "twice": True}),
        ("three around it, after a look of its own", {"before": 2, "after": 1, "earlier": True}),
    ):
        with part(title), lesson_model.scratch() as model:
            teams.Desks(model, to_refunds, note=f"She was told of it {title}.").hand_over(**others)


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
    bare = "a node without a `try`"
    with part("nothing fails", bare):
        for orders in (["T-7", "T-8", "T-9"], ["K-31"]):
            asked: list[str] = []
            notes = teams.survey(careful, teams.looked_up(asked), orders)[1]["notes"]
            expected = [f"{order} is late" for order in orders]
            got, wanted = contrast(notes, expected)
            assert notes == expected, (
                f"The notes are {got}; expected what `look_up` said, one note for each order: "
                f"{wanted}."
            )
            assert sorted(asked) == sorted(orders), (
                f"`look_up` was called {len(asked)} times for {len(orders)} orders; expected once "
                "for each."
            )
    with part("a ConnectionError does not end the run"):
        teams.assert_others_kept(careful, ConnectionError("archive-3.shop.internal"))
    with part("nor does another error"):
        for error in (TimeoutError("late"), ValueError("row 17"), KeyError("T-8")):
            teams.assert_others_kept(careful, error)
    with part("one fails"):
        for order, error in (
            ("T-8", ConnectionError("archive-3.shop.internal")),
            ("K-305", TimeoutError("archive-3.shop.internal")),
            ("A-1", ValueError("row 17", "archive-3.shop.internal")),
            ("T-42", KeyError("archive-3.shop.internal")),
        ):
            teams.assert_survives(careful, ["T-7", order, "T-9"], {order: error})
        teams.assert_asks_again(careful)
    with part("all fail"):
        errors = {name: RuntimeError(f"depot {name[-1]} burns") for name in ("B-1", "B-2", "B-3")}
        teams.assert_survives(careful, list(errors), errors, at_once=3)
    with part("a worker that asks", bare):
        graph, result = teams.survey(careful, lambda o: f"{o}: {interrupt(o)}", teams.ORDERS)
        waiting = result.get("__interrupt__", ())
        assert len(waiting) == 3, (
            f"`look_up` called `interrupt` for 3 orders, and {len(waiting)} "
            "questions wait: your node kept what `interrupt` raises. Let `GraphBubbleUp` pass; a "
            "`return` in a `finally` keeps it, too."
        )
        waiting = graph.get_state(thread("survey")).interrupts
        answers = {question.id: f"yes to {question.value}" for question in waiting}
        notes = teams.run(graph, Command(resume=answers), "survey")["notes"]
        expected = [f"{order}: yes to {order}" for order in teams.ORDERS]
        assert notes == expected, (
            f"After the answers the notes are {short(notes)}; expected what `look_up` returned."
        )
    with part("a run that is cancelled", bare):
        teams.assert_lets_through(careful, asyncio.CancelledError())


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
    asking, config, other = teams.Asking(), thread("case 41"), thread("case 42")
    asking.graph.invoke({"orders": list(teams.QUESTIONS), "notes": []}, config)
    asking.graph.invoke({"orders": ["T-9"], "notes": []}, other)
    asking.visits.clear()
    before = copy.deepcopy(config)
    values = settle_all(asking.graph, config, asking.decide)
    state = asking.graph.get_state(config)
    expected = {order: 1 + count for order, count in teams.QUESTIONS.items()}
    with part("nothing waits any more"):
        left = [question.value for question in state.interrupts]
        assert not left, (
            f"These still wait: {short(left)}. A worker may ask again after an answer: look again, "
            "until there is nothing."
        )
    with part("each gets its own answer"):
        notes = [teams.settled(order) for order in teams.QUESTIONS]
        assert state.values["notes"] == notes, (
            f"The notes are {short(state.values['notes'])}; expected {notes}, as `decide` answers. "
            "Two workers may ask in the same words: answer by id. An answer may be False: pass it "
            "on as it is."
        )
        count = sum(teams.QUESTIONS.values())
        assert len(asking.asked) == count, (
            f"`decide` was asked {len(asking.asked)} times; there were {count} questions. Ask once "
            "for each: two that ask in the same words are two questions."
        )
    with part("in one resume"):
        starts = {order: 1 + asking.visits.count(order) for order in teams.QUESTIONS}
        assert starts != {order: 1 + count for order, count in expected.items()}, (
            f"Each worker started once more than there were answers for: {starts}; expected "
            f"{expected}. The graph was run without an answer; what waits is in "
            "`graph.get_state(config).interrupts`."
        )
        assert starts == expected, (
            f"The workers started {starts} times; expected {expected}. Answer all that waits with "
            "one `Command(resume={id: answer, ...})`, until nothing waits. Two that ask in the "
            "same words are two questions, each with its id."
        )
        asking.visits.clear()
        asking.graph.invoke({"orders": [teams.TWO_AT_ONCE], "notes": []}, thread("two at once"))
        settle_all(asking.graph, thread("two at once"), asking.decide)
        again = len(asking.visits) - 1
        assert again == 1, (
            "One worker asked two questions at the same time, and was started again "
            f"{again} times; expected once. A task of `state.tasks` may hold several interrupts."
        )
    with part("the state comes back"):
        assert isinstance(values, dict) and values.get("notes") == state.values["notes"], (
            f"It returned {short(values)}; expected the values of the thread's state."
        )
        assert config == before, f"The config was changed in place: {config}."
    with part("another thread still waits"):
        left = [question.value for question in asking.graph.get_state(other).interrupts]
        assert left == ["Pay for T-9?"], (
            f"On thread 'case 42' one question waited; after `settle_all` on 'case 41' these do: "
            f"{left}."
        )
    with part("the next turns of the thread"):
        for order in ("K-5", "K-6", "K-40"):
            asking.graph.invoke({"orders": [order], "notes": []}, config)
            settle_all(asking.graph, config, asking.decide)
            last = next(reversed(asking.graph.get_state(config).values["notes"]), None)
            assert last == teams.settled(order), (
                f"In the next turn the worker asked for {order}; the last note is {short(last)}, "
                f"expected {short(teams.settled(order))}."
            )
    with part("a thread on which nothing waits"):
        asking.graph.invoke({"orders": [], "notes": ["all is settled"]}, thread("2"))
        count = len(list(asking.graph.get_state_history(thread("2"))))
        again = settle_all(asking.graph, thread("2"), asking.decide)
        assert len(list(asking.graph.get_state_history(thread("2")))) == count, (
            "Nothing waited, and it ran the graph. Look at the state first."
        )
        assert isinstance(again, dict) and again.get("notes") == ["all is settled"], (
            f"Nothing waited: it returned {short(again)}; expected the values of the state."
        )
        with contextlib.suppress(ConnectionError):
            asking.graph.invoke({"orders": [teams.DOWN], "notes": []}, thread("down"))
        visits = len(asking.visits)
        failed, _ = outcome(
            lambda: settle_all(asking.graph, thread("down"), asking.decide), ConnectionError
        )
        assert len(asking.visits) == visits, (
            "A worker had raised before it asked anything, so its thread has a next node and no "
            "question. `settle_all` ran it again; expected it to run nothing."
        )
        assert isinstance(failed, dict) and failed.get("orders") == [teams.DOWN], (
            f"A thread had failed, and no question waited: it returned {short(failed)}; expected "
            "the values of the state."
        )
    with part("an error of `decide` comes out"):
        _, raised = outcome(lambda: settle_all(asking.graph, other, {}.__getitem__), KeyError)
        assert raised, "`decide` raised a KeyError, and it did not come out."
        asking.graph.invoke({"orders": [teams.BROKEN], "notes": []}, thread("broken"))
        got, raised = outcome(
            lambda: settle_all(asking.graph, thread("broken"), asking.decide), ZeroDivisionError
        )
        assert raised, (
            "After its answer a worker raised a ZeroDivisionError, and `settle_all` returned "
            f"{short(got)}; expected the error to come out."
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
        for budget, spent, count in itertools.product(
            (1, 2, 3, 7, 12, 13, 40), (0, 1, 5), (1, 2, 3)
        ):
            if budget - spent >= count:
                tasks = ["look up", "write", "check"][:count]
                assert_shares(share_out, budget, spent, tasks, (budget - spent) // count)
        assert_shares(share_out, 40, 3, [f"task {n}" for n in range(12)], 3)
        assert_shares(share_out, 9, 1, ["look up", "write", "look up"], 2)
    with part("nothing to share"):
        for budget, spent, count in ((2, 0, 3), (9, 9, 1), (5, 8, 2), (40, 39, 2), (3, 30, 3)):
            assert_shares(share_out, budget, spent, ["a", "b", "c"][:count], 0)
        assert_shares(share_out, 5, 0, [], 0)
        assert_shares(share_out, 11, 0, [f"task {n}" for n in range(12)], 0)
        assert_shares(share_out, 5, 5, [], 0)
    with lesson_model.scratch() as model:
        worker = looping_worker(model)
        with part("a worker that gets done"):
            for task, share, needs in (
                ("Answer at once.", 1, 1),
                ("Take one look.", 2, 2),
                ("Take one look.", 5, 2),
                ("Take two looks at once.", 2, 2),
                ("Take three looks, one by one.", 4, 4),
                ("Take three looks, one by one.", 9, 4),
            ):
                note, made = worked(model, work_within, worker, task, share, needs)
                assert note == teams.FOUND, (
                    f"With a share of {share} the worker needs {needs} and says "
                    f"{teams.FOUND!r}. The note is {short(note)}. If it was stopped: which limit "
                    f"allows the {2 * needs - 1} steps of {needs} requests?"
                )
        with part("a worker that is stopped"):
            for task, share in (
                ("Look for ever.", 1),
                ("Look for ever.", 4),
                ("Look for ever.", 11),
                ("Take one look.", 1),
                ("Take two looks at once.", 1),
                ("Take three looks, one by one.", 2),
                ("Take three looks, one by one.", 3),
            ):
                note, made = worked(model, work_within, worker, task, share, share)
                assert isinstance(note, str) and task.rstrip(".") in note, (
                    f"It was stopped after {made} requests. The note is {short(note)}; expected a "
                    f"sentence with the task, {task!r}."
                )
                assert len(note.split()) > len(task.split()), (
                    f"It was stopped after {made} requests, and the note is {short(note)}; "
                    "expected a sentence that says so."
                )
        with part("two workers side by side"):
            found = side_by_side(work_within, worker)
            assert found == (3, 2), (
                f"Two workers ran at the same time and made 3 and 2 requests; they say {found[0]} "
                f"and {found[1]} were spent. Count what *this* worker does."
            )
        with part("an error of the worker comes out"):
            for task, error in (
                ("Break it.", ValueError),
                ("Tear it.", ConnectionError),
                ("Sink into it.", RecursionError),
            ):
                job = {"task": task, "share": 3}
                result, raised = outcome(functools.partial(work_within, job, worker), error)
                assert raised, (
                    f"A tool of the worker raised a {error.__name__}, and `work_within` "
                    f"returned {short(result)}; expected the error to come out: only a stop by "
                    "the limit becomes a note."
                )
            model.fail("bad_key", times=None)
            job = {"task": "Take one look.", "share": 3}
            result, raised = outcome(lambda: work_within(job, worker), AuthenticationError)
            assert raised, (
                f"The model's key was wrong (401), and `work_within` returned {short(result)}; "
                "expected the error to come out: only a stop by the limit becomes a note."
            )
