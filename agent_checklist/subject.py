"""The agent under a probe: turns of a thread, and everything that can be seen of each."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, BaseMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import GraphInterrupt
from langgraph.pregel import Pregel
from langgraph.store.memory import InMemoryStore
from langgraph.types import Command, Interrupt

from agent_checklist.dialects import Gate, answer_to
from agent_checklist.effects import Effect, Recorder
from agent_checklist.guard import Guard, Sent
from agent_checklist.loader import resolve
from agent_checklist.stage import Plan, Stage, arguments_for
from agent_checklist.workspace import Settings, shortened
from lesson_model import LessonModel
from lesson_model.behaviour.schema_values import valid_value
from lesson_model.faults import Faults
from lesson_model.log import Request

__all__ = ("Facts", "Subject", "Turn", "collecting", "describe")

MAX_TURN_SECONDS = 20.0
MAX_TURN_REQUESTS = 60  # to the model; more is a loop that the script does not end
MAX_ROUNDS = 8  # questions in one turn


@dataclass
class Facts:
    """What the scouts found out about an agent."""

    input: int = -1
    """Which way of asking works; see `Subject.inputs`."""
    schema: dict | None = None
    """The JSON schema of the graph's input."""
    proposed: Any = None
    """An input after the graph's schema, with {text} where the user's words may go."""
    problem: str = ""
    """Why nothing can be judged; empty if much can be."""
    remembers: bool = False
    has_saver: str = ""
    """The class of its own checkpointer."""
    tools: dict[str, Tool] = field(default_factory=dict)
    choice: int = 0
    models: list[str] = field(default_factory=list)
    at_work: list[Sent] = field(default_factory=list)
    """One request of each kind in a plain turn, as `Sent.kind` tells them apart: the one whose
    client waits longest."""
    grades: bool = False
    """A model is asked whether something is good enough."""
    routes: bool = False
    """A model is asked who works next, until it says that this was all."""
    answers_in_text: bool = False
    answer_at: int = 0
    """The number of the request, in a plain turn, whose text the turn ends with."""
    stops_at: str = ""
    """The question to a person at which a plain turn stops."""
    beyond: str = ""
    """Why more of the agent was not reached; empty if enough was."""
    answer_in: tuple[str, ...] = ()
    """The fields of the state in which a plain turn's answer stood."""
    leaves_open: set[str] = field(default_factory=set)
    """The tools whose calls an ordinary turn leaves without an answer."""
    brings_saver: bool = False
    """A checkpointer is its own, is passed to its factory, or comes from LangGraph Server."""
    refused: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    """Tools that are plain functions, which a node calls itself."""
    early: str = ""
    """What happened before a person was asked, beside the tools' bodies."""
    gates: list[str] = field(default_factory=list)
    """The tools that a person is asked about by the code, where none was seen to ask."""
    swallowed: str = ""
    """The tool whose interrupt was raised and never came out."""
    stands_still: bool = False
    """A plain turn asks a model synchronously in an async node."""
    end: float = 0.0
    """When scouting has to stop, in seconds of `time.monotonic`."""

    @property
    def look(self) -> str:
        """A tool that needs nobody's consent."""
        plain = [t for t in self.tools.values() if t.plain and not t.gate]
        return min(plain, key=lambda t: (t.risky, bool(t.route)), default=Tool("")).name

    @property
    def act(self) -> str:
        """A tool that needs consent: one that the developer named, else one that asks."""
        ran = [t for t in self.tools.values() if t.gate or (t.risky and t.ran and not t.may_ask)]
        return min(
            ran, key=lambda t: (not t.gate, not t.risky, bool(t.route)), default=Tool("")
        ).name


