"""Enough English to find the tool calls a request asks for. Frozen.

`make_plan(turn)` is the door: what the user's words ask for, as tool calls or as a question for
what is missing. Rules, structured output and talk also need a little of what it is made of; they
take it from here, never from a module inside.

The lessons need 19 of the sentences understood here. From now on a new sentence is a *rule in the
lesson*, not one more regular expression:

    model.when("production database").calls("restart", target="prod-db")

It imports `turn`, `schema`, `schema_values` and `results` beside it, nothing else of the behaviour.
"""

from __future__ import annotations

from lesson_model.behaviour.english.arguments import NUMBER, fill
from lesson_model.behaviour.english.plan import Plan, find_tool, make_plan
from lesson_model.behaviour.english.words import focus, stem, stems_in_order, stems_of, synonyms_of

__all__ = (
    "NUMBER",
    "Plan",
    "fill",
    "find_tool",
    "focus",
    "make_plan",
    "stem",
    "stems_in_order",
    "synonyms_of",
    "stems_of",
)
