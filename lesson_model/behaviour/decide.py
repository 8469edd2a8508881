"""How the lesson model decides what to reply: the whole order of decisions, step by step."""

from __future__ import annotations

from lesson_model.behaviour.english import Plan, make_plan
from lesson_model.behaviour.results import report_results
from lesson_model.behaviour.rules import Rules
from lesson_model.behaviour.structured import forced_call, json_answer
from lesson_model.behaviour.talk import talk
from lesson_model.behaviour.turn import Turn
from lesson_model.reply import Reply

__all__ = ("decide",)


def decide(body: dict, rules: Rules) -> Reply:
    """Return the reply to a validated chat-completions request body.

    Stateless and deterministic: the request and the rules are all that counts. The first of
    these that has something to say answers:

    1. the lesson's rules, newest first;
    2. the tool calls the user's words need and that were not made yet;
    3. a call that tool_choice demands, whatever the words;
    4. JSON, where response_format demands it;
    5. the results of the calls made in this turn;
    6. a question for what is missing to make a call;
    7. talk: things said earlier, sums, long texts, or an honest "I have nothing".
    """
    turn = Turn(body)
    if (reply := rules.reply(turn)) is not None:
        return reply
    plan = Plan() if isinstance(turn.choice, dict) and turn.must_call else make_plan(turn)
    if plan.calls:
        return Reply(calls=plan.calls)
    if turn.must_call and turn.tools:
        return Reply(calls=(forced_call(turn),))
    if turn.response_format.get("type") in ("json_schema", "json_object"):
        return Reply(json_answer(turn))
    if turn.results:
        return Reply(report_results(turn.results))
    return Reply(plan.question or talk(turn))