@dataclass
class Tool:
    """A tool that was offered to the model."""

    name: str
    schema: dict = field(default_factory=dict)
    route: tuple[str, ...] = ()
    choice: int = 0
    beside: set[str] = field(default_factory=set)
    """The tools that were offered in one request with it."""
    fixed: dict = field(default_factory=dict)
    """Arguments with which it was seen to ask, as with smaller numbers it does not."""
    ran: bool = False
    """Its body was seen to run."""
    plain: bool = False
    """It ran, led nowhere else, and the turn went on to an answer."""
    ends: str = ""
    """How a turn that calls it fails, though its body does not."""
    risky: bool = False
    """The developer named it risky."""
    gate: Gate | None = None
    """How it asks a person before it runs; None: it does not ask."""
    stub: str = ""
    failure: str = ""
    """What its body did by itself, so that it is replaced."""
    may_ask: str = ""
    """Its body is replaced, and by its code it may have asked a person: what is said of that."""
    question: bool = False
    """It asks a person for words, not for consent."""


@dataclass
class Turn:
    """What a turn showed."""

    thread: str | None
    plan: Plan | None = None
    words: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    stopped: bool = False
    values: Any = None
    messages: list[AnyMessage] = field(default_factory=list)
    before: int = 0
    """Messages that stood in the thread before."""
    interrupts: tuple[Interrupt, ...] = ()
    breakpoint: tuple[str, ...] = ()
    effects: list[Effect] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answer_in: tuple[str, ...] = ()
    """The fields of the state that hold answers; empty where that is not known."""

    @property
    def shown(self) -> str:
        """The model's words that arrived while the turn ran."""
        return "".join(self.words)

    @property
    def new(self) -> list[AnyMessage]:
        """The messages that this turn added."""
        return self.messages[self.before :]

    def sent(self, words: str) -> bool:
        """Whether these words were sent to a model."""
        return any(words.encode() in one.raw for one in self.requests)

    @property
    def told(self) -> str:
        """All that a user may have been shown: streamed words, own events, new AI messages."""
        said = [m.text for m in self.new if isinstance(m, AIMessage)]
        rest = [] if self.messages else [self.final]
        return "\n".join([self.shown, *said, *map(str, self.events), *rest])

    @property
    def final(self) -> str:
        """The text that the turn ends with: its last AI message, else its value."""
        said = [m.text for m in self.new if m.type == "ai" or (m.type == "human" and m.name)]
        if said:
            return said[-1]
        if self.messages:
            return ""
        if isinstance(self.values, BaseMessage):
            return self.values.text
        if isinstance(self.values, dict):
            fields = self.answer_in or tuple(self.values)
            texts = [self.values.get(name) for name in fields]
            texts = [one for one in texts if isinstance(one, str)]
            mark = self.plan.mark if self.plan else "no plan"
            return "\n".join(t for t in texts if mark not in t or self.plan.say in t)
        return "" if self.values is None else str(self.values)

    @property
    def waits(self) -> bool:
        """Whether a person is asked."""
        return bool(self.interrupts or self.breakpoint)

    @property
    def answered(self) -> bool:
        """Whether the plan's last words arrived."""
        return bool(self.plan and self.plan.say) and (
            self.plan.say in self.told or self.plan.say in str(self.values)
        )


