"""A call that waits for a decision, and the decisions it allows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

__all__ = ("DECISIONS", "Call", "Decision", "DecisionRefused", "Record", "as_json")

DECISIONS = ("approve", "edit", "reject", "respond")


class DecisionRefused(ValueError):
    """This decision was not carried out; the graph was not resumed."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]  # IPython shows this line alone


@dataclass(frozen=True)
class Decision:
    """A person's decision about one call."""

    type: str
    """approve, edit, reject or respond."""
    args: dict[str, Any] | None = None
    """Edited arguments; None unless the decision is an edit."""
    reason: str = ""
    """Why the call is rejected, or the answer in place of the tool's result."""


@dataclass(frozen=True)
class Call:
    """One call that waits for a decision."""

    tool: str
    """The tool's name; empty for a question that is not about a tool."""
    args: dict[str, Any]
    why: str
    """Why it asks; of a question, the question."""
    allowed: tuple[str, ...]
    """The allowed decisions, of `DECISIONS`."""
    position: int = 0
    """Its place among the calls of its interrupt: the graph expects the decisions in this order."""
    schema: type[BaseModel] | None = field(default=None, repr=False, compare=False)
    """Schema of the tool's arguments; None where the graph does not hold the tool."""

    def __str__(self) -> str:
        args = ", ".join(f"{key}={as_json(value)}" for key, value in self.args.items())
        return f"{self.tool}({args})" if self.tool else f"question: {self.why}"

    def validate(self, decision: Decision) -> Decision:
        """Return the decision if it is allowed and its arguments fit, or raise an error."""
        if decision.type not in self.allowed:
            allowed = " or ".join(f'"{name}"' for name in self.allowed)
            fact = f'"{decision.type}" is not allowed for {self.tool or "this question"}'
            raise DecisionRefused(f"{fact}: decide {allowed}.")
        if decision.args is not None and decision.type != "edit":
            raise DecisionRefused('Other arguments belong to "edit".')
        if decision.type == "respond" and not decision.reason:
            raise DecisionRefused("Write the answer that the model gets in the tool's place.")
        if decision.type == "edit":
            self._check_args(decision.args)
        return decision

    def parse_args(self, text: str) -> dict[str, Any]:
        """Return edited arguments from JSON, or raise an error."""
        try:
            return from_json(text, allow_inf_nan=False)
        except ValueError as error:
            raise DecisionRefused(f"The arguments are not valid JSON: {error}.") from None

    def _check_args(self, args: Any) -> None:
        if not isinstance(args, dict):
            cure = '{"name": value}, one for each argument.'
            raise DecisionRefused(f"The arguments must be a JSON object: {cure}")
        is_needed = dict.fromkeys(self.args, True)
        if self.schema is not None:
            is_needed = {name: f.is_required() for name, f in self.schema.model_fields.items()}
        if unknown := [name for name in args if name not in is_needed]:
            raise DecisionRefused(
                f"{self.tool} has no argument {_quote(unknown)}. It has {_quote(is_needed)}."
            )
        if missing := [name for name in is_needed if is_needed[name] and name not in args]:
            raise DecisionRefused(f"{self.tool} also needs {_quote(missing)}.")
        if self.schema is not None:
            try:
                self.schema.model_validate(args)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise DecisionRefused(f"{where}: {first['msg']}.") from None


@dataclass(frozen=True)
class Record:
    """A call as the agent proposed it, and the decision about it, for an audit trail."""

    tool: str
    args: dict[str, Any]
    why: str
    decision: str
    reason: str = ""
    edited: dict[str, Any] | None = None
    """Edited arguments; None unless the decision was an edit."""

    def __str__(self) -> str:
        past = {"approve": "approved", "edit": "edited", "reject": "rejected"}
        call = Call(self.tool, self.edited or self.args, self.why, ())
        words = f": {self.reason}" if self.reason else ""
        return f"{past.get(self.decision, 'answered')}: {call}{words}"


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON for people; anything JSON cannot hold as its str."""
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def _quote(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"
