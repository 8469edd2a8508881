"""Checks of lesson 6, debugging."""

from __future__ import annotations

import copy
import functools
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from exercises.core.descriptions import assert_sorted, kind, short
from exercises.core.exercise import exercise, outcome, part
from exercises.core.threads import thread
from exercises.debugging import hunt

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7", "ex8", "ex9")


@exercise(
    hints=(
        "Which checkpoint says that `node` runs next? Its `next` does.",
        "`get_state_history(config)` begins with the newest checkpoint. `update_state` writes a "
        "new one behind the one it is given, and returns its config.",
        "`before = next(s for s in graph.get_state_history(config) if node in s.next)`, then "
        "`update_state(before.config, change)`, then `invoke(None, ...)` with what that returned.",
    )
)
def ex1(what_if):
    """The run goes on from before the last run of a node, with the state changed."""
    with part("the last run of `double`"):
        _assert_what_if(what_if, "double", {"total": 100.0}, 200.0, ["double 100", "post"])
    with part("another node, after a second turn"):
        _assert_what_if(what_if, "post", {"total": 7.0}, 7.0, ["post"], turns=2)
        _assert_what_if(what_if, "post", {"total": 7.0}, 7.0, ["post"], turns=2, branched=True)
        _assert_what_if(what_if, "double", {"total": 7.0}, 14.0, ["double 7", "post"], changed=True)
    with part("a node that runs beside another"):
        for node in ("left", "right"):
            _assert_beside(what_if, node)
    with part("a long thread, and names that hold other names"):
        _assert_far_back(what_if)


def _assert_what_if(
    what_if: Any,
    node: str,
    change: dict,
    total: float,
    written: list[str],
    turns: int = 1,
    branched: bool = False,
    changed: bool = False,
) -> None:
    """Assert what comes of a changed past: the state, the nodes that ran, and what stays.

    Args:
        what_if: The student's.
        node: The node before which to go back.
        change: What to change there.
        total: The total that is expected.
        written: What the nodes that run then write into the log.
        turns: How often the graph runs before.
        branched: It also ran on from its first `double` after that, so that the last run of a
            node has a lower step than one of the older branch.
        changed: Its last `double` ran once more, from a checkpoint that `update_state` wrote while
            the next turn waited at its first node.
    """
    ran: list[str] = []
    graph = hunt.build_doubler(ran)
    config = thread(f"what-if-{node}")
    for _ in range(turns):
        graph.invoke({"log": []}, config)  # pick, double (10), post, double (20), post
    if branched:
        *_, first = (s for s in graph.get_state_history(config) if s.next == ("double",))
        graph.invoke(None, graph.update_state(first.config, {"total": 1.0}))
    if changed:
        graph.invoke({"log": []}, config, interrupt_before=["pick"])
        last = next(s for s in graph.get_state_history(config) if s.next == ("double",))
        graph.invoke(None, graph.update_state(last.config, {"total": 300.0, "log": ["changed"]}))
    old = hunt.checkpoints(graph, config)
    latest = graph.get_state(config).values
    kept = [*latest["log"]][: len(latest["log"]) - len(written)]
    ran.clear()
    given, wanted = copy.deepcopy((config, change)), [word.split()[0] for word in written]
    result = what_if(graph, config, node, change)
    result = getattr(result, "value", result)  # what `invoke(..., version="v2")` returns
    assert isinstance(result, Mapping), f"`what_if` returned {kind(result)}; expected a state."
    what = f"`what_if(graph, config, {node!r}, {change})`"
    if branched:
        what = f"The thread has branched: its newest run began at an old checkpoint. {what}"
    if changed:
        what = f"The last `double` of the thread ran from a state that was changed. {what}"
    found, advice = result.get("total"), ""
    if ran == wanted * 2 and found == total:
        advice = " The graph was run on twice; keep what `invoke` returns."
    elif ran[: len(wanted)] == wanted and len(ran) > len(wanted):
        advice = " The history begins with the newest checkpoint; take the first that fits."
    elif node not in ran:
        advice = hunt.why_not_run(graph, config, node)
    assert ran == wanted, (
        f"{what}: these nodes ran: {', '.join(ran) or 'none'}; expected {' and '.join(wanted)}, "
        f"once.{advice}"
    )
    assert found == total, f"{what}: the total came back as {found!r}; expected {total!r}. " + {
        40.0: "That is the total from before: run on with the config that `update_state` returns.",
        400.0: "That is what comes of the first run of `double`; the history begins with the "
        "newest checkpoint.",
        change.get("total"): "That is the change, and nothing ran on it: apply it, then run on.",
    }.get(found, f"Before: {latest['total']!r}.")
    assert result.get("log") == kept + written, (
        f"{what}: the log of the final state is {result.get('log')}; expected {kept + written}."
    )
    _assert_kept(what, graph, old, (config, change), given)