class Subject:
    """A graph under probe.

    Attributes:
        level: "graph", or "turn" where what serves a request is looked at.
        heard_in: The kind of message whose text counts as words that arrive.

    Args:
        held: What the target's name holds.
        facts: What is known of it.
        settings: What pyproject says.
        guard, recorder, model: What stands around it.
    """

    level = "graph"
    heard_in: type[AIMessage] = AIMessageChunk

    def __init__(
        self,
        held: Any,
        facts: Facts,
        settings: Settings,
        guard: Guard,
        recorder: Recorder,
        model: LessonModel,
    ) -> None:
        self.held, self.facts, self.settings = held, facts, settings
        self.guard, self.recorder, self.model = guard, recorder, model
        self.stage = Stage(settings.arguments)
        self.graph: Pregel | None = None
        self.saver: Any = None
        self.own_saver: Any = None
        self.records: list[logging.LogRecord] = []
        self.imported: list[logging.LogRecord] = []  # while the agent was imported
        self.raised = 0  # interrupts that nodes or tools raised
        self._stack = contextlib.AsyncExitStack()
        self._numbers = itertools.count(1)
        self.turns: list[Turn] = []
        self.nodes: set[str] = set()  # those of the graph that ran
        self.served = False
        self.output: Path | None = None  # what the process prints
        self.names_user = True  # whether a config that pyproject does not declare has a user_id
        self.streams = False  # whether turns are read word by word
        self.listed: Callable[[], Any] | None = None  # returns what was really done
        self.gives_whole = False  # whether a turn returns its answer, instead of yielding words
        self.folder = Path()  # a probe's own, kept between its phases

    async def start(self, saver: Any = None, own: bool = False) -> None:
        """Make the graph, with a checkpointer of ours unless `own`."""
        self.saver = saver or self.saver or InMemorySaver()
        config = {"configurable": {"thread_id": "t-0", "user_id": "user-1"}}
        self.graph = await resolve(self.held, self.saver, config, self._stack)
        self.own_saver = self.graph.checkpointer
        if not own or not self.own_saver:
            self.graph.checkpointer = self.saver
        if self.graph.store is None:
            self.graph.store = InMemoryStore()
        self._prepare_tools()

    def _prepare_tools(self) -> None:
        self.recorder.install()
        for name in self.facts.functions:
            self.recorder.wrap_functions(name)
        self.recorder.stubs |= {t.name: t.stub for t in self.facts.tools.values() if t.stub}
        if any(tool.gate and tool.gate.only for tool in self.facts.tools.values()):
            self.recorder.follow()

    async def close(self) -> None:
        """Close what the factory opened."""
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._stack.aclose(), 2)

    # What is said ---------------------------------------------------------------------------------

    def plan(self, *steps: Sequence[tuple[str, dict]], **more: Any) -> Plan:
        """Return a plan of calls, with words of its own at the end."""
        number = next(self._numbers)
        plan = Plan(f"Q{number}zx", [list(step) for step in steps], **more)
        plan.say = plan.say or f"Answer A{number}zy."
        called = [self.facts.tools.get(name) for step in steps for name, _ in step]
        none = Tool("", choice=self.facts.choice)
        first = min(filter(None, called), key=lambda tool: not tool.gate, default=none)
        plan.route = plan.route or first.route
        plan.choice = plan.choice or first.choice
        return self.stage.add(plan)

    def call(
        self, tool: str, word: str = "", number: int = 41, nth: int = 0, is_varied: bool = False
    ) -> tuple[str, dict]:
        """Return a call of a tool, whose values hold a word; numbers may vary what is declared."""
        word = word or f"w{next(self._numbers)}"
        fixed = self.facts.tools[tool].fixed | self.settings.arguments.get(tool, {})
        if is_varied:
            fixed = {key: one for key, one in fixed.items() if type(one) not in (int, float)}
        return tool, {**arguments_for(self.facts.tools[tool].schema, word, number, nth), **fixed}

    def name_of(self, thread: str | None) -> str | None:
        """Return a thread's id as the agent is given it."""
        return thread

    def inputs(self, text: str) -> Iterator[Any]:
        """Yield the ways to ask an agent, the likeliest first."""
        if self.settings.input is not None:
            yield _filled(self.settings.input, text)
            return
        if self.facts.schema is None:
            self.facts.schema = {}
            with contextlib.suppress(Exception):
                self.facts.schema = self.graph.get_input_jsonschema()
        schema = self.facts.schema
        human = HumanMessage(text)
        properties = schema.get("properties") or {}
        if "messages" in properties:
            yield {"messages": [human]}
        made = valid_value(schema, text_for=lambda name: text) if properties else {}
        made = made if isinstance(made, dict) else {}
        required = {k: v for k, v in made.items() if k in (schema.get("required") or properties)}
        if "messages" in properties:
            yield {**required, "messages": [human]}
        texts = [name for name, part in properties.items() if _takes_text(part)]
        texts.sort(key=lambda name: name not in ASKED_IN)
        yield from ({name: text} for name in texts[:3])
        if required and "messages" not in required:
            yield required
            yield made
        if not properties:
            yield from ({"messages": [human]}, text, [human])
            yield from ({name: text} for name in ASKED_IN[:4])

    def _input(self, text: str, way: int | None) -> Any:
        way = self.facts.input if way is None else way
        return next(itertools.islice(self.inputs(text), way, None))

    def _config(self, thread: str | None, user: str) -> dict:
        given = _filled(self.settings.config, user)
        inner = {"user_id": user} if self.names_user else {}
        inner |= given.pop("configurable", {})
        if thread is not None:
            inner["thread_id"] = thread
        return {**given, "configurable": inner}

    def _context(self, user: str) -> Any:
        kind = getattr(self.graph, "context_schema", None)
        if self.settings.context is not None:
            made = _filled(self.settings.context, user)
            return kind(**made) if kind and not hasattr(kind, "__total__") else made
        if kind is None:
            return None
        schema: dict = {}
        with contextlib.suppress(Exception):
            schema = self.graph.get_context_jsonschema() or {}
        required = schema.get("required") or ()
        made = valid_value(schema, text_for=lambda name: user) if schema.get("properties") else {}
        needed = {key: value for key, value in (made or {}).items() if key in required}
        if "user_id" in (schema.get("properties") or {}):
            needed["user_id"] = user
        try:
            return kind(**needed) if needed or is_dataclass(kind) else None
        except Exception:
            return None

    # Turns ----------------------------------------------------------------------------------------

    async def say(
        self,
        plan: Plan,
        thread: str | None = "t-1",
        *,
        text: str = "",
        user: str = "user-1",
        until: Callable[[Turn], bool] | None = None,
        way: int | None = None,
        seconds: float = MAX_TURN_SECONDS,
    ) -> Turn:
        """Run a turn in which the model plays a plan."""
        words = self._input(f"{text or 'Please help me with this request.'} {plan.mark}", way)
        return await self.run(words, thread, plan, user=user, until=until, seconds=seconds)

    async def say_in_sync(self, plan: Plan, thread: str, text: str) -> Turn:
        """Run a turn; where the agent's own checkpointer knows no async, without it."""
        turn = await self.say(plan, thread, text=text)
        knows_async = not isinstance(getattr(self.graph, "checkpointer", None), SqliteSaver)
        if knows_async and not isinstance(turn.error, NotImplementedError):
            return turn
        turn, asked = Turn(thread, plan), len(self.model.requests)
        context = self._context("user-1")
        more = {} if context is None else {"context": context}
        given = self._input(f"{text} {plan.mark}", None)
        try:
            await asyncio.to_thread(
                self.graph.invoke, given, self._config(thread, "user-1"), **more
            )
        except Exception as error:
            turn.error = error
        turn.requests = self.model.requests[asked:]
        return turn

    async def hello(self, thread: str | None = "t-1", **more: Any) -> Turn:
        """Run a plain turn."""
        return await self.say(self.plan(), thread, text="Hello, is anybody there?", **more)

    async def resume(self, turn: Turn, yes: Callable[[str], bool] | bool) -> Turn:
        """Answer everything that is asked, until the turn ends.

        Args:
            turn: The turn that waits.
            yes: For all, or asked with the text of each call that is shown.
        """
        for _ in range(MAX_ROUNDS):
            if not turn.waits or turn.error:
                break
            turn = await self.answer(turn, yes)
        return turn

    async def answer(self, turn: Turn, yes: Callable[[str], bool] | bool) -> Turn:
        """Answer what is asked now, once."""
        return await self.run(self.answer_for(turn, yes), turn.thread, turn.plan)

    def answer_for(self, turn: Turn, yes: Callable[[str], bool] | bool) -> Any:
        """Return what the graph is resumed with."""
        if not turn.interrupts:
            return None
        says = yes if callable(yes) else (lambda text: yes)
        answers = {one.id: answer_to(one.value, says, self._gate(one)) for one in turn.interrupts}
        return self.resume_with(copy.deepcopy(answers))  # an agent may change what it is given

    def resume_with(self, answers: dict[str, Any]) -> Command:
        """Return what the graph is resumed with, of answers by the ids of interrupts."""
        first = next(iter(answers.values()))  # LangGraph takes {} for answers by ids, and for none
        return Command(resume=answers if len(answers) > 1 or first == {} else first)

    def _gate(self, one: Interrupt) -> Gate | None:
        asking = [tool for tool in self.facts.tools.values() if tool.gate]
        named = [tool for tool in asking if tool.name in str(one.value)]
        return next((tool.gate for tool in [*named, *asking]), None)

    async def run(
        self,
        given: Any,
        thread: str | None,
        plan: Plan | None = None,
        *,
        user: str = "user-1",
        until: Callable[[Turn], bool] | None = None,
        seconds: float = MAX_TURN_SECONDS,
    ) -> Turn:
        """Run the graph, and collect what it shows."""
        turn = Turn(thread, plan, answer_in=self.facts.answer_in)
        config, effects = self._config(thread, user), len(self.recorder.effects)
        asked = len(self.model.requests)
        if thread is not None:
            turn.before = len((await self._state(config))[1])
        limit = asyncio.timeout(seconds)
        try:
            async with limit:  # in a task, whose context ends with it
                await asyncio.create_task(self._follow(given, turn, user, until))
        except Exception as error:
            late = TimeoutError(f"It did not end within {seconds:g} s.")
            turn.error = late if limit.expired() else error
        if turn.stopped and until is None:
            turn.error = TimeoutError(f"The turn asked the model {MAX_TURN_REQUESTS} times.")
        turn.effects = self.recorder.ran(effects)
        turn.requests = self.model.requests[asked:]
        if thread is not None:
            await self._look_at_state(config, turn)
        self.turns.append(turn)
        return turn

    async def _follow(
        self, given: Any, turn: Turn, user: str, until: Callable[[Turn], bool] | None
    ) -> None:
        asked, context = len(self.model.requests), self._context(user)
        stream = self.graph.astream(
            given,
            self._config(turn.thread, user),
            stream_mode=["custom", "values", "updates", *["messages"] * self.streams],
            subgraphs=True,
            **({} if context is None else {"context": context}),
        )
        async with aclosing(stream):
            async for namespace, mode, data in stream:
                if mode == "messages":
                    message = data[0]
                    if isinstance(message, self.heard_in) and message.text:
                        turn.words.append(message.text)
                elif mode == "custom":
                    turn.events.append(data)
                elif mode == "updates":
                    self.nodes.update([part.split(":")[0] for part in namespace] or data)
                elif mode == "values" and not namespace:
                    turn.values = data
                turn.stopped = self._has_seen_enough(turn, asked, until)
                if turn.stopped:
                    return

    def _has_seen_enough(self, turn: Turn, asked: int, until: Callable | None) -> bool:
        """Whether to leave a turn that began when the model had been asked so often."""
        if until:
            return until(turn)
        return len(self.model.requests) > asked + MAX_TURN_REQUESTS

    async def _state(self, config: dict) -> tuple[Any, list[AnyMessage]]:
        try:
            state = await self.graph.aget_state(config)
        except Exception:
            return None, []
        values = state.values
        found = values.get("messages") if isinstance(values, dict) else None
        if isinstance(values, list) and all(isinstance(one, BaseMessage) for one in values):
            found = values
        return state, [one for one in found or () if isinstance(one, BaseMessage)]

    async def _look_at_state(self, config: dict, turn: Turn) -> None:
        state, turn.messages = await self._state(config)
        if state is None:
            return
        turn.interrupts = tuple(state.interrupts)
        if state.next and not turn.interrupts and not turn.error and not turn.stopped:
            turn.breakpoint = tuple(state.next)
        if turn.values is None:
            turn.values = state.values

    # What could be seen ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Collect log records from INFO on, and interrupts that are raised."""
        make = GraphInterrupt.__init__

        def counted(error: GraphInterrupt, *args: Any, **kwargs: Any) -> None:
            self.raised += 1
            make(error, *args, **kwargs)

        GraphInterrupt.__init__ = counted
        try:
            with collecting(self.records):
                yield
        finally:
            GraphInterrupt.__init__ = make

    def fail_at(
        self, is_there: Callable[[Sent], object], word: str, times: int | None = 1, **how: Any
    ) -> None:
        """Let the model fail from the first request on of which something holds.

        Args:
            is_there: What holds of it.
            word: The fault; "" lets each request be too long.
            times, how: See `LessonModel.fail`.
        """

        def at(sent: Sent) -> None:
            if is_there(sent):
                self.guard.on_request = None
                if word:
                    self.model.fail(word, times, **how)
                else:
                    self.model.context_window = 1

        self.guard.on_request = at

    def fail_answer(self, word: str, **how: Any) -> None:
        """Let the request fail whose text is the turn's answer."""
        asked = itertools.count()
        self.fail_at(lambda sent: next(asked) == self.facts.answer_at, word, **how)

    def fail_call(self, word: str, tool: str) -> None:
        """Let the first request fail in which the model may call a tool, or what leads to it."""
        wanted = {tool, *self.facts.tools[tool].route}
        self.fail_at(lambda sent: wanted & offered_in(sent.body), word)

    def clear_faults(self) -> None:
        """Let the model be well again."""
        self.model.state.faults, self.guard.on_request = Faults(), None

    def printed(self) -> str:
        """Return what the agent printed in this process."""
        if not self.output:
            return ""
        sys.stdout.flush()
        sys.stderr.flush()
        return self.output.read_text("utf-8", "replace")

    def printed_at_import(self) -> str:
        """Return what was printed while the agent was imported."""
        return (self.folder.parent / "import.txt").read_text("utf-8", "replace")

    def own_records(self, level: int = logging.INFO) -> list[logging.LogRecord]:
        """Return the records that the agent's code wrote, not its libraries."""
        return [
            r for r in self.records if r.levelno >= level and r.name.split(".")[0] not in LIBRARIES
        ]

    def evidence(self) -> dict[str, Any]:
        """Return what a developer wants to see of a red line."""
        turn = self.turns[-1] if self.turns else Turn("")
        requests = sorted(self.model.requests, key=lambda one: one in turn.requests)
        error = next((t.error for t in reversed(self.turns) if t.error), None)
        lines = "".join(traceback.format_exception(error)).splitlines() if error else []
        return {
            "exception": "\n".join(shortened(line, 300) for line in lines[-25:]),
            "requests": self._by_thread(
                [
                    (next((t.thread for t in self.turns if one in t.requests), None), one)
                    for one in requests[-12:]
                ],
                _described,
            ),
            "messages": describe(turn.messages[-12:]),
            "interrupts": self._by_thread(
                [(t.thread, one.value) for t in self.turns for one in t.interrupts][-4:],
                lambda value: shortened(value, 300),
            ),
            "effects": self._by_thread(
                [(e.thread, e) for e in self.recorder.ran()][-8:],
                lambda e: f"{e.tool}({_short(e.args)})",
            ),
            "log": [
                f"{r.levelname} {r.name}: {shortened(r.getMessage(), 200)}"
                for r in self.own_records()[-6:]
            ],
        }

    def _by_thread(self, found: list[tuple], line: Callable[[Any], str]) -> list[str]:
        """Return lines with a border wherever another thread, and so another test, begins."""
        names = {str(self.name_of(turn.thread)): turn.thread for turn in self.turns}
        lines, before = [], None
        several = len({thread for thread, _ in found if thread}) > 1
        for thread, one in found:
            if several and thread and thread != before:
                lines.append(f"on thread {names.get(thread, thread)}:")
                before = thread
            lines.append(line(one))
        return lines


