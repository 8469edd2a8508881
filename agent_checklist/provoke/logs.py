"""logging.*: what stands in the log, and what must not."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from agent_checklist.provoke.case import Case
from agent_checklist.workspace import python_files

__all__ = ("write_log",)

CARD = "4111 1111 1111 1111"
SECRET_STARTS = ("checklist-checklist-", "sk-checklist-")  # made up by workspace and runner
KEY_IN_SOURCE = re.compile(
    r"""["'](sk-[\w-]{12,}|AKIA\w{12,}|ghp_\w{12,}|xox[bp]-[\w-]{10,})["']"""
)
THREAD = "t-private"


async def write_log(case: Case) -> None:
    """Say something private, let the key be wrong, and read the log."""
    subject, look = case.subject, case.subject.facts.look
    steps = [[subject.call(look)]] if look else []
    await subject.say(subject.plan(*steps), THREAD, text=f"My card is {CARD}. Please look.")
    subject.model.fail("bad_key", times=None)
    await subject.say(subject.plan(), THREAD, text=f"My card is {CARD} again.")
    own, printed = subject.own_records(), subject.printed()
    with case.judging("logging.private"):
        heard = [record.name for record in own if CARD in _text_of(record)]
        case.must(not heard, f"What the user wrote stands in a record of {', '.join(heard[:1])!r}.")
        case.must(CARD not in printed, "What the user wrote stands in what was printed.")
        case.skip_if(not own, "The agent's own code logged nothing in this probe.")
    with case.judging("logging.secrets"):
        case.need(subject.model.requests, "The model was not asked.")
        sent = [one.raw.decode("utf-8", "replace") for one in subject.model.requests]
        places = {
            "a request to the model": sent,
            "what the user is shown": [turn.told for turn in subject.turns],
            "the log": [_text_of(record) for record in [*subject.imported, *own]],
            "what was printed": [printed, subject.printed_at_import()],
        }
        keys = _made_up_keys()
        found = [at for at, texts in places.items() if any(k in t for k in keys for t in texts)]
        case.must(not found, f"A key stands in {', '.join(found)}.")
    with case.judging("logging.thread"):
        case.skip_if(not own, "The agent's own code logged nothing: your server may.")
        texts = [*map(_text_of, own), printed]
        named = any(str(subject.name_of(THREAD)) in text for text in texts)
        saw = "No record of the agent's own names the thread."
        case.server_must(named, saw, "Your server's may.")


def _made_up_keys() -> set[str]:
    """Return the keys of this environment, and those that stand in the code."""
    keys = {value for value in os.environ.values() if value.startswith(SECRET_STARTS)}
    for _, text in python_files(Path.cwd()):
        keys |= set(KEY_IN_SOURCE.findall(text))
    return keys


def _text_of(record: logging.LogRecord) -> str:
    """Return a record's text and all of its fields."""
    fields = {key: value for key, value in record.__dict__.items() if key not in ("args", "msg")}
    error = record.exc_info[1] if record.exc_info and record.exc_info is not True else ""
    return f"{record.getMessage()} {fields} {error}"
