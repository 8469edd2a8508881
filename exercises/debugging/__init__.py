"""Checks of lesson 6, debugging."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part
from exercises.debugging import hunt as parts

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7", "ex8", "ex9")


@exercise(
    hints=(
        "Which checkpoint says that `node` runs next? Its `next` does.",
        "`get_state_history(config)` begins with the newest checkpoint. `update_state` writes a "
        "fork and returns its config.",
        "`before = next(s for s in graph.get_state_history(config) if node in s.next)`, then "
        "`update_state(before.config, change)`, then `invoke(None, ...)` with what that returned.",
    )
)
def ex1(what_if):
    """The run goes on from before the last run of a node, with the state changed."""
    ran: list[str] = []
    graph = parts.build_doubler(ran)
    config = parts.thread("check")
    graph.invoke({"log": []}, config)  # pick, double (10), post, double (20), post
    before = len(list(graph.get_state_history(config)))
    ran.clear()
    result = what_if(graph, config, "double", {"total": 100.0})
    with part("the final state"):
        assert isinstance(result, Mapping), f"`what_if` returned {kind(result)}; expected a state."
        total = result.get("total")
        assert total != 40.0, (
            "The total is 40, as before: `change` did not arrive. Run on with the config that "
            "`update_state` returns, not with the old checkpoint's."
        )
        assert total != 400.0, (
            "The total is 400: you went back to the first run of `double` on this thread; the task "
            "asks for the last one. The history begins with the newest checkpoint."
        )
        assert total == 200.0, (
            f"`change` sets the total to 100 and `double` doubles it; it came back as {total!r}, "
            "expected 200.0. Did `double` run, once, after the change?"
        )
        assert result.get("log") == ["pick", "double 10", "post", "double 100", "post"], (
            f"The log of the final state is {result.get('log')}; expected what ran before, then "
            "'double 100' and 'post'."
        )
    with part("only `double` and what follows it runs"):
        assert ran == ["double", "post"], (
            f"These nodes ran: {ran or 'none'}; expected double and post, once. "
            "`invoke(None, ...)` goes on from a checkpoint; an input begins anew."
        )
    with part("the history is kept"):
        after = len(list(graph.get_state_history(config)))
        assert after > before, (
            f"The thread had {before} checkpoints and has {after}; expected more. Fork on this "
            "thread with `update_state`."
        )


@exercise(
    hints=(
        "When is the checkpoint of a step saved, compared with the chunk of that step?",
        'Wait for it with `durability="sync"`, or do not ask the checkpointer at all.',
        '`graph.stream(basket, config, durability="sync")`; or stream `["updates", "values"]`: the '
        "state comes in the second.",
    )
)
def ex2(totals_after):
    """Each total is the one after its node, however late checkpoints arrive."""
    wanted = [("tent", 240.0), ("pegs", 252.0), ("rope", 260.0)]
    graph = parts.build_basket(parts.FarSaver())
    with part("each total is the one after its node"):
        got = totals_after(graph, {"total": 0.0, "log": []}, parts.thread("check"))
        assert isinstance(got, list), f"`totals_after` returned {kind(got)}; expected a list."
        odd = next((p for p in got if not isinstance(p, list | tuple) or len(p) != 2), None)
        assert odd is None, f"The list holds {short(odd)}; expected pairs such as ('tent', 240.0)."
        got = [tuple(pair) for pair in got]
        names = [name for name, _ in got]
        assert names == ["tent", "pegs", "rope"], (
            f"The nodes are {names}; expected each node once, in order: tent, pegs, rope."
        )
        late = {total for _, total in got} == {260.0}
        assert got == wanted, (
            f"A tent (240), pegs (12), rope (8): you returned {got}; expected {wanted}. "
            f"The state was read {'when all was over' if late else 'before it was saved'}."
        )
    with part("each node runs once"):
        log = graph.get_state(parts.thread("check")).values.get("log")
        assert log == ["tent", "pegs", "rope"], (
            f"On the thread these nodes ran: {log}; expected each once. Take everything from one "
            "run, on the thread you were given."
        )


@exercise(
    hints=(
        "Begin with an empty dictionary and put in what is allowed; do not begin with everything.",
        "`record.msg` are the fixed words, `record.getMessage()` has the arguments in it. Extra "
        "fields are attributes of the record.",
        "`vars(record)[name] for name in ALLOWED if name in vars(record)`; "
        "`record.exc_info[0].__name__`; `json.dumps(..., default=str)` for ids that are no text.",
    ),
)
def ex3(one_line):
    """The line holds the allowed fields, and nothing that could be a secret."""
    run = uuid.uuid4()
    facts = {"thread_id": "T-7", "run_id": run, "node": "refund", "step": 3, "keys": ["paid"]}
    with part("the facts"):
        line = parts.log_line(one_line, msg="node ended", **facts)
        wanted = {"level": "INFO", "event": "node ended", **facts, "run_id": str(run)}
        for name, value in wanted.items():
            assert name in line, f"{name!r} is missing in the line: {short(line)}."
            assert line[name] == value, f"{name!r} is {line[name]!r}; expected {value!r}."
    with part("only what is there"):
        line = parts.log_line(one_line, msg="started", level="WARNING", node="refund")
        assert line == {"level": "WARNING", "event": "started", "node": "refund"}, (
            f"A record with the field node alone became {line}; expected level, event and node."
        )
    with part("no secrets"):
        secrets = {"card": "4111 1111", "state": {"token": "shop-key"}, "customer": "Ada"}
        line = parts.log_line(one_line, msg="refund for %s", args=("Ada, 4111 1111",), **secrets)
        leaked = [word for word in ("4111", "shop-key", "Ada") if word in json.dumps(line)]
        assert not leaked, (
            f"A record was filled in with a customer's data, and the line holds {leaked}: "
            f"{short(line)}. Take `record.msg` (the fixed words), and of the fields only `ALLOWED`."
        )
    with part("an exception"):
        error = ConnectionError("no access for user shop with password tent-pole")
        line = parts.log_line(
            one_line, msg="failed", level="ERROR", exc_info=(type(error), error, None)
        )
        assert "tent-pole" not in json.dumps(line), (
            f"The text of an exception holds a password, and so does your line: {short(line)}. "
            "The name of its class is enough."
        )
        assert line.get("error") == "ConnectionError", (
            f"'error' is {line.get('error')!r}; expected 'ConnectionError', the name of the class."
        )


@exercise(
    hints=(
        "Which words count as yes? And what if an old and a new name contradict each other?",
        "Exactly `true` counts. A key says where to, not whether. The old name is asked first.",
        "Three of the seven send: A, one with an old name, and one that hides a part of it.",
    )
)
def ex4(traces):
    """LangSmith's own decision, for each of the settings."""
    assert isinstance(traces, dict), f"`traces` is {kind(traces)}; expected {{'A': ..., ...}}."
    for letter, sends in parts.decisions().items():
        with part(letter):
            given = traces.get(letter, traces.get(letter.lower()))
            assert given is not None, f"{letter} is missing in `traces`."
            assert isinstance(given, bool), f"you chose {given!r}; expected True or False."
            assert given == sends, f"LangSmith decides {sends}: {parts.WHY[letter]}."


