"""persistence.* and logging.*: what is kept of a turn, how long, and who can read it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent_checklist.effects import Effect
from agent_checklist.provoke.case import POLL_SECONDS, Case
from agent_checklist.subject import Turn, error_name
from agent_checklist.workspace import python_files
from lesson_model.behaviour.turn import text_of

__all__ = ("isolation", "on_disk", "remember", "remember_later", "write_log")

NAME, REPEATED = "Zora-76", "Remember that."
NO_SAVER = (
    "The graph is compiled without a checkpointer: alone it remembers nothing. Compile it with "
    "one, name a factory that takes one, or let langgraph.json name it, whose server brings its "
    "own."
)
CARD, OTHER_CARD = "4111 1111 1111 1111", "4222 2222 2222 2222"
LOGS = re.compile(r"\bgetLogger\(|\bprint\(|\bloguru\b|\bstructlog\b")
SECRET_STARTS = ("checklist-checklist-", "sk-checklist-")  # made up by workspace and runner
KEY_IN_SOURCE = re.compile(
    r"""["'](sk-[\w-]{12,}|AKIA\w{12,}|ghp_\w{12,}|xox[bp]-[\w-]{10,})["']"""
)
THREAD = "t-private"
MAX_HELD_POLLS = 150  # for which a tool is held, while another user speaks


@contextlib.asynccontextmanager
async def on_disk(case: Case) -> AsyncIterator[None]:
    """Start the agent with storage that outlives the process; a turn brings its own."""
    async with AsyncSqliteSaver.from_conn_string(str(case.folder / "saver.sqlite")) as saver:
        await case.subject.start(saver, own=True)
        yield


async def remember(case: Case) -> None:
    """Say something; the process then ends."""
    subject = case.subject
    if not subject.facts.remembers:
        return
    async with on_disk(case):
        turn = await subject.say_in_sync(subject.plan(), "t-restart", f"My name is {NAME}.")
        case.note(error=error_name(turn.error) if turn.error else "")


async def remember_later(case: Case) -> None:
    """In a new process, ask on the same thread."""
    subject = case.subject
    with case.judging("persistence.restart"):
        case.reached(subject.facts.remembers)
        why = "It does not send what was said before, restart or not."
        case.skip_if(not subject.facts.remembers, why)
        error = case.noted().get("error", "the process ended")
        case.need(not error, f"The turn before the restart failed: {error}.")
        async with on_disk(case):
            turn = await subject.say_in_sync(subject.plan(), "t-restart", "What is my name?")
        case.not_as_usual("In the next turn", turn)
        failed = turn.error or not turn.requests
        case.need(not failed, f"The turn after the restart failed: {error_name(turn.error)}.")
        heard = turn.sent(NAME)
        saver = subject.facts.has_saver
        case.need(
            heard or not ("Memory" in saver and subject.served),
            f"The graph is compiled with an {saver}, which forgets at a restart. LangGraph Server "
            "puts its own in its place.",
        )
        own = "" if subject.level == "turn" else f" (with {saver or 'a checkpointer on disk'})"
        saw = f"In a new process{own} the model was not sent what was said before on this thread."
        case.must(heard, saw)
        case.need(subject.facts.brings_saver, NO_SAVER)


