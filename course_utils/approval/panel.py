"""A panel where a person approves, edits or rejects what an agent is about to do.

What the panel promises:

- A decision reaches the call on whose card it was made. Cards may be shown in any order: decisions
  are paired with calls by the call's own position, not by the card's.
- A call runs only if its card was approved with exactly these arguments. If the question has
  changed since (another panel, another process, other arguments), nothing is resumed.
- A card can be decided once; the second of two clicks is refused.
- `on_decision` sees a decision before it is carried out. If it fails, nothing is carried out.
- A new panel in a new kernel shows what waits: all is read from the checkpointer.
- An error is shown on the panel. It never disappears in a callback.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import ipywidgets
from langgraph.pregel import Pregel
from langgraph.types import Command, StateSnapshot

from course_utils.approval.call import Call, Decision, DecisionRefused, Record
from course_utils.approval.card import Card, announcement
from course_utils.approval.log import Log, summarize_result
from course_utils.approval.question import Question, read_questions, require_resumable
from course_utils.buttons import WidgetWithText, instructions

__all__ = ("ApprovalPanel", "DecisionNeeded")

OnDecision = Callable[[Record], None]
# One lock per thread of the graph: with two clicks, on any panels of this kernel, the second one
# reads the thread only after the first has been carried out.
_LOCKS: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


class DecisionNeeded(Exception):
    """A call still waits for a decision: Run All stops here, with one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"Decision needed: {self}"]