@exercise(
    hints=(
        "Print the notes in each checkpoint of thread 'A'. When do the old ones go?",
        "A value a node returns replaces the old one, unless its field has a reducer.",
        "`notes: Annotated[list[str], operator.add]`, and the evidence is the first node's step.",
    )
)
def ex5(clue_a, MendedNotes):
    """The notes of all nodes are kept."""
    with part("the fault and its evidence"):
        parts.clue(clue_a, "reducer missing", 1, "the step after which 'order T-7' is gone")
    with part("all notes are kept"):
        clerk = parts.build_clerk(MendedNotes)
        notes = clerk.invoke({"notes": ["order T-7"]}, parts.thread("1")).get("notes")
        wanted = ["order T-7", "paid on Friday", "two tents left", "no house number"]
        assert notes == wanted, (
            f"With your schema the notes are {notes}; expected {wanted}. What says how a new list "
            "and the old one become one?"
        )
    with part("a second question"):
        notes = clerk.invoke({"notes": ["order T-8"]}, parts.thread("1")).get("notes")
        assert notes is not None and len(notes) == 8, (
            f"After a second question on the same thread there are {len(notes or [])} notes; "
            "expected 8, four for each question, also where they look the same."
        )


@exercise(
    hints=(
        "Which nodes ran? `stream_mode='updates'` or a trace tells. What should have come next?",
        "Call the router by hand: `choose_desk({'text': 'Where is my parcel?'})`. Is there a node "
        "of that name?",
        "The node is called `parcels`. The evidence is the name without the s.",
    )
)
def ex6(clue_b, choose_right):
    """Each letter reaches its desk."""
    with part("the fault and its evidence"):
        parts.clue(clue_b, "wrong edge", "parcel", "the name the router asked for")
    office = parts.build_office(choose_right)
    for text, wanted in parts.LETTERS.items():
        with part(f"“{text}”"):
            answer = office.invoke({"text": text}).get("answer")
            assert answer == wanted, (
                f"The answer is {answer!r}; expected {wanted!r}. Your router asked for "
                f"{choose_right({'text': text})!r}."
            )