async def isolation(case: Case) -> None:
    """Say a secret on one thread, and ask on another; then name no thread."""
    subject = case.subject
    with case.judging("persistence.isolation"):
        told, turn = await _tell_and_ask(case, "", "Zora-77")
        failed = turn.error or not turn.requests
        case.need(not failed, f"The second thread's turn raised {error_name(turn.error)}.")
        saw = "What one user said on one thread was sent to the model for another user on another "
        case.must(not turn.sent("Zora-77"), f"{saw}thread{_place_of('Zora-77', turn)}.")
        # Else a cache may give what the model says to a prompt without the secret.
        if told.requests and all(b"Zora-77" in one.raw for one in told.requests):
            told.plan.say = "I cannot know that."
            again = await subject.say(told.plan, "thread-of-bob-2", text=REPEATED, user="bob")
            saw = (
                "Another user said the same words on another thread, and was shown the first one's "
            )
            case.must("Zora-77" not in again.told, f"{saw}answer, which holds a secret.")
        await _speak_beside(case)
        if subject.level == "graph" and not subject.settings.config:
            subject.names_user = False
            _, turn = await _tell_and_ask(case, "nameless-", "Zora-79")
            subject.names_user = True
            saw = (
                "Where the config names no user_id, what was said on one thread was sent to the "
                "model on another thread. If your server always names one, declare "
                'config = { configurable = { user_id = "{user}" } } in pyproject.toml.'
            )
            # By design perhaps, where one default user is meant: not red until it is declared.
            case.need(not turn.sent("Zora-79"), saw)
            case.passed()  # a turn that wants a user_id proves nothing
    with case.judging("persistence.no_thread"):
        case.skip_if(subject.level == "turn", "A turn is always given a thread.")
        case.reached(subject.facts.remembers)
        why = "It does not send what was said before, thread or not."
        case.skip_if(not subject.facts.remembers, why)
        turn = await subject.say(subject.plan(), None, text="My name is Olga-78.")
        again = await subject.say(subject.plan(), None, text="What is my name?")
        if turn.error is None:
            saw = "A run that names no thread was taken, and the next such run is sent what its "
            case.must(not again.sent("Olga-78"), f"{saw}user said.")
            case.need(False, "A run that names no thread was taken; nothing of it came back.")
        case.need(subject.facts.brings_saver, NO_SAVER)


async def _tell_and_ask(case: Case, thread: str, secret: str) -> tuple[Turn, Turn]:
    """Return a user's turn that is answered with a secret, and another user's elsewhere."""
    subject = case.subject
    for text in (f"My secret is {secret}.", REPEATED):
        plan = subject.plan(say=f"Your secret is {secret}.")
        told = await subject.say(plan, f"{thread}thread-of-ann", text=text, user="ann")
    return told, await subject.hello(f"{thread}thread-of-bob", user="bob")


async def _speak_beside(case: Case) -> None:
    """Let another user tell a secret while a user's tool runs; look at that user's requests."""
    subject, look, over = case.subject, case.subject.facts.look, asyncio.Event()
    if not look:
        return

    async def hold(effect: Effect) -> None:
        for _ in range(MAX_HELD_POLLS):
            if not over.is_set():
                await subject.guard.async_sleep(POLL_SECONDS)

    subject.recorder.before, plan = hold, subject.plan([subject.call(look)])
    since = case.mark()
    mine = await case.begin(plan, "thread-of-ann-2", lambda: case.mark() > since)
    other = "My secret is Zora-80."
    theirs = asyncio.create_task(
        subject.say(subject.plan(), "thread-of-bob-3", text=other, user="bob")
    )
    await asyncio.wait([mine, theirs], return_when=asyncio.FIRST_COMPLETED)
    over.set()
    turn, _ = await asyncio.gather(mine, theirs)
    subject.recorder.before = None
    turn.requests = [one for one in turn.requests if plan.mark.encode() in one.raw]
    saw = "While a tool of one user's turn ran, another user spoke, and that was sent to the model "
    case.must(not turn.sent("Zora-80"), f"{saw}for the first{_place_of('Zora-80', turn)}.")


def _place_of(words: str, turn: Turn) -> str:
    """Return the message of a turn's requests in which words stand, as the end of a sentence."""
    for message in [m for one in turn.requests for m in one.body.get("messages") or ()]:
        before, found, _ = " ".join(text_of(message.get("content")).split()).partition(words)
        if found:
            return f", in a {message['role']} message: “…{before[-60:]}{words}…”"
    return ""


