"""Checks of lesson 9, day two."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

from langgraph.types import Command

import lesson_model
from exercises.core.descriptions import contrast, kind, short
from exercises.core.exercise import exercise, outcome, part, trying
from exercises.core.processes import fresh_processes
from exercises.core.threads import id_of, thread
from exercises.day_two import clerks, versions
from exercises.day_two.clerks import BACK, CASES, HELLO, REGRESSIONS, Clerk
from exercises.day_two.drains import STEPS, Office, Server, paused_in, take_up_elsewhere
from exercises.day_two.origins import CONVERSATIONS
from exercises.day_two.refunds import Shop
from exercises.day_two.versions import (
    SAVERS,
    Works,
    assert_marked,
    chain,
    fan_out,
    new_thread,
    renamed_versions_of,
    run_elsewhere,
    sqlite_saver,
    versions_of,
)

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")


@exercise(
    hints=(
        "Which of the two versions can still see that a thread waits?",
        "Collect the thread ids from `saver.list(None)`; ask "
        "`old.get_state(...)` for each, and look at `.next`.",
        "`set(old.get_state(thread(name)).next) - set(new.nodes)`; keep "
        "the threads where it is not empty.",
    ),
    given=("thread",),
)
def ex1(lost_threads):
    """The threads that need a node which is gone, with its name, and no others."""
    works = Works()
    passes, asks, crashes = works.passes, works.asks, works.crashes
    find = functools.partial(_find_lost, lost_threads, works)
    for storage, make_saver in SAVERS.items():
        with part(f"a question waits at a renamed node ({storage})"):
            saver = make_saver()
            old = chain(saver, passes("look"), asks("sign"), passes("pay"))
            new = chain(saver, passes("look"), asks("countersign"), passes("pay"))
            waiting, done = versions.start(old), versions.start(old)
            versions.finish(old, done)
            versions.drain(old)
            what = (
                f"({storage}) One thread waits at `sign`, one is finished, and one was drained "
                "before its first step, with which `new` can begin"
            )
            find(old, new, {waiting: {"sign"}}, what)
            find(old, old, {}, f"({storage}) `new` has the same nodes")
        with part(f"a crash at a node that was removed ({storage})"):
            saver = make_saver()
            old = chain(saver, passes("look"), crashes("book"), passes("pay"))
            new = chain(saver, passes("look"), passes("pay"))
            crashed = versions.start(old)
            find(
                old,
                new,
                {crashed: {"book"}},
                f"({storage}) One thread crashed in `book`, nobody was asked",
            )
        with part(f"several next nodes ({storage})"):
            saver, names = make_saver(), ["legal", "money", "stock"]
            old = chain(saver, passes("look"), asks(*names))
            waiting = versions.start(old)
            for kept in (("legal", "stock"), ("legal",), ("stock", "money"), ()):
                new = chain(saver, passes("look"), asks(*kept, "other"))
                what = f"({storage}) A thread waits at {names}, `new` has {sorted(kept)}"
                find(old, new, {waiting: {*names} - {*kept}}, what)
            full = chain(saver, passes("look"), asks(*names, "more"))
            find(old, full, {}, f"({storage}) A thread waits at {names}, and `new` has them all")
    with part("two tasks for one node"):
        saver = sqlite_saver()
        old, new = fan_out(saver, asks("pack")), fan_out(saver, asks("wrap"))
        waiting = versions.start(old)
        find(old, new, {waiting: {"pack"}}, "Two tasks wait at `pack`, which is `wrap` now")
    with part("inside a subgraph"):
        saver = sqlite_saver()
        old, new, gone = (
            chain(saver, {team: chain(None, asks(inner))}, passes("end"))
            for team, inner in (("team", "inner"), ("team", "deep"), ("crew", "inner"))
        )
        waiting = versions.start(old)
        what = "A thread waits inside the subgraph `team`, which"
        find(old, new, {}, f"{what} `new` has")
        find(old, gone, {waiting: {"team"}}, f"{what} is gone")
    with part("many threads, also of the new version"):
        saver = sqlite_saver()
        old = chain(saver, asks("ask"), asks("tell"))
        new = chain(saver, asks("ask"), asks("say"))
        expected: dict[str, set[str]] = {}
        for number in range(45):
            version = old if number % 5 else new
            name = versions.start(version)
            if number % 3:
                versions.finish(version, name)
                if version is old:
                    expected[name] = {"tell"}
        what = (
            "Of 45 threads, some wait at `ask`, some at `tell` and some at `say`; only `tell` is "
            "gone"
        )
        find(old, new, expected, what)


def _find_lost(
    lost_threads: Callable[..., Any],
    works: Works,
    old: Any,
    new: Any,
    expected: dict[str, set[str]],
    what: str,
) -> None:
    """Compare what the answer finds with what would be lost."""
    with versions.unchanged(old.checkpointer, works):
        found = lost_threads(old.checkpointer, old, new)
    assert isinstance(found, dict), f"{what}: it returned {kind(found)}; expected a dict."
    for name, nodes in found.items():
        assert isinstance(nodes, (set, frozenset, list, tuple)), (
            f"{what}: for a thread it returned {kind(nodes)}; expected a set of names."
        )
        assert nodes, (
            f"{what}: the thread {name!r} is in it with no node; expected it to be left out."
        )
    found = {name: set(nodes) for name, nodes in found.items()}
    too_many = {name: found[name] for name in found if name not in expected}
    missed = {name: expected[name] for name in expected if name not in found}
    assert not missed, f"{what}: {len(missed)} thread(s) were not found, such as {_first(missed)}."
    if too_many:
        seen = old.get_state(thread(next(iter(too_many)))).next
        raise AssertionError(
            f"{what}: {len(too_many)} thread(s) were reported that would not be lost, such as "
            f"{_first(too_many)}. Under `old` its next is {seen} now."
        )
    wrong = {name: found[name] for name in found if found[name] != expected[name]}
    assert not wrong, (
        f"{what}: for a thread it returned {sorted(next(iter(wrong.values())))}; expected "
        f"{sorted(expected[next(iter(wrong))])}."
    )


def _first(threads: dict[str, set[str]]) -> str:
    name, nodes = next(iter(threads.items()))
    return f"{name[:8]}... at {sorted(nodes)}"


@exercise(
    hints=(
        "Which version can read `approved`, and which can write `approved_cents`?",
        "Read with `old.get_state(config)`, write with `new.update_state(config, {...}, "
        "as_node='agent')`; if it waited, `new.invoke(None, config)` goes on up to the question.",
        "First leave alone what version 2 knows: `now = new.get_state(config)`; return if "
        "`now.next` or `'approved_cents' in now.values`.",
    ),
    seconds=30,
)
def ex2(migrate):
    """Account, question and conversation arrive in version 2; nothing else happens."""
    with lesson_model.scratch() as model:
        for storage, make_saver in SAVERS.items():
            shop = Shop(model, make_saver(), migrate)
            with part(f"it waits, and something was approved before ({storage})"):
                config = shop.talk(shop.old, ("L-1", 110), "yes", ("L-2", 75))
                shop.arrives(config, 11000, "110 euros were approved", ("L-2", 75))
                shop.decide(config, "yes", ("L-2", 75))
                shop.assert_account(config, 18500, "110 euros were approved, and now 75 more")
                shop.goes_on(config)
            with part(f"it is finished ({storage})"):
                config = shop.talk(shop.old, "Hello!", ("L-3", 64), "yes")
                shop.arrives(config, 6400, "64 euros were approved")
                shop.goes_on(config)
            with part(f"nothing was ever approved ({storage})"):
                config = shop.talk(shop.old, "Hello!")
                shop.arrives(config, 0, "The owner never approved anything")
                config = shop.talk(shop.old, ("L-4", 18), "no", ("L-4", 19))
                no = "The owner said no once, and a question waits"
                shop.arrives(config, 0, no, ("L-4", 19))
                shop.decide(config, "no")
                shop.goes_on(config)
        shop = Shop(model, sqlite_saver(), migrate)
        with part("several calls in one message"):
            two = "Refund order K-1 (15 euros) and refund order K-2 (25 euros)."
            config = shop.talk(shop.old, two)
            shop.migrate(config)
            shop.assert_waits(config, ("K-1", 15), ("K-2", 25))
            shop.decide(config, "yes", ("K-1", 15), ("K-2", 25))
            shop.assert_account(config, 4000, "15 and 25 euros were approved")
            mixed = "Where is parcel R-4? And please refund 35 euros for order K-3."
            config = shop.talk(shop.old, mixed)
            shop.migrate(config)
            shop.assert_waits(config, ("K-3", 35))
            shop.decide(config, "no")
            shop.goes_on(config)
        with part("the script runs twice"):
            config = shop.talk(shop.old, ("M-1", 33), "yes", ("M-2", 44))
            shop.migrate(config)
            asked = shop.assert_waits(config, ("M-2", 44))
            shop.migrate(config)
            again = shop.assert_waits(config, ("M-2", 44), after="the second run of the script")
            assert asked == again, (
                "The second run put another question in the place of the one that waited."
            )
            shop.assert_account(config, 3300, "33 euros were approved, and the script ran twice")
            shop.decide(config, "yes", ("M-2", 44))
            both = "33 and 44 euros were approved, and the script ran after the owner"
            shop.arrives(config, 7700, both)
            config = shop.talk(shop.old, ("M-7", 21))
            shop.migrate(config)
            asked = shop.assert_waits(config, ("M-7", 21))
            shop.migrate(config)
            assert shop.assert_waits(config, ("M-7", 21)) == asked, (
                "Nothing was approved before, and a question waited. The second run put another "
                "one in its place. An account of 0 is an account."
            )
            shop.decide(config, "no")
            shop.arrives(config, 0, "The owner said no, and the script ran after her")
            config = shop.talk(shop.old, ("M-3", 12), "yes")
            shop.migrate(config)
            shop.arrives(config, 1200, "12 euros were approved, and the script ran twice")
        with part("threads that version 2 has begun", "a script that does nothing"):
            for before in ((), (("M-4", 9), "yes")):
                config = shop.talk(shop.new, *before, ("M-5", 55))
                asked = shop.assert_waits(config, ("M-5", 55))
                account = shop.new.get_state(config).values.get("approved_cents")
                shop.migrate(config)
                after = "the script, which met it under version 2,"
                assert shop.assert_waits(config, ("M-5", 55), after=after) == asked, (
                    "The question that waited under version 2 was replaced; expected the same one, "
                    "with its id. Leave a thread alone that has a `next` in "
                    "`new.get_state(config)`."
                )
                now = shop.new.get_state(config).values.get("approved_cents")
                assert now == account, (
                    f"Its account was {account}, and is {now} after the script; expected no change."
                )
            config = shop.talk(shop.new, ("M-6", 77), "yes")
            shop.migrate(config)
            shop.assert_account(config, 7700, "Version 2 has counted 7700 cents itself")
            for node in ("agent", "ask_owner"):
                config = new_thread()
                shop.say(shop.new, config, ("M-8", 31), interrupt_before=[node])
                shop.migrate(config)
                state = shop.new.get_state(config)
                assert state.next == (node,) and not state.interrupts, (
                    f"Version 2 had stopped before {node!r}, with no account yet. After the script "
                    f"next is {state.next}, and {len(state.interrupts)} question(s) wait; expected "
                    f"{(node,)} and none: it has a `next` under version 2, so leave it alone."
                )
        with part("two customers, and another storage with the same name"):
            same = thread("same")
            other = Shop(model, sqlite_saver(), migrate)
            for place, euros in ((shop, 61), (other, 62)):
                for said in (("N-1", euros), "yes", ("N-2", 5)):
                    place.say(place.old, same, said)
                mine = place.talk(place.old, ("N-3", 7))
                place.migrate(same)
                place.migrate(mine)
                after = "the script, which met a thread of the same name in another storage before,"
                after = after if place is other else "the script"
                place.assert_waits(same, ("N-2", 5), after=after)
                place.assert_waits(mine, ("N-3", 7))
                place.assert_account(
                    same, euros * 100, f"{euros} euros were approved on this thread"
                )
                place.assert_account(mine, 0, "Nothing was approved on this thread")
        with part("errors come out"):
            for when, never, break_down in (
                ("write", "wrote no checkpoint", _disk_is_full),
                ("ask", "did not ask at all", _is_locked),
            ):
                config = shop.talk(shop.old, ("N-4", 8))
                with break_down(shop.saver) as failed:
                    _, raised = outcome(
                        lambda config=config: migrate(shop.old, shop.new, config),
                        sqlite3.OperationalError,
                    )
                assert raised is not None, (
                    f"The storage failed when it was to {when}, and `migrate` returned as if all "
                    "were well."
                    if failed
                    else "A question waited, and nothing had been approved: `migrate` "
                    f"{never}, so it never met the storage that fails."
                )


Failures = Iterator[list[sqlite3.OperationalError]]
"""What was raised so far."""


@contextlib.contextmanager
def _disk_is_full(saver: Any) -> Failures:
    """Let a saver write no checkpoint."""
    failed: list[sqlite3.OperationalError] = []

    def puts(*args: Any, **kwargs: Any) -> Any:
        failed.append(sqlite3.OperationalError("database or disk is full"))
        raise failed[-1]

    with mock.patch.object(saver, "put", puts):
        yield failed


@contextlib.contextmanager
def _is_locked(saver: Any) -> Failures:
    """Let a saver read nothing any more once it has written a checkpoint."""
    put, get_tuple, written = saver.put, saver.get_tuple, []
    failed: list[sqlite3.OperationalError] = []

    def puts(*args: Any, **kwargs: Any) -> Any:
        written.append(True)
        return put(*args, **kwargs)

    def gets(*args: Any, **kwargs: Any) -> Any:
        if written:
            failed.append(sqlite3.OperationalError("database is locked"))
            raise failed[-1]
        return get_tuple(*args, **kwargs)

    with mock.patch.object(saver, "put", puts), mock.patch.object(saver, "get_tuple", gets):
        yield failed


@exercise(
    hints=(
        "Find the customer's last message first. What stands after it, and who has said it?",
        "`message.type` is 'human' or 'tool'. For whole words, a pattern: `(?<!\\w)...(?!\\w)`.",
        '`re.search(rf"(?<!\\w){re.escape(str(value))}(?!\\w)", message.text, re.I)`, for each '
        "of the customer's messages. An argument for which none matches is unasked.",
    )
)
def ex3(with_origin):
    """The call, the customer's words, what was read since, and what nobody asked for."""
    for conversation in CONVERSATIONS:
        with part(conversation.title):
            call, messages = copy.deepcopy(conversation.call), copy.deepcopy(conversation.messages)
            shown = with_origin(call, messages)
            assert isinstance(shown, dict), f"It returned {kind(shown)}; expected a dict."
            expected = {
                "tool": call["name"],
                "args": conversation.call["args"],
                "customer": conversation.customer,
                "read": conversation.read,
                "unasked": conversation.unasked,
            }
            missing = [key for key in expected if key not in shown]
            assert not missing, f"The dict has no {missing[0]!r}; it has {sorted(map(str, shown))}."
            for key, value in expected.items():
                given = shown[key]
                if key == "unasked":
                    assert isinstance(given, (list, tuple, set)), (
                        f"`unasked` is {kind(given)}; expected a list."
                    )
                    given, value = sorted(given, key=str), sorted(value)
                elif key == "read":
                    assert isinstance(given, (list, tuple)), (
                        f"`read` is {kind(given)}; expected a list."
                    )
                    given = list(given)
                got, wanted = contrast(given, value)
                assert given == value, (
                    f"{key!r} is {got}; expected {wanted}. The call was {call['name']}"
                    f"({call['args']}), the customer's last words {conversation.customer!r}."
                )
            assert call == conversation.call and messages == conversation.messages, (
                "The call or the messages were changed; expected them as they were."
            )