@contextlib.contextmanager
def collecting(records: list[logging.LogRecord]) -> Iterator[None]:
    """Put each log record from INFO on into a list."""
    root, call_handlers = logging.getLogger(), logging.Logger.callHandlers
    if root.level in (logging.NOTSET, logging.WARNING):
        root.setLevel(logging.INFO)

    def collected(logger: logging.Logger, record: logging.LogRecord) -> None:
        records.append(record)
        call_handlers(logger, record)

    # Not a handler: an agent that sets its logging up would remove it.
    logging.Logger.callHandlers = collected
    try:
        yield
    finally:
        logging.Logger.callHandlers = call_handlers


LIBRARIES = {"httpx", "httpx2", "openai", "httpcore", "asyncio", "langchain", "langgraph"}
LIBRARIES |= {"langchain_core", "langchain_openai", "langsmith", "urllib3", "py"}
ASKED_IN = (
    "question query input text topic task user_input request message prompt user_request email "
    "content research_topic"
).split()


def _takes_text(part: dict) -> bool:
    kinds = [part, *(part.get("anyOf") or ())]
    return any(kind.get("type") == "string" and not kind.get("enum") for kind in kinds)


def _filled(template: Any, text: str) -> Any:
    """Return a template of pyproject with {text} or {user} filled in."""
    if isinstance(template, str):
        return template.replace("{text}", text).replace("{user}", text)
    if isinstance(template, dict):
        return {key: _filled(value, text) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, text) for value in template]
    return template