def _assert_kept(what: str, graph: Any, old: dict, after: tuple, given: tuple) -> None:
    """Assert that config, change and the thread's old checkpoints are what they were."""
    assert after == given, (
        f"{what}: an argument was changed in place; config and change are now {short(after)}."
    )
    now = hunt.checkpoints(graph, given[0])
    lost = [name for name, values in old.items() if now.get(name) != values]
    assert not lost, f"{what}: {len(lost)} of {len(old)} checkpoints were lost or changed."


def _assert_far_back(what_if: Any) -> None:
    """Assert that a node is found by its whole name, however long ago it ran."""
    ran: list[str] = []
    names = ["post", "post_office", "repost", *(f"step_{number}" for number in range(40))]
    graph, config = hunt.build_row(names, ran), thread("far-back")
    graph.invoke({"total": 0.0, "log": []}, config)
    old, change = hunt.checkpoints(graph, config), {"total": 100.0, "log": ["changed"]}
    given = copy.deepcopy((config, change))
    ran.clear()
    what = (
        f"The nodes post, post_office, repost and 40 more ran. `what_if(graph, config, 'post', "
        f"{change})`"
    )
    try:
        result = what_if(graph, config, "post", change)
    except (StopIteration, IndexError) as error:
        raise AssertionError(
            f"{what} raised {type(error).__name__}; expected the checkpoint before `post`, "
            f"{len(names)} steps back."
        ) from None
    result = getattr(result, "value", result)
    assert isinstance(result, Mapping), f"`what_if` returned {kind(result)}; expected a state."
    assert ran == names, (
        f"{what}: {len(ran)} nodes ran, the first of them {ran[:1]}; expected all {len(names)}, "
        "from 'post' on, each once."
    )
    assert (result.get("total"), result.get("log")) == (143.0, ["changed", *names]), (
        f"{what}: the total is {result.get('total')!r} and the log {short(result.get('log'))}; "
        f"expected 143.0, and 'changed' before the names of all {len(names)}."
    )
    _assert_kept(what, graph, old, (config, change), given)


def _assert_beside(what_if: Any, node: str) -> None:
    """Assert that a node is found where two of them were about to run."""
    ran: list[str] = []
    graph, config = hunt.build_pair(ran), thread(f"beside-{node}")
    graph.invoke({"total": 3.0, "log": []}, config)  # pick, left and right (10), post
    old, change = hunt.checkpoints(graph, config), {"total": 50.0, "log": ["changed"]}
    given = copy.deepcopy((config, change))
    ran.clear()
    what = f"`left` and `right` run in the same step. `what_if(graph, config, {node!r}, {change})`"
    try:
        result = what_if(graph, config, node, change)
    except (StopIteration, IndexError) as error:
        raise AssertionError(
            f"{what} raised {type(error).__name__}. `next` of a checkpoint may hold several nodes; "
            f"expected the last checkpoint whose `next` has {node!r} among them."
        ) from None
    result = getattr(result, "value", result)
    assert isinstance(result, Mapping), f"`what_if` returned {kind(result)}; expected a state."
    log, expected = sorted(result.get("log") or []), ["pick", "changed", "left 50", "right 50"]
    assert log == sorted([*expected, "post"]), (
        f"{what}: the log holds {result.get('log')}; expected {', '.join(expected)}, post."
    )
    assert sorted(ran) == ["left", "post", "right"], (
        f"{what}: these nodes ran: {ran}; expected left, right and post, each once."
    )
    _assert_kept(what, graph, old, (config, change), given)