@exercise(
    hints=(
        "How does `interrupt` stop a node? It has one way out of a function that does not return.",
        "It raises, and `except Exception` catches it. Print `type(error).__name__` there.",
        "Put `interrupt` before the `try`, or catch only what the bank raises: ConnectionError.",
    )
)
def ex7(clue_c, ask_then_pay):
    """The owner is asked, and the bank may still be closed."""
    with part("the fault and its evidence"):
        parts.clue(clue_c, "swallowed interrupt", "GraphInterrupt", "the class of what was caught")
    with part("the owner is asked, and says yes"):
        question, status, paid = parts.pay_out(ask_then_pay, True)
        assert "30" in str(question), f"The question is {question!r}; expected the amount in it."
        assert (status, paid) == ("paid", [30.0]), (
            f"After a yes the status is {status!r}, and the bank paid {paid}; expected 'paid' and "
            "[30.0], once."
        )
    with part("the owner says no"):
        _, status, paid = parts.pay_out(ask_then_pay, False)
        assert (status, paid) == ("refused", []), (
            f"After a no the status is {status!r}, and the bank paid {paid}; expected 'refused' "
            "and nothing."
        )
    with part("the bank is closed"):
        _, status, _ = parts.pay_out(ask_then_pay, True, closed=True)
        assert status == "the bank is closed", (
            f"The bank raised ConnectionError, and the status is {status!r}; expected "
            "'the bank is closed'."
        )


@exercise(
    hints=(
        "Print the role of each message in `model.requests[-1].body['messages']`.",
        "A message of role 'tool' must follow the call it answers. Where may a cut be?",
        "Cut before human messages only: of their positions take the smallest from which the rest "
        "fits into `limit`, else the last one.",
    )
)
def ex8(clue_d, keep_turns):
    """Only whole turns are kept, as many as fit."""
    with part("the fault and its evidence"):
        parts.clue(clue_d, "orphan tool message", 1, "the position of the refused message")
    names = "(h: human, a: answer, c: call, t: tool's result)"
    for title, conversations in parts.CONVERSATIONS.items():
        with part(title):
            for text, limit, wanted in conversations:
                got = parts.kept(keep_turns, text, limit)
                assert got == wanted, (
                    f"Of the conversation {text!r} {names} with limit {limit} you kept {got!r}; "
                    f"expected {wanted!r}: whole turns, as many as fit, and at least the last one."
                )


@exercise(
    hints=(
        "Print step and order of each checkpoint of thread 'E'. When is the order written?",
        "The node looks at the state before it looks at the question. What is older?",
        "`re.search` in the question first; if it finds nothing, `state.get('order', 'unknown')`.",
    )
)
def ex9(clue_e, find_order_anew):
    """The order is the one of this question, else the one from before."""
    with part("the fault and its evidence"):
        parts.clue(clue_e, "stale state", 1, "the step that wrote T-7")
    turns = (
        ("an order is named", "Was T-7 sent?", "T-7"),
        ("none is named", "When was it sent?", "T-7"),
        ("another one is named", "And T-12?", "T-12"),
        ("again none", "Thank you!", "T-12"),
    )
    memory = parts.build_memory(find_order_anew)
    for title, question, wanted in turns:
        with part(title):
            order = memory.invoke({"question": question}, parts.thread("1")).get("order")
            assert order == wanted, (
                f"After “{question}” the order is {order!r}; expected {wanted!r}."
            )
    with part("there never was one"):
        order = memory.invoke({"question": "Hello!"}, parts.thread("2")).get("order")
        assert order == "unknown", f"After “Hello!” alone it is {order!r}; expected 'unknown'."