def describe(messages: Sequence[AnyMessage]) -> list[str]:
    """Return messages as lines; calls without an answer are marked."""
    answered = {getattr(message, "tool_call_id", None) for message in messages}
    lines = []
    for message in messages:
        line = f"{message.type}: {shortened(message.text, 160)}"
        for call in getattr(message, "tool_calls", ()) or ():
            mark = "" if call["id"] in answered else "  <- open: no answer"
            line += f" [calls {call['name']}({_short(call['args'])}){mark}]"
        lines.append(line)
    return lines


def offered_in(body: dict) -> set[str]:
    """Return the tools that a request offers, where the model may choose among them."""
    if isinstance(body.get("tool_choice"), dict):
        return set()
    return {str((tool.get("function") or tool).get("name")) for tool in body.get("tools") or ()}


def left_open(messages: Sequence[AnyMessage]) -> set[str]:
    """Return the tools whose calls have no answer in a conversation."""
    answered = {getattr(message, "tool_call_id", None) for message in messages}
    calls = [call for message in messages for call in getattr(message, "tool_calls", ())]
    return {call["name"] for call in calls if call["id"] not in answered}


def open_in(request: Request) -> set[str]:
    """Return the tools whose calls a request leaves without an answer."""
    messages = request.body.get("messages") or ()
    answered = {message.get("tool_call_id") for message in messages}
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    return {call["function"]["name"] for call in calls if call["id"] not in answered}


def _described(request: Request) -> str:
    """Return a request to the model as one line."""
    about = [f"{len(request.body.get('tools') or ())} tools"]
    about += [f"fault played: {request.fault}"] if request.fault else []
    about += [f"try {request.retry_count + 1}"] if request.retry_count else []
    about += ["left before its end"] if request.aborted else []
    return (
        f"{request.body.get('model')}: {request.status} ({', '.join([*about, *request.remarks])})"
    )


def _short(args: Any) -> str:
    return shortened(json.dumps(args, default=str), 120)


def error_name(error: BaseException | None) -> str:
    """Return an exception's class and the start of its text."""
    words = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__} (“{shortened(words, 160)}”)" if words else type(error).__name__