class ApprovalPanel(WidgetWithText):
    """Show every pending interrupt of a thread, and resume the graph when a person has decided.

    A graph can ask in three ways:

    - `HumanInTheLoopMiddleware`, in both of its modes;
    - `interrupt({"tool": "refund", "args": {...}, "why": "...", "allowed": ["approve", "edit",
      "reject", "respond"]})`, where `why` and `allowed` (default: the first three) are optional. It
      returns `{"type": "approve"}`, `{"type": "edit", "args": {...}}`, `{"type": "reject",
      "reason": "..."}` or `{"type": "respond", "message": "..."}`;
    - `interrupt(anything else)`, shown as it is. It returns True (Approve) or False (Reject).

    The graph runs in the callback of the button, with `graph.stream`: a graph with an async saver
    or async nodes is refused, and a question in a subgraph compiled with `checkpointer=False` fails
    (LangGraph cannot resume it by its id). The decisions of a batch are kept in the panel until all
    are made: after a restart before that, it asks again. There is no lock between two kernels that
    decide at the same moment.
    """

    def __init__(
        self, graph: Pregel, config: dict[str, Any], *, on_decision: OnDecision | None = None
    ) -> None:
        """Show what waits on the thread of `config`; run nothing.

        Args:
            graph: A compiled graph with a checkpointer.
            config: The configuration the graph was invoked with.
            on_decision: Called with each decision before it is carried out; if it raises, nothing
                is carried out.

        Raises:
            ValueError: The graph cannot be resumed from here, or the config names no thread.
        """
        require_resumable(graph, config)
        self._graph, self._config, self._on_decision = graph, config, on_decision
        self._lock = _LOCKS[str(config["configurable"]["thread_id"])]
        self._records: list[tuple[str, Record]] = []  # with the key of the record's question
        self._failure = ""
        self._cards: dict[str, list[Card]] = {}  # by the key of the question, in task order
        self._status = ipywidgets.HTML()
        super().__init__(self._status)
        with self._lock:
            self._update()

    @property
    def pending(self) -> list[Call]:
        """The calls that wait for a decision now, each with tool, args, why and allowed."""
        waiting = []
        for question in self._read_questions():
            cards = self._cards.get(question.key, [])
            decided = {card.call.position for card in cards if card.decision is not None}
            waiting += (call for call in question.calls if call.position not in decided)
        return waiting

    @property
    def result(self) -> dict[str, Any] | None:
        """The final state's values; None while the thread is not finished."""
        state = self._state()
        return None if state.next or state.created_at is None else state.values

    def require(self) -> dict[str, Any]:
        """Return the final state's values, or stop Run All with one line: DecisionNeeded."""
        if waiting := self.pending:
            names = list(dict.fromkeys(call.tool or "a question" for call in waiting))
            verb = "waits" if len(names) == 1 else "wait"
            raise DecisionNeeded(
                f"{' and '.join(names)} {verb} in the panel above. Press a button there, then run "
                "this cell and those below it."
            )
        state = self._state()
        if state.created_at is None:
            raise DecisionNeeded("nothing has run on this thread yet. Invoke the graph first.")
        if state.next:
            fact = f"the run stopped before {', '.join(state.next)} and waits for no decision"
            raise DecisionNeeded(f"{fact}. `graph.invoke(None, config)` goes on.")
        return state.values

    def decide(
        self,
        decision: str,
        *,
        args: dict[str, Any] | None = None,
        reason: str = "",
        message: str = "",
        call: str | int | None = None,
    ) -> None:
        """Decide as a click on a button would; for scripts and tests.

        Args:
            decision: approve, edit, reject or respond.
            args: Edited arguments, for an edit.
            reason: Why the call is rejected. The model reads it.
            message: The answer in place of the tool's result, for respond.
            call: Which call, if several wait: the tool's name, or an index into `pending`.

        Raises:
            DecisionRefused: Nothing waits, several calls wait and `call` does not name one of them,
                or this decision is not allowed. Nothing is resumed.
            Exception: What the graph raised after it was resumed.
        """
        self._decide(self._find_card(call), Decision(decision, args, reason or message))

    def __repr__(self) -> str:
        waiting = self.pending
        lines = [f"ApprovalPanel: {_count(len(waiting))} for a decision."]
        for number, call in enumerate(waiting):
            lines.append(f"  [{number}] {call}  ({', '.join(call.allowed)})")
            if call.why and call.tool:
                lines.append(f"      {call.why}")
        lines += (f"  {record}" for _, record in self._records)
        if self._failure:
            lines.append(f"  stopped: {self._failure}")
        if (values := self.result) is not None:
            lines.append(f"  finished: {summarize_result(values)}")
        if waiting:
            lines.append(instructions('panel.decide("approve")'))
        return "\n".join(lines)

    def _state(self) -> StateSnapshot:
        return self._graph.get_state(self._config, subgraphs=True)

    def _read_questions(self) -> list[Question]:
        return read_questions(self._graph, self._state())

    def _find_card(self, name: str | int | None) -> Card:
        """Return the card that `decide` means, among those that wait now."""
        if self._lock.acquire(blocking=False):  # else a decision is being carried out
            try:
                self._update()
            finally:
                self._lock.release()
        cards = self._open_cards()
        if not cards:
            raise DecisionRefused("Nothing waits for a decision.")
        numbered = list(enumerate(cards))
        found = [c for n, c in numbered if name is None or name in (c.call.tool, n)]
        if len(found) == 1:
            return found[0]
        waiting = "; ".join(f"{number}: {card.call}" for number, card in numbered)
        named = f"; {name!r} is {len(found) or 'none'} of them" if name is not None else ""
        raise DecisionRefused(
            f"{_count(len(cards))}{named}. Name one with call=, by tool or by position: {waiting}."
        )

    def _open_cards(self) -> list[Card]:
        """Return the cards without a decision, in the order of `pending`."""
        return [
            card
            for cards in self._cards.values()
            for card in sorted(cards, key=lambda card: card.call.position)
            if card.decision is None
        ]

    def _on_click(self, card: Card, kind: str) -> None:
        """Decide by button; show whatever goes wrong in the panel."""
        try:
            self._decide(card, kind)
        except DecisionRefused as refused:
            card.announce(str(refused), "alert")
        except Exception as error:
            if (words := _first_line(error)) != self._failure:  # else it is shown already
                card.announce(f"This failed: {words}", "alert")
        else:
            for waiting in self._open_cards()[:1]:
                waiting.focus()

    def _decide(self, card: Card, how: Decision | str) -> None:
        """Carry out a decision, or the one that the button `how` makes of the card's fields."""
        with self._lock:
            if card.decision is not None:
                raise DecisionRefused("This was already decided. Nothing has changed.")
            questions = {question.key: question for question in self._read_questions()}
            asked = next((key for key, cards in self._cards.items() if card in cards), None)
            if asked not in questions:
                self._update()
                raise DecisionRefused("This is no longer pending. Nothing has changed.")
            decision = card.read_decision(how) if isinstance(how, str) else card.call.validate(how)
            about = (card.call.tool, card.call.args, card.call.why)
            record = Record(*about, decision.type, decision.reason, decision.args)
            if self._on_decision is not None:
                self._on_decision(record)
            left = sum(other.decision is None for other in self._cards[asked]) - 1
            card.record(decision, "It goes on when all are decided." if left else "")
            self._records.append((asked, record))
            try:
                if not left:
                    decided = [(other.call, other.decision) for other in self._cards[asked]]
                    for question in questions.values():
                        if question.has_failed_answer:
                            question.take_back(self._graph)
                    self._resume(questions[asked], decided)
            finally:
                self._update()

    def _resume(self, question: Question, decided: list[tuple[Call, Decision]]) -> None:
        """Resume the graph by the interrupt's id, and show each step."""
        self._failure = ""
        log = Log(self._state().values)
        self._append(log.widget)
        self._status.value = announcement("Running.")
        del self._cards[question.key]
        try:
            for part in self._graph.stream(
                Command(resume={question.id: question.make_answer(decided)}),
                self._config,
                stream_mode=["updates", "custom"],
                durability="sync",  # a decision is on disk before the next step begins
                version="v2",
            ):
                log.add(part)
        except BaseException as error:
            self._failure = _first_line(error)
            if question.id in {left.id for left in self._read_questions()}:
                question.take_back(self._graph)
                self._records = [pair for pair in self._records if pair[0] != question.key]
                after = "The decision was taken back: decide again below."
            else:
                steps = ", ".join(self._state().next)
                after = f"The decision stands. `graph.invoke(None, config)` tries {steps} again."
            words = f"The run stopped with {self._failure} {after}"
            self._append(ipywidgets.HTML(announcement(words, "alert")))
            raise

    def _update(self) -> None:
        """Show what the checkpointer says now: a card per call that waits, and the last line."""
        state = self._state()
        questions = {question.key: question for question in read_questions(self._graph, state)}
        for gone in self._cards.keys() - questions.keys():
            for card in self._cards.pop(gone):
                if card.decision is None:
                    card.close("No longer pending: decided elsewhere, or asked again.")
        for key, question in questions.items():
            if key not in self._cards:
                self._cards[key] = [Card(call, self._on_click) for call in question.calls]
                self._append(*(card.widget for card in self._cards[key]))
        self._cards = {key: self._cards[key] for key in questions}
        if waiting := self._open_cards():
            words = f"{_count(len(waiting))} for a decision."
        elif state.created_at is None:
            words = "Nothing has run on this thread yet."
        elif state.next:
            words = f"Nothing waits for a decision; the run stopped before {', '.join(state.next)}."
        else:
            words = f"Finished. {summarize_result(state.values)}"
        self._status.value = announcement(words)

    def _append(self, *widgets: ipywidgets.Widget) -> None:
        self.widget.children = (*self.widget.children[:-1], *widgets, self._status)


def _count(number: int) -> str:
    words = {0: "nothing waits", 1: "1 call waits"}
    return words.get(number, f"{number} calls wait")


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no words'}."