@exercise(
    hints=(
        "When is the checkpoint of a step saved, compared with the chunk of that step?",
        'Wait for it with `durability="sync"`, or do not ask the checkpointer at all.',
        '`graph.stream(basket, config, durability="sync")`, the rest as it was. (Or take the total '
        "from the stream: `values` has one after each step that wrote something.)",
    )
)
def ex2(totals_after):
    """Each total is the one after its node, however late checkpoints arrive."""
    for title, start, steps in (
        (
            "each total is the one after its node",
            0.0,
            [("tent", 240.0), ("pegs", 12.0), ("rope", 8.0)],
        ),
        (
            "a node that leaves the total alone",
            5.0,
            [("stove", -5.0), ("greet", None), ("gas", 4.0)],
        ),
        ("a node that runs twice", 1.0, [("stake", 3.0), ("stake", 3.0), ("sack", 20.0)]),
        (
            "nodes that write nothing",
            2.0,
            [("look", "None"), ("lamp", 30.0), ("wait", "{}"), ("mat", 1.0), ("bow", "None")],
        ),
    ):
        with part(title, held_by="`totals_late`" if title == "nodes that write nothing" else ""):
            _assert_totals(totals_after, start, steps)
    with part("an error of the graph comes out", held_by="`totals_late`"):
        graph = hunt.build_basket(hunt.FarSaver(), [("tent", 9.0), ("pegs", "twelve")], [])
        basket, config = hunt.basket_of(0.0), thread("broken")
        got, raised = outcome(lambda: totals_after(graph, basket, config), TypeError)
        assert raised, (
            f"A node of the graph raised a TypeError, and `totals_after` returned {short(got)}; "
            "expected the error to come out."
        )


def _assert_totals(totals_after: Any, start: float, steps: list[tuple[str, Any]]) -> None:
    """Assert the pairs of a run, and that there was one run.

    Args:
        totals_after: The student's.
        start: The total of the basket.
        steps: Each node and what it adds; None: it leaves the total alone; "None" or "{}": it
            returns that.
    """
    ran: list[str] = []
    # How late a checkpoint comes is the question of the other baskets.
    saver = hunt.FarSaver(near=any(amount == "None" for _, amount in steps))
    basket = hunt.basket_of(start)
    graph, config = hunt.build_basket(saver, steps, ran), thread(f"basket-of-{start:g}")
    wanted, total = [], start
    for name, amount in steps:
        total += amount if isinstance(amount, float) else 0.0
        wanted.append((name, total))
    got = totals_after(graph, basket, config)
    assert isinstance(got, list), f"`totals_after` returned {kind(got)}; expected a list."
    odd = next((p for p in got if not isinstance(p, list | tuple) or len(p) != 2), None)
    assert odd is None, f"The list holds {short(odd)}; expected pairs such as {wanted[0]}."
    got = [tuple(pair) for pair in got]
    what = " and ".join(
        f"{name} ({amount:+g})"
        if isinstance(amount, float)
        else f"{name} ({f'returns {amount}' if amount else 'writes no total'})"
        for name, amount in steps
    )
    names = [name for name, _ in steps]
    totals = {start, *(total for _, total in wanted)}
    late = [name for name, _ in got] == names and all(total in totals for _, total in got)
    assert got == wanted, (
        f"A basket of {start:g} goes through {what}: you returned {got}; expected {wanted}."
        + (" These are totals of other steps." if late else "")
    )
    assert ran == names, (
        f"These nodes ran: {ran}; expected each once. Take everything from one run."
    )
    log = graph.get_state(config).values.get("log")
    wrote = [name for name, amount in steps if amount not in ("None", "{}")]
    assert log == wrote, (
        f"On the thread these nodes wrote into the log: {log}; expected {wrote}. "
        "Run the graph on the thread you were given."
    )
    assert basket == hunt.basket_of(start), f"The basket was changed in place: {basket}."


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
    facts = {"thread_id": "order-311", "run_id": run, "node": "refund", "step": 0, "keys": []}
    facts |= {"reference": "c0ffee", "messages": 3}
    with part("the facts"):
        line = hunt.log_line(one_line, msg="node ended", **facts)
        wanted = {"level": "INFO", "event": "node ended", **facts, "run_id": str(run)}
        for name, value in wanted.items():
            assert name in line, f"{name!r} is missing in the line: {short(line)}."
            assert line[name] == value, f"{name!r} is {line[name]!r}; expected {value!r}."
    with part("quotes and new lines"):
        for words in (
            'node "refund" ended',
            "node ended\nand so on",
            "a \\ and a {brace} and 100 %",
        ):
            odd = {"thread_id": f"<{words}>", "keys": [words], "reference": words}
            line = hunt.log_line(one_line, msg=words, **odd)
            wanted = {"event": words, **odd}
            for name, value in wanted.items():
                assert line.get(name) == value, (
                    f"In a record {name!r} is {value!r}, and in your line {line.get(name)!r}."
                )
    with part("only what is there"):
        for level, field in (
            (30, {"node": "refund"}),
            (10, {"keys": ["paid"]}),
            (50, {}),
            (20, {"thread_id": None, "step": 0, "messages": None}),
            (40, {"~error": "TimeoutError"}),
        ):
            line = hunt.log_line(one_line, msg="started", level=level, **field)
            field = {name.lstrip("~"): value for name, value in field.items()}
            wanted = {"level": logging.getLevelName(level), "event": "started", **field}
            assert line == wanted, (
                f"A record with the fields {field} alone became {line}; expected {wanted}."
            )
    with part("no secrets", held_by="a line without a word"):
        secrets = {"card": "4111 1111", "state": {"token": "shop-key"}, "customer": "Ada"}
        secrets |= {"outputs": "mail@ada.example", "user": "Ada", "stack_info": "card 4111 1111"}
        for args in (("Ada, 4111 1111",), ({"who": "Ada"},)):
            words = "refund for %(who)s" if isinstance(args[0], dict) else "refund for %s"
            line = hunt.log_line(one_line, msg=words, args=args, **secrets)
            leaked = [
                word for word in ("4111", "shop-key", "Ada", "ada.") if word in json.dumps(line)
            ]
            assert not leaked, (
                f"A record was filled in with a customer's data, and the line holds {leaked}: "
                f"{short(line)}. Take `record.msg` (the fixed words), and of the fields only "
                "`ALLOWED`."
            )
    with part("an exception"):
        for level, error in (
            (10, ConnectionError("no access for user shop with password tent-pole")),
            (40, hunt.CardRefusedError("card tent-pole")),
        ):
            name, written = type(error).__name__, logging.getLevelName(level)
            error.__cause__ = ValueError("tent-pole is no password")
            line = hunt.log_line(one_line, msg="failed", level=level, error=error)
            assert "tent-pole" not in json.dumps(line), (
                f"The text of an exception holds a password, and so does your line: {short(line)}. "
                "The name of its class is enough."
            )
            assert line.get("error") == name, (
                f"A record of level {written} has an exception, and 'error' is "
                f"{line.get('error')!r}; expected {name!r}, the name of the class."
            )
    with part("no exception, though `exc_info=True`"):
        line = hunt.log_line(one_line, msg="failed", level=40, **{"~exc_info": (None, None, None)})
        wanted = {"level": "ERROR", "event": "failed"}
        assert line == wanted, (
            f"Where nothing was raised, `exc_info=True` becomes (None, None, None). Such a record "
            f"became {line}; expected {wanted}."
        )


