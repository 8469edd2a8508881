"""One-line rules a lesson's author writes: when the user or a tool says this, call or say that."""

from __future__ import annotations

import json
import re
from collections import Counter

from lesson_model.behaviour.english import fill
from lesson_model.behaviour.results import report_results, went_well
from lesson_model.behaviour.schema import as_kind
from lesson_model.behaviour.turn import Result, Tool, Turn
from lesson_model.reply import Call, Reply

__all__ = ("ResultRule", "Rule", "Rules")


class Rule:
    """What to do when a pattern is found in the user's last message.

    Every method returns the rule, so a rule reads as one line:
    ``when("refund").calls("refund_order", amount=30).then_says("Done. {result}")``.
    """

    def __init__(self, pattern: str | re.Pattern) -> None:
        self.pattern = re.compile(pattern, re.I) if isinstance(pattern, str) else pattern
        self.steps: list[tuple[str, dict]] = []
        self.text: str | None = None
        self.closing: str | None = None
        self.forever = False

    def __repr__(self) -> str:
        return f"<rule for {self.pattern.pattern!r}>"

    def calls(self, tool: str, /, **arguments: object) -> Rule:
        """Call a tool; chained calls follow one another, each after the last one's result.

        Args:
            tool: Name of the tool. Where it is not offered, the rule does not apply.
            **arguments: Values that are given as they stand; a ``re.Pattern`` takes its last
                group from the user's words. All other parameters are filled from the words.
        """
        self.steps.append((tool, arguments))
        return self

    def always_calls(self, tool: str, /, **arguments: object) -> Rule:
        """Call a tool again after every result, without end."""
        self.forever = True
        return self.calls(tool, **arguments)

    def says(self, text: str) -> Rule:
        """Answer with this text (beside a call: say it with the first call)."""
        self.text = text
        return self

    def then_says(self, text: str) -> Rule:
        """Answer with this text once the calls succeeded; {result} and {argument} are filled in."""
        self.closing = text
        return self

    def matches(self, turn: Turn) -> bool:
        """Whether the pattern is found in the user's last message."""
        return bool(self.pattern.search(turn.text))

    def reply(self, turn: Turn) -> Reply | None:
        """Return what this rule makes of the turn, or None where it does not apply."""
        if not self.steps:
            return self._say(turn)
        if turn.results and not went_well(turn.results[-1]) and not self.forever:
            return None if turn.must_call else Reply(report_results(turn.results))
        step = self._next_step(turn)
        if step is not None:
            tool = turn.tool(step[0])
            if tool is None:
                return None
            text = self.text if self.text and not turn.made else ""
            return Reply(text, (Call(tool.name, _fill_arguments(step[1], tool, turn.text)),))
        if turn.must_call or turn.response_format or not turn.results:
            return None
        return Reply(self._close(turn))

    def _say(self, turn: Turn) -> Reply | None:
        if self.text is None or turn.must_call:
            return None
        if turn.response_format.get("type", "text") != "text" and not _is_json(self.text):
            return None
        return Reply(self.text)

    def _next_step(self, turn: Turn) -> tuple[str, dict] | None:
        """Return the first step of the rule that was not carried out in this turn."""
        if self.forever:
            return self.steps[-1]
        made = Counter(name for name, _ in turn.made)
        for name, arguments in self.steps:
            if not made[name]:
                return name, arguments
            made[name] -= 1
        return None

    def _close(self, turn: Turn) -> str:
        if self.closing is None:
            return report_results(turn.results)
        values = {**turn.made[-1][1], "result": turn.results[-1].content}
        return re.sub(r"\{(\w+)\}", lambda m: str(values.get(m.group(1), m.group(0))), self.closing)


class ResultRule(Rule):
    """What to do when a pattern is found in the result of a tool: a model that obeys its tools.

    It applies to results of this turn, once to each. Results of its own calls never start it.
    Values it does not give come from the words of the result, then from the user's.
    Once its calls are made and it has no `then_says`, the turn goes on as if it were not there.
    """

    def __repr__(self) -> str:
        return f"<rule for results with {self.pattern.pattern!r}>"

    def matches(self, turn: Turn) -> bool:
        """Whether a result of this turn starts the rule."""
        return bool(self._progress(turn)[0])

    def reply(self, turn: Turn) -> Reply | None:
        """Return what this rule makes of the turn, or None where it does not apply."""
        if not self.steps:
            return self._say(turn)
        started, made = self._progress(turn)
        if self.forever or made < len(started) * len(self.steps):
            name, arguments = self.steps[-1 if self.forever else made % len(self.steps)]
            tool = turn.tool(name)
            if tool is None:
                return None
            obeyed = started[-1 if self.forever else made // len(self.steps)]
            values = fill(tool.schema, turn.text, tool.name)
            values |= _fill_arguments(arguments, tool, obeyed)
            text = self.text if self.text and not made else ""
            return Reply(text, (Call(name, values),))
        if self.closing is None or turn.must_call or turn.response_format:
            return None
        return Reply(
            self._close(turn) if went_well(turn.results[-1]) else report_results(turn.results)
        )

    def _progress(self, turn: Turn) -> tuple[list[str], int]:
        """Return the results that started the rule, and how many of its calls were made since."""
        started: list[str] = []
        made = 0
        own = {name for name, _ in self.steps}  # by name: a human may have edited the arguments
        waiting: list[tuple[str, bool]] = []  # calls without a result: tool, ours or not
        for event in turn.events:
            if isinstance(event, Result):
                call = next((each for each in waiting if each[0] == event.name), None)
                if call:
                    waiting.remove(call)
                obeyed = call is not None and call[1]
                if not obeyed and self.pattern.search(event.content):
                    started.append(event.content)
            else:
                obeyed = bool(started) and event[0] in own
                made += obeyed
                waiting.append((event[0], obeyed))
        return started, made


class Rules:
    """The rules of a lesson; a newer rule goes before an older one."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def when(self, pattern: str | re.Pattern) -> Rule:
        """Start a rule for user messages in which the regular expression is found."""
        rule = Rule(pattern)
        self._rules.insert(0, rule)
        return rule

    def when_result(self, pattern: str | re.Pattern) -> ResultRule:
        """Start a rule for tool results in which the regular expression is found."""
        rule = ResultRule(pattern)
        self._rules.insert(0, rule)
        return rule

    def reply(self, turn: Turn) -> Reply | None:
        """Return the reply of the first rule that applies, or None.

        Rules for results come before rules for the user's words; of each kind, the newest first.
        """
        for rule in sorted(self._rules, key=lambda rule: not isinstance(rule, ResultRule)):
            if rule.matches(turn) and (reply := rule.reply(turn)) is not None:
                return reply
        return None


def _fill_arguments(given: dict, tool: Tool, text: str) -> dict:
    """Return the arguments of a rule's call: the rule's own, the rest from a text."""
    arguments = fill(tool.schema, text, tool.name)
    for name, value in given.items():
        if isinstance(value, re.Pattern):
            found = value.search(text)
            if found is None:
                continue
            schema = tool.properties.get(name, {})
            value = as_kind(found.group(found.lastindex or 0), schema, tool.schema)
        arguments[name] = value
    return arguments


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
