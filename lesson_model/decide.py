"""How the lesson model decides what to reply: the whole order of decisions, step by step."""

from __future__ import annotations

from lesson_model.reply import Reply
from lesson_model.results import report
from lesson_model.rules import Rules
from lesson_model.turn import Turn

__all__ = ("decide",)


def decide(body: dict, rules: Rules) -> Reply:
    """Return the reply to a validated chat-completions request body.

    Stateless and deterministic: the request and the rules are all that counts.
    """
    turn = Turn(body)
    if (reply := rules.reply(turn)) is not None:
        return reply
    if turn.results:
        return Reply(report(turn.results))
    return Reply(f'(lesson model) I have no rule for this: "{turn.text}"')