async def write_log(case: Case) -> None:
    """Say something private, let a tool fail and the key be wrong, and read the log."""
    subject, look = case.subject, case.subject.facts.look
    steps = [[subject.call(look, OTHER_CARD)]] if look else []
    await subject.say(subject.plan(*steps), THREAD, text=f"My card is {CARD}. Please look.")
    subject.recorder.before = _fail
    await subject.say(subject.plan(*steps), f"{THREAD}-failed", text=f"My card is {CARD}.")
    subject.recorder.before = None
    subject.model.fail("bad_key", times=None)
    await subject.say(subject.plan(), THREAD, text=f"My card is {CARD} again.")
    own, printed = subject.own_records(), subject.printed()
    with case.judging("logging.private"):
        heard = [record.name for record in own if CARD in _text_of(record)]
        case.must(not heard, f"What the user wrote stands in a record of {', '.join(heard[:1])!r}.")
        case.must(CARD not in printed, "What the user wrote stands in what was printed.")
        places = [(f"a record of {one.name!r}", _values_of(one)) for one in own]
        places.append(("what was printed", printed))
        places = [(at, text) for at, text in places if OTHER_CARD in text]
        names = [name for step in steps for _, given in step for name in given]
        listed = re.compile(rf"""({"|".join(map(re.escape, names))})["']: """)
        whole = [at for at, text in places if listed.search(text)]
        saw = (
            f"The arguments of {look} stand in {', '.join(whole[:1])}, and so what the user wrote."
        )
        case.must(not whole, saw)
        why = (
            f"An argument of {look} stands in {', '.join(at for at, _ in places[:1])}. Whether a "
            "user's words may stand there is yours to say."
        )
        case.need(not places, why)
        case.skip_if(not (own or _logs()), "No code of the agent's own logs or prints.")
        case.need(own, "The agent's own code logged nothing in this probe.")
    with case.judging("logging.secrets"):
        case.need(subject.model.requests, "The model was not asked.")
        sent = [one.raw.decode("utf-8", "replace") for one in subject.model.requests]
        places = [("a request to the model", text) for text in sent]
        places += [("what the user is shown", turn.told) for turn in subject.turns]
        for one in [*subject.imported, *own]:
            at = f"a record of logger {one.name!r} ({one.filename}, line {one.lineno})"
            places.append((at, _text_of(one)))
        both = printed, subject.printed_at_import()
        places += [("what was printed", text) for text in both]
        keys = _made_up_keys()
        found = dict.fromkeys(at for at, text in places if any(key in text for key in keys))
        case.must(not found, f"A key stands in {'; '.join(found)}.")
    with case.judging("logging.thread"):
        case.need(own, "The agent's own code logged nothing: your server may.")
        texts = [*map(_text_of, own), printed]
        named = any(str(subject.name_of(THREAD)) in text for text in texts)
        saw = "No record of the agent's own names the thread."
        case.server_must(named, saw, "Your server's may.")


def _fail(effect: Effect) -> None:
    raise ConnectionError("The tool is down.")


def _made_up_keys() -> set[str]:
    """Return the keys of this environment, and those that stand in the code."""
    keys = {value for value in os.environ.values() if value.startswith(SECRET_STARTS)}
    for _, text in python_files(Path.cwd()):
        keys |= set(KEY_IN_SOURCE.findall(text))
    return keys


def _logs() -> bool:
    """Whether the agent's code logs or prints at all."""
    return any(LOGS.search(text) for _, text in python_files(Path.cwd()))


def _values_of(record: logging.LogRecord) -> str:
    """Return a record's text and the values of its fields, without their names."""
    fields = [value for key, value in record.__dict__.items() if key not in ("args", "msg")]
    return "\n".join([record.getMessage(), *map(str, fields)])


def _text_of(record: logging.LogRecord) -> str:
    """Return a record's text and all of its fields."""
    fields = {key: value for key, value in record.__dict__.items() if key not in ("args", "msg")}
    error = record.exc_info[1] if record.exc_info and record.exc_info is not True else ""
    return f"{record.getMessage()} {fields} {error}"