@exercise(
    hints=(
        "Where does it stand which version began a thread? Look there first.",
        "`versions[...].checkpointer.get_tuple(config)` is None for a new thread; else its "
        "`.metadata` may have the mark. Names in order: `[*versions]`.",
        'Invoke with `config | {"metadata": config.get("metadata", {}) | '
        '{"graph_version": name}}`.',
    )
)
def ex4(run):
    """Every thread on the version that began it, and every checkpoint marked."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        fresh_processes(functools.partial(run_elsewhere, run, folder)) as (after_restart,),
    ):
        file = f"{folder}/threads.sqlite"
        works = Works()

        def graphs(*names: str) -> dict[str, Any]:
            """Return graphs on a connection of their own, as after a restart."""
            return versions_of(works, file, names)

        def runs(
            versions_: dict[str, Any],
            value: Any,
            config: dict[str, Any],
            expected: list[str],
            why: str = "",
        ) -> Any:
            """Run the answer; compare the nodes that ran, and note a changed config."""
            given, before, names = copy.deepcopy(config), len(works.ran), [*versions_]
            result = run(versions_, value, given)
            if given != config:
                changed.append((config, given))
            assert works.ran[before:] == expected, (
                f"Versions {names}: these nodes ran: "
                f"{works.ran[before:]}; expected {expected}.{why or no_mark(config)}"
            )
            return result

        def no_mark(config: dict[str, Any]) -> str:
            """Return a sentence about a thread none of whose checkpoints has a mark, else ""."""
            own = {"configurable": config["configurable"]}
            marks = [saved.metadata.get("graph_version") for saved in sqlite_saver(file).list(own)]
            none = " Your `run` began the thread, and none of its checkpoints has a mark."
            return none if marks and not any(marks) else ""

        changed: list[tuple[Any, Any]] = []  # configs, and what they became
        newest = "a `run` that always takes the newest version"
        oldest = "a `run` that always takes the oldest version"
        new, yes = {"log": []}, Command(resume="yes")
        with part("a new thread begins on the newest version", newest):
            for names in (("7",), ("7", "8"), ("2024-05", "blue", "10")):
                last = names[-1]
                began = [f"look {last}", f"ask {last}"]
                why = " The newest is the last of the dictionary, whatever its name."
                result = runs(graphs(*names), new, new_thread(), began, why)
                assert isinstance(result, dict) and "__interrupt__" in result, (
                    "The graph asked a question, and `run` returned "
                    f"{kind(result)}; expected the graph's result."
                )
        first, second, config = new_thread(), new_thread(), new_thread()
        with part("a thread stays on its version, after a restart, beside others"):
            runs(graphs("7"), new, first, ["look 7", "ask 7"])
            both = graphs("7", "8")
            for each in (new_thread(), second):
                less = len(both) < 2
                why = " The run before took a version out of `versions`: leave it as it is." * less
                runs(both, new, each, ["look 8", "ask 8"], why)
            result = runs(both, yes, first, ["ask 7"])
            assert result == {"log": ["look 7", "ask 7: yes"]}, (
                f"`run` returned {short(result)}; expected the graph's result."
            )
            runs(graphs("7", "8", "9"), yes, second, ["ask 8"])
            runs(graphs("7", "8", "9"), new, first, ["look 7", "ask 7"])
            all_ = graphs("7", "8", "9")
            runs(all_, None, first, ["ask 7"])
            runs(all_, new, config, ["look 9", "ask 9"])
            began = ["look 9", "ask 9"]
            other = versions_of(works, ":memory:", ("7", "8", "9"))
            why = " The storage is another one, and its thread of the same name is new."
            runs(other, new, first, began, why)
            all_["9"].checkpointer.delete_thread(id_of(first))
            runs(all_, new, first, began, " The thread was deleted, so it is a new one.")
        with part("versions that share no key of the state"):
            for began in (("7",), ("7", "8")):
                config, name = new_thread(), began[-1]
                run(renamed_versions_of(works, file, began), {f"log {name}": []}, config)
                why = no_mark(config)
                why = why or f" Only version {name!r} can read the values of this thread."
                all_ = renamed_versions_of(works, file, ("7", "8", "9"))
                runs(all_, yes, config, [f"ask {name}"], why)
        with part("a thread that has a mark"):
            marked, versions_ = new_thread(), graphs("7", "8", "9")
            versions_["8"].invoke(new, marked | {"metadata": {"graph_version": "8"}})
            runs(versions_, yes, marked, ["ask 8"], " The thread is marked '8'.")
        gone = (
            " What the first process remembered is gone, and what the notebook's saver holds is "
            "another storage: ask the checkpointer of `versions`."
        )
        with part("a thread that another process has begun, after a restart"):
            for began, names, name in (
                (("7", "8"), ("7", "8"), "8"),
                (("7",), ("7", "8"), "7"),
                (("7", "8"), ("7", "8", "9"), "8"),
            ):
                config = new_thread()
                run(graphs(*began), new, config)
                ran = after_restart.ask(names, yes, config)
                assert ran == [f"ask {name}"], (
                    f"Versions {[*began]} began a thread. A new process with versions {[*names]} "
                    f"went on with it, and these nodes ran: {ran}; expected {[f'ask {name}']}."
                    + (no_mark(config) or gone)
                )
                config = new_thread()
                after_restart.ask(began, new, config)
                runs(graphs(*names), yes, config, [f"ask {name}"])
        with part("every checkpoint is marked", newest):
            for names in (("7",), ("7", "8"), ("7", "8", "9")):
                name, thread_ = names[-1], new_thread()
                run(graphs(*names), new, copy.deepcopy(thread_))
                run(graphs(*names, "10"), yes, copy.deepcopy(thread_))
                assert_marked(file, thread_, name)
        with part("a mark in the caller's own config"):
            for old_mark in ("7", "5", None):
                config = new_thread() | {"metadata": {"graph_version": old_mark, "shop": "north"}}
                why = f" The caller's own metadata had the mark {old_mark!r}, which does not count."
                runs(graphs("7", "8"), new, config, ["look 8", "ask 8"], why)
                runs(graphs("7", "8", "9"), yes, config, ["ask 8"], why)
                assert_marked(file, config, "8")
        with part("what else stands in the config is kept"):
            rich = new_thread() | {
                "metadata": {"customer": "K-9"},
                "tags": ["shop"],
                "recursion_limit": 1,
            }
            _, limited = outcome(lambda: run(graphs("7", "8"), new, rich))
            assert limited is not None, (
                "The config had `recursion_limit` 1, and the run took two steps."
            )
            rich["recursion_limit"] = 10
            runs(graphs("7", "8"), new, rich, ["look 8", "ask 8"])
            less = {**rich, "recursion_limit": 1}
            _, limited = outcome(lambda: run(graphs("7", "8"), new, less))
            assert limited is not None, (
                "The next turn of the thread came with `recursion_limit` 1, and the run took two "
                "steps. Invoke with the config you were given: that of a state has the thread and "
                "nothing else."
            )
            metadata = sqlite_saver(file).get_tuple(rich).metadata
            assert metadata.get("customer") == "K-9", (
                "The config's metadata had customer 'K-9'; the checkpoint's "
                f"has {metadata.get('customer')!r}."
            )
            assert metadata.get("graph_version") == "8", (
                "Beside other metadata, the mark is "
                f"{metadata.get('graph_version')!r}; expected '8'."
            )
        with part("a thread without a mark belongs to the oldest", oldest):
            for names in (("7", "8"), ("6", "7", "8")):
                unmarked, versions_ = new_thread(), graphs(*names)
                versions_[names[0]].invoke(new, unmarked)
                why = f" The thread has no mark, so it belongs to the oldest, {names[0]!r}."
                runs(versions_, yes, unmarked, [f"ask {names[0]}"], why)
                mark = sqlite_saver(file).get_tuple(unmarked).metadata.get("graph_version")
                assert mark == names[0], (
                    "After the run its newest checkpoint is marked "
                    f"{mark!r}; expected {names[0]!r}."
                )
        with part("a thread that was given another mark"):
            moved, versions_ = new_thread(), graphs("8", "9")
            seven, eight = (moved | {"metadata": {"graph_version": name}} for name in "78")
            graphs("7")["7"].invoke(new, seven)
            versions_["8"].update_state(eight, new, as_node="ask 8")
            marks = "the mark of its first checkpoints is '7', and that of its newest one '8'"
            with trying(f"a thread on the versions '8' and '9'; {marks}"):
                runs(versions_, new, moved, ["look 8", "ask 8"], f" Here {marks}.")
            moved, versions_ = new_thread(), graphs("7", "8", "9")
            runs(versions_, new, moved, ["look 9", "ask 9"])
            eight = moved | {"metadata": {"graph_version": "8"}}
            versions_["8"].update_state(eight, new, as_node="ask 8")
            since = " Your `run` began the thread on '9'; since then somebody marked it '8'."
            runs(versions_, new, moved, ["look 8", "ask 8"], since)
        with part("a version that is gone is an error"):
            lost = new_thread()
            runs(graphs("5"), new, lost, ["look 5", "ask 5"])
            before = len(works.ran)
            returned, error = outcome(lambda: run(graphs("7", "8"), yes, lost))
            assert error is not None, (
                "The thread is marked '5', the versions are '7' and '8', and `run` returned "
                f"{short(returned)}; expected an error."
            )
            assert len(works.ran) == before, (
                f"The thread is marked '5', and of other versions ran {works.ran[before:]}."
            )
        with part("`config` stays as it is", (newest, oldest)):
            runs(graphs("7"), new, new_thread(), ["look 7", "ask 7"])
            assert not changed, (
                f"`config` was {changed[0][0]} and is {changed[0][1]} now; expected no change."
            )
        with part("the graph's own errors come out", (newest, oldest)):
            broken = {"7": chain(sqlite_saver(file), works.crashes("book"))}
            before = len(works.ran)
            _, error = outcome(lambda: run(broken, new, new_thread()), ConnectionError)
            assert error is not None and works.ran[before:] == ["book"], (
                f"The graph raised a ConnectionError; it ran {len(works.ran) - before} time(s), "
                f"and out came {error!r}; expected one run, and the error."
            )


@exercise(
    hints=(
        "What has to happen however the run ends? And what may only one of two processes do?",
        "`try: ... except GraphDrained: ... finally: running.discard(control)`. "
        "Deleting a row tells how many it deleted.",
        '`table.execute("delete from paused where thread = ?", (name,)).rowcount` is 1 for one '
        "process; "
        "commit, then `run_turn(graph, None, ...)`.",
    ),
    seconds=30,
)
def ex5(run_turn, take_up):
    """Drained runs are written down, and each is taken up once."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Office(f"{folder}/processes", 2) as office,
    ):
        everything = [*STEPS]

        def fresh(name: str, **options: Any) -> Server:
            """Return a server with a storage of its own."""
            Path(folder, name).mkdir()
            return Server(f"{folder}/{name}", run_turn, take_up, **options)

        action = functools.partial(take_up_elsewhere, run_turn, take_up, office=office)
        with fresh_processes(action, action) as others:
            with part("no drain: the result, and nothing is left"):
                server, config = fresh("plain"), new_thread()
                result = server.turn(config)
                assert isinstance(result, dict) and result.get("log") == everything, (
                    "Nobody asked for a drain, and `run_turn` returned "
                    f"{kind(result)}; expected the graph's result."
                )
                assert server.seen == [1, 1, 1], (
                    f"During the three steps {server.seen} controls were in "
                    "`running`; expected one in each."
                )
                server.assert_left([], "After a run without a drain")
                server.turn(config)
                server.assert_ran(config, everything * 2, "After a second turn")
            with part("a drain in the middle"):
                server, config = fresh("drained", drain_in="pay"), new_thread()
                result = server.turn(config)
                assert result is None, (
                    f"The run was drained, and `run_turn` returned {kind(result)}; expected None."
                )
                server.assert_ran(config, ["find", "pay"], "SIGTERM came in 'pay'")
                server.assert_left([config], "After the drain")
                server.drain_in = ""
                server.take_up()
                server.assert_ran(config, everything, "After `take_up`")
                server.assert_left([], "After `take_up`")
                result = server.turn(config)
                server.assert_ran(config, everything * 2, "After the next turn on this thread")
                assert result is not None, "The next turn on this thread returned None."
            with part("a drain in the last step"):
                server, config = fresh("last", drain_in="mail"), new_thread()
                result = server.turn(config)
                assert result is not None, (
                    "SIGTERM came in the last step, so the run ended as "
                    "ever; `run_turn` returned None."
                )
                server.assert_left([], "After a run that ended in spite of the drain")
            with part("errors come out"):
                for error in (KeyError("price"), ConnectionError("down"), KeyboardInterrupt()):
                    server, config = fresh(type(error).__name__, raises=error), new_thread()
                    _, out = outcome(
                        functools.partial(server.turn, config),
                        (KeyError, ConnectionError, KeyboardInterrupt),
                    )
                    assert type(out) is type(error), (
                        f"A step raised {error!r}, and out came {out!r}."
                    )
                    server.assert_left([], f"After {error!r}")
            with part("two runs at once, each with a control of its own"):
                server, pair = fresh("two"), [new_thread(), new_thread()]
                server.together = threading.Barrier(2, timeout=10)
                with ThreadPoolExecutor(2) as pool:
                    results = list(pool.map(server.turn, pair))
                assert max(server.seen, default=0) == 2, (
                    "Two runs were under way, and `running` held at most "
                    f"{max(server.seen, default=0)} control(s); expected 2."
                )
                assert None not in results, (
                    "Nobody asked for a drain; one of two runs returned None."
                )
                server.assert_left([], "After both runs")
                server.drain_in, pair = "find", [new_thread(), new_thread()]
                with ThreadPoolExecutor(2) as pool:
                    results = list(pool.map(server.turn, pair))
                assert results == [None, None], (
                    "Both runs were drained; `run_turn` returned "
                    f"{short(results)}; expected None twice."
                )
                server.assert_left(pair, "Two runs were drained")
            with part("a run that ends while another one is under way"):
                server, slow = fresh("slow"), new_thread()
                server.slow = id_of(slow)
                with ThreadPoolExecutor(1) as pool:
                    running = pool.submit(server.turn, slow)
                    server.reached.wait(5)
                    server.turn(new_thread())
                    left = len(server.running)
                    server.handle_sigterm()
                    server.go_on.set()
                    result = running.result()
                assert left == 1, (
                    f"One run has ended, another one is under way: `running` holds {left} "
                    "control(s); expected 1."
                )
                assert result is None, (
                    f"The run under way was drained; `run_turn` returned {kind(result)}; expected "
                    "None."
                )
                server.assert_left([slow], "After both runs")
            with part("`take_up` with nothing to do, and with several"):
                server = fresh("several")
                server.take_up()
                configs = server.drain(3)
                server.take_up()
                for config in configs:
                    after = "Three threads were drained in 'find', then taken up"
                    server.assert_ran(config, everything, after)
                server.assert_left([], "After `take_up`")
                server.take_up()
                for config in configs:
                    server.assert_ran(config, everything, "After a second `take_up`")
            with part("`take_up` is drained itself"):
                server = fresh("again")
                (config,) = server.drain(1)
                server.drain_in = "pay"
                server.take_up()
                after = "It was drained in 'find', taken up, drained in 'pay'"
                server.assert_ran(config, ["find", "pay"], after)
                server.assert_left([config], "After `take_up` was drained")
                server.drain_in = ""
                server.take_up()
                server.assert_ran(config, everything, "Taken up once more")
            with part("a thread that is in the table already"):
                server, config = fresh("already", drain_in="pay"), new_thread()
                for _ in range(2):  # before the next process starts, the customer writes again
                    with trying("to drain a thread twice; its row stands in the table already"):
                        result = server.turn(config)
                    assert result is None, (
                        f"A run was drained, and `run_turn` returned {kind(result)}; expected None."
                    )
                    server.assert_left([config], "A thread was drained, and then its next turn")
            with part("an error while threads are taken up"):
                server = fresh("failing")
                configs = server.drain(3)
                server.raises = KeyError("price")
                _, out = outcome(server.take_up)
                assert out is not None, (
                    "A step of a thread that was taken up raised KeyError('price'), and `take_up` "
                    "returned as if all were well; expected the error."
                )
                waiting = [config for config in configs if server.done(config) == ["find"]]
                kept = paused_in(server.file)
                lost = [config for config in waiting if id_of(config) not in kept]
                assert not lost, (
                    f"Three threads were in the table, and one raised an error. Of {len(waiting)} "
                    f"that were not begun, {len(lost)} are not in the table any more: nobody will "
                    "take them up."
                )
                assert not server.running, (
                    f"After the error: {len(server.running)} control(s) are left in `running`; "
                    "expected none."
                )
                server.raises = None
                server.take_up()
                left = [config for config in waiting if server.done(config) != everything]
                assert not left, (
                    f"The next `take_up` left {len(left)} of the {len(waiting)} threads that the "
                    "first one had not begun."
                )
            with part("two new processes start at the same moment"):
                server = fresh("processes")
                configs = server.drain(4)
                # Both have read the table before either may write to it.
                with office.closed_to_writers():
                    for other in others:
                        other.send(server.folder)
                for other in others:
                    other.receive()
                after = (
                    "Four threads were drained in 'find', and two processes took them up at once"
                )
                for config in configs:
                    server.assert_ran(config, everything, after)
                server.assert_left([], "After both processes")


