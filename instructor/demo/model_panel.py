"""Show a lesson to a room: slow the lesson model down, let it fail, put it back.

    from instructor import demo

    panel = demo.panel(model)
    panel                       # as the last line of a cell: buttons
    panel.reset()               # the lesson's pace, no faults; the lesson's rules stay

Without a browser, call the same in code: `panel.pace("slow")`, `panel.fail("rate_limit", times=3)`.
The panel shows what is in force: the pace, the requests so far, and what became of each fault. A
cell that sets a pace of its own (`model.pace(...)`) has the last word, and the panel says so.
"""

from __future__ import annotations

import html
import threading
import weakref
from typing import Any, NamedTuple

import ipywidgets

from course_utils.buttons import WidgetWithText, instructions
from course_utils.private_apis import act_while_a_cell_runs
from lesson_model import LessonModel
from lesson_model.faults import WORDS, Fault, Planned
from lesson_model.state import State

__all__ = ("PACES", "TIMES", "Panel", "panel")

# Seconds before the first token, and between tokens. Lesson 1's model is about three times faster
# than a hosted one; "normal" is as fast as that. "slow" is slower than people read aloud.
PACES = {"fast": (0.0, 0.0), "normal": (0.3, 0.045), "slow": (1.0, 0.2)}
TIMES = {"the next request": 1, "the next 3 requests": 3, "every request until Reset": None}
SILENCE_SECONDS = 5.0  # of "timeout" and "stall": long for a room that waits
AFTER_TOKENS = 5  # before a stream breaks: enough to be seen
LOOK_SECONDS = 0.2  # between two looks at the model
MAX_PAST_FAULTS = 3  # shown beside those that wait
# The faults with a button. "http" also needs a status; "slow" is a pace here.
FAULTS = [word for word in WORDS if word not in ("http", "slow")]
NOTE = (
    "A fault strikes the next request; an answer that is on its way stays whole. A new pace is "
    "felt at once, until a cell of the lesson sets its own."
)


def panel(model: LessonModel) -> Panel:
    """Return a panel for the lesson model; as the last line of a cell it shows itself."""
    return Panel(model)


class Change(NamedTuple):
    """A pace that the panel has set."""

    name: str
    number: int
    """The model's count of changes just after it: any later one is the lesson's."""
    lesson: tuple[float, float]
    """The pace it took the place of."""