@exercise(
    hints=(
        "Which words count as yes? And what if an old and a new name contradict each other?",
        "Exactly `true` counts. A key says where to, not whether. `..._TRACING_V2` is asked "
        "before `..._TRACING`.",
        "Three of the seven send: A, one with `_V2`, and one that hides a part of it.",
    )
)
def ex4(traces):
    """LangSmith's own decision, for each of the settings."""
    assert isinstance(traces, dict), f"`traces` is {kind(traces)}; expected {{'A': ..., ...}}."
    said = {repr(sends) for sends in traces.values()}
    assert len(traces) < 2 or said not in ({"True"}, {"False"}), (
        f"`traces` says {said.pop()} to every case. Did you measure it? LangSmith keeps what it "
        "read: `get_env_var.cache_clear()` before each case. Did you guess? Ask of each case what "
        "is different there."
    )
    assert_sorted(traces, "traces")
    for letter, sends in hunt.decisions().items():
        with part(letter):
            given = traces.get(letter, traces.get(letter.lower()))
            assert given is not None, f"{letter} is missing in `traces`."
            assert isinstance(given, int), f"you chose {given!r}; expected True or False."
            assert given == sends, f"LangSmith decides {sends}: {hunt.WHY[letter]}."


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
        hunt.clue(
            clue_a,
            "reducer missing",
            1,
            "the step of the first checkpoint that has lost 'order T-7'",
        )
    found = ["paid by card", "no tent left", "a house on a hill"]
    clerk = hunt.build_clerk(MendedNotes, found)
    with part("all notes are kept"):
        first, wanted = ["order K-31"], ["order K-31", *found]
        notes = clerk.invoke({"notes": first}, thread("A")).get("notes")
        why = "What says how a new list and the old one become one?"
        texts = notes if isinstance(notes, list) else []
        odd = next((note for note in texts if not isinstance(note, str)), None)
        if odd is not None:
            why = f"Your reducer made {type(odd).__name__} of texts: it is made for something else."
        assert notes == wanted, (
            f"With your schema the notes are {short(notes)}; expected {wanted}. {why}"
        )
        assert first == ["order K-31"], f"The list it was given became {first}: make a new one."
    with part("another customer"):
        notes = clerk.invoke({"notes": ["order K-32"]}, thread("B")).get("notes")
        assert notes == ["order K-32", *found], (
            f"On a thread of their own the notes are {short(notes)}; expected "
            f"{['order K-32', *found]}."
        )
    with part("a second question"):
        for times in range(2, 7):
            notes = clerk.invoke({"notes": ["order K-31"]}, thread("A")).get("notes")
            assert notes == wanted * times, (
                f"After the same question {times} times on the first thread the notes are "
                f"{short(notes)}; expected all four {times} times, also where they look the same."
            )
        twice = ["no answer", "no answer"]
        notes = hunt.build_clerk(MendedNotes, [*twice, "a house on a hill"]).invoke(
            {"notes": twice}, thread("C")
        )["notes"]
        wanted = [*twice, *twice, "a house on a hill"]
        assert notes == wanted, (
            f"A customer begins with the notes {twice}, and two nodes add the same note once each: "
            f"the notes are {short(notes)}; expected {wanted}, also where they look the same."
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
        hunt.clue(clue_b, "wrong edge", "parcel", "the name the router asked for")
    office = hunt.build_office(choose_right)
    for text, wanted in hunt.LETTERS.items():
        with part(f"“{' '.join(text.splitlines())}”"):
            letter = {"text": text}
            if text.endswith("money back."):  # the thread's last letter was answered
                letter["answer"] = "A colleague will write to you."
            given = dict(letter)
            asked = choose_right(letter)
            assert not isinstance(asked, list | tuple | set) or len(asked) == 1, (
                f"Your router asked for {asked!r}; expected one desk. With several names LangGraph "
                "runs all of them in the same step."
            )
            answer = office.invoke(given).get("answer")
            assert answer == wanted, (
                f"The answer is {answer!r}; expected {wanted!r}. For {short(given)} your router "
                f"asked for {asked!r}."
            )
            assert letter == given, f"The router changed the letter: {letter}."


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
        if isinstance(clue_c, (tuple, list)) and len(clue_c) == 2 and isinstance(clue_c[1], str):
            clue_c = (clue_c[0], clue_c[1].rpartition(".")[2])
        hunt.clue(clue_c, "swallowed interrupt", "GraphInterrupt", "the class of what was caught")
    with part("the owner is asked, and says yes"):
        for amount in (30.0, 12.5):
            status, paid = hunt.pay_out(ask_then_pay, True, amount)
            assert (status, paid) == ("paid", [amount]), (
                f"After a yes to {amount:g} euros the status is {status!r}, and the bank was told "
                f"to pay {paid}; expected 'paid' and [{amount}]."
            )
    with part("the owner says no"):
        status, paid = hunt.pay_out(ask_then_pay, False, 480.0)
        assert (status, paid) == ("refused", []), (
            f"After a no the status is {status!r}, and the bank was told to pay {paid}; expected "
            "'refused' and nothing."
        )
    with part("two refunds wait"):
        for amounts in ((20.0, 75.0), (33.0, 33.0)):
            for first in (False, True):
                found = hunt.pay_two(ask_then_pay, amounts, first)
                word = "paid" if first else "refused"
                expected = ((word, "paid"), [*amounts][not first :])
                assert found == expected, (
                    f"{amounts[0]:g} and {amounts[1]:g} euros waited on two threads; "
                    f"{'yes' if first else 'no'} to the first, yes to the second. Statuses and "
                    f"payments: {found}; expected {expected}."
                )
        found = hunt.pay_again(ask_then_pay, 44.0, (False, True, True))
        expected = (["refused", "paid", "paid"], [44.0, 44.0])
        assert found == expected, (
            "44 euros were asked for three times on one thread; the answers were no, yes, yes. "
            f"Statuses and payments: {found}; expected {expected}."
        )
    with part("the bank is closed"):
        for amount, closed in ((60.0, ConnectionError("no")), (61.0, ConnectionResetError("no"))):
            name = type(closed).__name__
            try:
                status, tried = hunt.pay_out(ask_then_pay, True, amount, closed)
            except ConnectionResetError:
                raise AssertionError(
                    "`pay` raised ConnectionResetError, which is a ConnectionError, and it came "
                    "out; expected the status 'the bank is closed'."
                ) from None
            assert status == "the bank is closed", (
                f"The bank raised {name}, and the status is {status!r}; expected 'the bank is "
                "closed'."
            )
            assert tried == [amount], (
                f"The bank was asked {len(tried)} times; expected once. A connection that breaks "
                "does not say that nothing was paid."
            )
    with part("another error of the bank"):
        others = (KeyError, hunt.StopHereError, PermissionError, FileNotFoundError, TimeoutError)
        for error in (make("account") for make in others):
            name = type(error).__name__
            run = functools.partial(hunt.pay_out, ask_then_pay, True, 90.0, error)
            ended, raised = outcome(run, others)
            assert raised, (
                f"`pay` raised {name}, and the status is {ended[0]!r}; expected the {name} to come "
                "out. Catch what says that the bank is closed: ConnectionError."
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
        what = "the refused message's position in what the model was sent (the system message is 0)"
        hunt.clue(clue_d, "orphan tool message", 1, what)
    names, broken = "(h: human, a: answer, c: call, t: tool's result)", "`last_messages`"
    for title, conversations in hunt.CONVERSATIONS.items():
        with part(title, held_by=broken if title == "a short conversation" else ""):
            for text, limits in conversations:
                for limit in limits:
                    got, wanted = (
                        hunt.kept(keep_turns, text, limit),
                        hunt.whole_turns(text, limit),
                    )
                    assert got == wanted, (
                        f"Of the conversation {text!r} {names} with limit {limit} you kept "
                        f"{got!r}; expected {wanted!r}: whole turns, as many as fit, and at least "
                        "the last one."
                    )
    with part("the list it is given stays as it is", held_by=broken):
        hunt.assert_list_kept(keep_turns)


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
        hunt.clue(clue_e, "stale state", 1, "the step that wrote T-7")
    memory = hunt.build_memory(find_order_anew)
    for title, name, question, wanted in (
        ("an order is named", "1", "Was T-7 sent?", "T-7"),
        ("none is named", "1", "When was it sent?", "T-7"),
        ("another one is named", "1", "And T-12?", "T-12"),
        ("another customer asks", "2", "T-305 has not come.", "T-305"),
        ("again none", "1", "Thank you!", "T-12"),
        ("the other customer again", "2", "Since when?", "T-305"),
        ("there never was one", "3", "Hello!", "unknown"),
        ("there still is none", "3", "Is anybody there?", "unknown"),
        ("the first one", "3", "I mean T-04.", "T-04"),
        ("an order with many digits", "2", "And what of T-30512?", "T-30512"),
        ("an order in the second line", "1", "Hello!\nWhere is T-1?", "T-1"),
    ):
        with part(title):
            order = memory.invoke({"question": question}, thread(name)).get("order")
            assert order == wanted, (
                f"After “{question}” on thread {name} the order is {order!r}; expected {wanted!r}."
            )
    with part("an order without an answer yet"):
        for state in ({"order": "T-52"}, {"order": "T-52", "answer": ""}):
            update = hunt.update_of(find_order_anew, {"question": "When was it sent?", **state})
            order = update.get("order", "T-52")
            assert order == "T-52", (
                f"The state holds {state}, and “When was it sent?” names no order: the order "
                f"became {order!r}; expected 'T-52'."
            )
    with part("the state is left as it is"):
        state = {"question": "And T-8?", "order": "T-7", "answer": "Order T-7 was sent."}
        given = dict(state)
        update = hunt.update_of(find_order_anew, state)
        assert state == given, f"The state it was given became {state}; return what changes."
        assert set(update) <= {"order"}, (
            f"It returned the fields {sorted(update)}; expected the order alone, which is what "
            "changes."
        )