@exercise(
    hints=(
        "Two comparisons for each run: the calls, and what happened. What "
        "stood in `done` before the run?",
        "`start = len(done)`, run, then `done[start:]`. The calls are in "
        "the messages of type 'ai', in order.",
        "Count a run as good if `made(messages) == case['calls'] and done[start:] == "
        "case['done']`; `except Exception: continue`; the share is `good / times`.",
    ),
    given=("made",),
)
def ex6(evaluate):
    """A good agent is green, and every regression turns its case red."""
    judge = functools.partial(clerks.assert_shares, evaluate)
    with part("a good agent"):
        for times in (1, 3, 10):
            for one_message in (False, True):
                clerk = Clerk(one_message=one_message)
                judge(clerk, times, {}, "The agent is good")
                runs = len(clerk.runs)
                assert runs == 3 * times, (
                    f"Three cases, {times} time(s) each: the agent ran {runs} "
                    f"times; expected {3 * times}."
                )
                assert set(clerk.inputs) == {1}, (
                    f"In some run {max(clerk.inputs)} questions stood in one "
                    "conversation; expected one in each."
                )
                named = [thread_id for thread_id in clerk.threads if thread_id]
                assert len(named) == len(set(named)), (
                    f"Of {runs} runs, {len(named) - len(set(named))} were on the thread of an "
                    "earlier one: an agent with a checkpointer would remember that run. Invoke it "
                    "with the question and nothing else."
                )
    for what, (script, red) in REGRESSIONS.items():
        with part(what):
            judge(Clerk(script), 2, {red: 0.0}, f"With the case {red!r}: {what}")
    with part("two payments in the other order"):
        two = [{"ask": BACK, "calls": [], "done": [("K-3", 45), ("K-4", 9)]}]
        for done, share in ((two[0]["done"], 1.0), (two[0]["done"][::-1], 0.0)):
            what = f"One case, whose `done` is {two[0]['done']}; the agent appended {done}"
            judge(Clerk({BACK: ([], done)}), 2, {BACK: share}, what, two)
    with part("some runs of ten are bad"):
        for bad in ((0,), (9,), (2, 5), (0, 1, 2, 3, 4, 5, 6)):
            expected = {BACK: (10 - len(bad)) / 10}
            what = f"{len(bad)} of 10 runs of {BACK!r} did nothing"
            judge(Clerk(bad_runs={BACK: bad}), 10, expected, what)
    with part("something is in `done` already"):
        clerk = Clerk(done=[("K-3", 45), ("old", 1)])
        judge(clerk, 3, {}, "`done` held two entries before, and the agent is good")
        script, _ = REGRESSIONS["it calls the tool, and no money moves"]
        what = "The payment in `done` is from before the run, and the agent pays nothing"
        judge(Clerk(script, done=[("K-3", 45)]), 1, {BACK: 0.0}, what)
    with part("a run that raises is not good, and the next one goes on"):
        for error in (KeyError("price"), TimeoutError("slow")):
            clerk = Clerk(bad_runs={BACK: (1,)}, raises={BACK: error})
            judge(clerk, 4, {BACK: 0.75}, f"Run 2 of 4 paid and then raised {error!r}")
        judge(Clerk(raises={HELLO: KeyError("x")}), 2, {HELLO: 0.0}, "Every greeting raised")
    with part("being stopped comes out"):
        for stop in (KeyboardInterrupt(), asyncio.CancelledError()):
            run = functools.partial(evaluate, _Stopped(stop), copy.deepcopy(CASES), [], 2)
            _, stopped = outcome(run, (KeyboardInterrupt, asyncio.CancelledError))
            assert stopped is not None, f"A run was stopped by {stop!r}; the evaluation went on."
    with part("no case, and one case"):
        assert evaluate(Clerk().agent, [], [], 3) == {}, (
            "There were no cases; expected an empty dict."
        )
        judge(Clerk(), 5, {}, "One case", CASES[1:2])


class _Stopped:
    """An agent whose runs are stopped from outside."""

    def __init__(self, stop: BaseException) -> None:
        self._stop = stop

    def invoke(self, *args: Any, **kwargs: Any) -> None:
        """Be stopped."""
        raise self._stop

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"only `invoke` may be called on the agent, and this is `{name}`")