class Panel(WidgetWithText):
    """Buttons for pace and faults, one to reset both, and what is in force."""

    def __init__(self, model: LessonModel) -> None:
        """Draw the panel, and keep what it shows up to date from a thread."""
        self._model = model
        # A check puts the model's state aside for a while: each state has its own pace.
        self._changes: weakref.WeakKeyDictionary[State, Change] = weakref.WeakKeyDictionary()
        self._lock = threading.RLock()  # callbacks of buttons and the thread that looks
        self._shows_pace = False  # whether the highlighted pace is being put right, not pressed
        self._paces = ipywidgets.ToggleButtons(
            options=[("as in the lesson", None), *((name, name) for name in PACES)],
            description="Pace",
        )
        # No drop-down list: JupyterLab takes the arrow keys for itself.
        self._times = ipywidgets.ToggleButtons(
            options=TIMES, description="A fault for", style={"button_width": "auto"}
        )
        faults = [_button(word.replace("_", " "), _in_words(_fault(word))) for word in FAULTS]
        for word, button in zip(FAULTS, faults, strict=True):
            button.on_click(lambda _, word=word: self.fail(word, self._times.value))
        reset = _button("Reset", "The lesson's pace, and no fault")
        reset.layout.align_self = "flex-start"
        reset.on_click(lambda _: self.reset())
        self._paces.observe(self._on_pace, "value")
        self._status, self._count = ipywidgets.HTML(), ipywidgets.HTML()
        row = ipywidgets.Box(faults, layout={"flex_flow": "row wrap"})
        note = ipywidgets.HTML(f"<small>{NOTE}</small>")
        super().__init__(self._paces, self._times, row, reset, self._count, self._status, note)
        self.widget.add_class("course-demo")
        act_while_a_cell_runs([self._paces, self._times, reset, *faults])
        self.refresh()
        threading.Thread(target=self._look, name="demo-panel", daemon=True).start()

    def pace(self, name: str) -> None:
        """Set how fast the model writes: one of `PACES`, else raise ValueError."""
        if name not in PACES:
            raise ValueError(f"There is no pace {name!r}. Choose one of: {', '.join(PACES)}.")
        with self._lock:
            state, before = self._model.state, self._change()
            lesson = before.lesson if before else (state.first, state.per_token)
            self._model.pace(*PACES[name])
            self._changes[state] = Change(name, state.pace_changes, lesson)
            self.refresh()

    def fail(self, word: str, times: int | None = 1) -> None:
        """Let the next requests fail.

        Args:
            word: The fault, one of `FAULTS`.
            times: How many requests; None: every one until `reset`.

        Raises:
            ValueError: There is no such fault here.
        """
        if word not in FAULTS:
            raise ValueError(f"There is no fault {word!r}. Choose one of: {', '.join(FAULTS)}.")
        fault = _fault(word)
        self._model.fail(word, times, after=fault.after, seconds=fault.seconds)
        self.refresh()

    def reset(self) -> None:
        """Restore the lesson's pace and drop the faults that have not happened yet."""
        self._use_lesson_pace()
        self._model.state.faults.take_back()
        self.refresh()

    def refresh(self) -> None:
        """Show what is in force now; a thread does so a few times a second."""
        with self._lock:
            change = self._change()
            self._shows_pace = True
            try:
                self._paces.value = change.name if change else None
            finally:
                self._shows_pace = False
            lines = [_pace_in_words(self._model.state, change), *self._fault_lines()]
            count = f"Requests so far: {self._model.state.log.count}"
            if not self._model.local:
                lines = ["A real endpoint is in use: pace and faults have no effect on it."]
                count = ""
            self._said = "\n".join(filter(None, [count, *lines]))
            shown = "<br>".join(map(html.escape, lines))
            # Only the second is read aloud: a count that goes up would never let anybody speak.
            self._count.value = f"<div><b>{count}</b></div>"
            self._status.value = f'<div role="status">{shown}</div>'

    def __repr__(self) -> str:
        self.refresh()
        return (
            f"Demo panel\n{self._said}\n"
            f"  panel.pace(...)           {', '.join(PACES)}\n"
            f"  panel.fail(..., times=1)  {', '.join(FAULTS)}\n"
            "  panel.reset()\n" + instructions('panel.pace("slow")')
        )

    def _change(self) -> Change | None:
        """Return the panel's change of the pace if no cell has set another one since."""
        change = self._changes.get(self._model.state)
        return change if change and change.number == self._model.state.pace_changes else None

    def _use_lesson_pace(self) -> None:
        with self._lock:
            if change := self._change():
                self._model.pace(*change.lesson)
                del self._changes[self._model.state]

    def _on_pace(self, change: dict[str, Any]) -> None:
        if self._shows_pace:
            return
        if change["new"] is None:
            self._use_lesson_pace()
            self.refresh()
        else:
            self.pace(change["new"])

    def _fault_lines(self) -> list[str]:
        planned = self._model.state.faults.planned()
        over = [each for each in planned if each.left == 0 or each.taken_back]
        waiting = planned[len(over) :]
        shown = [*over[-MAX_PAST_FAULTS:], *waiting]
        return [f"Fault: {_fault_in_words(each)}" for each in shown] or ["No fault waits."]

    def _look(self) -> None:
        while not self._model.stopped:
            threading.Event().wait(LOOK_SECONDS)
            self.refresh()


def _fault(word: str) -> Fault:
    """Return a fault as a button plays it."""
    seconds = SILENCE_SECONDS if word in ("timeout", "stall") else None
    return Fault(word, after=AFTER_TOKENS, seconds=seconds)


def _in_words(fault: Fault) -> str:
    return WORDS[fault.word].format(fault=fault)


def _fault_in_words(planned: Planned) -> str:
    """Return what the fault is, and whether it waits, was used, or is gone."""
    count = len(planned.met_by)
    used = f"used by request {_listed(planned.met_by)}" if count else ""
    if planned.taken_back:
        rest = "the rest is gone, taken back" if used else "gone, taken back before it was used"
    elif planned.left is None:
        rest = "waits for every request until Reset"
    elif planned.left:
        more = "more " if used else ""
        rest = f"waits for {planned.left} {more}request{'s' if planned.left > 1 else ''}"
    else:
        rest = "it waits no more"
    return f"{_in_words(planned.fault)}: {', '.join(filter(None, (used, rest)))}."


def _listed(numbers: list[int]) -> str:
    if len(numbers) > 4:
        return f"{numbers[0]}, {numbers[1]} ... {numbers[-1]} ({len(numbers)} requests)"
    return ", ".join(map(str, numbers))


def _pace_in_words(state: State, change: Change | None) -> str:
    waits = f"{state.first:g} s to the first token, then {state.per_token:g} s a token"
    if not state.first and not state.per_token:
        waits = "no waiting"
    return f"Pace: {change.name if change else 'as in the lesson'} ({waits})."


def _button(label: str, tip: str) -> ipywidgets.Button:
    # A tip is only seen; the status line says the same aloud when the button is pressed.
    return ipywidgets.Button(description=label, tooltip=tip, layout=ipywidgets.Layout(width="auto"))
