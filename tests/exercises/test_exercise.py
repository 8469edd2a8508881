"""What a check says of an answer, and how it shows it."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from exercises.core.descriptions import kind
from exercises.core.exercise import exercise, part
from exercises.core.result import JSON_TYPE, Part, Result
from tests.exercises.fake_course import load_checks

HINTS = ("vague", "clearer", "telling")


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture
def check(tmp_path: Path) -> ModuleType:
    """The checks of a small lesson."""
    return load_checks(tmp_path)


def right(x):
    return x + 10


def partly(x):
    return x + 10 if x < 5 else 0


def wrong(x):
    return 0


def raises(x):
    return 1 / 0  # the line to show


def leaves(x):
    raise SystemExit


def stub(x):
    """Add."""
    ...


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (right, "passed", ""),
        (partly, "partial", "1 of 2"),
        (wrong, "failed", "got back 0, expected 11"),
        (raises, "raised", "`return 1 / 0  # the line to show`"),
        (leaves, "raised", "SystemExit"),
        (stub, "not_attempted", "`add`"),
        (..., "not_attempted", "`add`"),
    ],
)
def test_status(check: ModuleType, answer: object, status: str, words: str) -> None:
    """Each kind of answer has its status and its sentence."""
    result = check.ex1(answer)
    assert (result.status, result.exercise) == (status, "demo.ex1")
    assert words in result.message


def test_line_of_the_cell_is_named(check: ModuleType) -> None:
    """A student finds the line; it is counted in their cell."""
    line = raises.__code__.co_firstlineno + 1
    assert f"`ZeroDivisionError: division by zero` in line {line}" in check.ex1(raises).message


def test_missing_answers_are_named(check: ModuleType) -> None:
    """With several answers the message says which one is missing."""
    result = check.ex2(3, ...)
    assert result.status == "not_attempted"
    assert "`names`" in result.message and "`total`" not in result.message
    assert "check.ex2(total, names)" in check.ex2(3).message


def test_wrapped_error_leads_to_the_students_line() -> None:
    """The line is found though a library wraps the error, or adds its own frames."""

    @exercise(hints=HINTS)
    def ex(f):
        errors = [RuntimeError("other")]
        try:
            f(1)
        except Exception as error:
            errors.append(error)
        raise ExceptionGroup("several", errors)

    result = ex(raises)
    assert (result.status, "1 / 0" in result.message) == ("raised", True)


def test_error_in_a_graph_node_is_the_students() -> None:
    """LangGraph runs the node in a thread; the line is found all the same."""

    class State(TypedDict):
        x: int

    def node(state):
        return {"x": state["y"]}

    @exercise(hints=HINTS)
    def ex(f):
        graph = StateGraph(State).add_node("a", f).add_node("b", f)
        graph.add_edge(START, "a").add_edge(START, "b").compile().invoke({"x": 1})

    result = ex(node)
    assert result.status == "raised"
    assert "KeyError: 'y'" in result.message and 'return {"x": state["y"]}' in result.message


def test_library_error_without_a_line_of_the_student_is_the_answers() -> None:
    """A graph that cannot run is the answer's fault although no line of it is on the stack."""

    class State(TypedDict):
        x: int

    graph = StateGraph(State).add_node("a", lambda state: {"x": 1}).add_edge(START, "a")
    graph = graph.add_edge("a", "a").compile()

    @exercise(hints=HINTS)
    def ex(graph):
        graph.invoke({"x": 1}, {"recursion_limit": 3})

    result = ex(graph)
    assert result.status == "raised" and "GraphRecursionError" in result.message


def test_error_of_the_check_is_not_the_students_fault() -> None:
    """Our own mistake is called ours."""

    @exercise(hints=HINTS)
    def ex(f):
        with part("first"):
            assert f(1) == 11, "no"
        with part("second"):
            {}["x"]

    result = ex(right)
    assert result.status == "check_broken" and "KeyError: 'x'" in result.message
    assert "not your answer" in repr(result)


@pytest.mark.parametrize("answer", [lambda: 1, lambda x, *, y: 1, lambda *, x: 1])
def test_an_answer_with_other_arguments_is_no_fault_of_the_check(answer: Any) -> None:
    @exercise(hints=HINTS)
    def ex(add):
        assert add(1) == 1

    result = ex(answer)
    assert result.status == "raised" and "Keep the arguments" in result.message


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda x: 11, "failed"),
        (lambda x: 2 * x, "failed"),
        ({1: 11, 10: 20}.get, "failed"),
        ({3: 13, 10: 20}.get, "partial"),
        (partly, "partial"),
    ],
)
def test_what_an_answer_without_a_thought_holds_earns_nothing(answer: Any, status: str) -> None:
    """The parts of one constant are no share of a right answer; one part beside them is."""

    @exercise(hints=HINTS)
    def ex(add):
        for x, right_sum, held_by in (
            *((1, 11, ("a constant", "the broken code")), (10, 20, "the broken code")),
            *((3, 13, "a constant"), (2, 12, ""), (40, 50, "")),
        ):
            with part(f"{x}", held_by):
                assert add(x) == right_sum, f"{add(x)} for {x}"

    result = ex(answer)
    assert result.status == status and len(result.parts) == 5
    assert ("What holds here holds for" in repr(result).splitlines()[0]) is (status == "failed")


def test_assertion_of_the_student_is_an_error_of_theirs() -> None:
    """Only the check's own assertions are verdicts."""

    def asserts(x):
        assert x > 5, "mine"

    @exercise(hints=HINTS)
    def ex(f):
        assert f(1), "the check's"

    assert ex(asserts).status == "raised"
    assert ex(wrong).status == "failed"


def test_faces(check: ModuleType) -> None:
    """Words and marks in text and HTML; each sentence once."""
    result = check.ex1(partly)
    text = repr(result)
    assert text.splitlines()[0] == "◐ Partly right: 1 of 2."
    assert "  ✓ small numbers: right." in text.splitlines()
    assert text.count("expected 110") == 1
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert "✗ large numbers: I called <code" in bundle["text/html"]
    assert 'role="status"' in bundle["text/html"]
    data = json.loads(json.dumps(bundle[JSON_TYPE]))
    assert (data["exercise"], data["status"]) == ("demo.ex1", "partial")
    assert [p["status"] for p in data["parts"]] == ["passed", "failed"]


def test_head_holds_whole_messages_only() -> None:
    """One part's sentence is the beginning of another's, a third one's stands in the middle."""

    @exercise(hints=HINTS)
    def ex(f):
        with part("held"):
            assert f(1) == 11
        for sentence in ("It ran.", "It ran. Only K-8 can.", "Why did it ran. It waits?", "K-8"):
            with part(sentence):
                raise AssertionError(sentence)
        raise AssertionError("And K-8 is left.")

    result = ex(right)
    lines = repr(result).splitlines()
    assert lines[:2] == ["◐ Partly right: 1 of 6.", "And K-8 is left."]
    page = result._repr_mimebundle_()["text/html"]
    assert "</strong> 1 of 6.<br>And K-8 is left.</div>" in page


def test_html_of_an_answer_is_escaped() -> None:
    """What the answer says cannot become markup, not even between backticks."""
    evil = "<script>alert(1)</script> `<b onclick=x>` \"'"
    result = Result("t.ex1", "failed", evil, (Part(evil, "failed", evil),), evil)
    page = result._repr_mimebundle_()["text/html"]
    assert "<script" not in page and "<b " not in page
    assert "<code" in page


def test_hints(check: ModuleType) -> None:
    """Three hints, each says whether there is another; anything else is explained."""
    assert "vague" in repr(check.ex1.hint()) and ".hint(2)" in repr(check.ex1.hint())
    assert "last" in repr(check.ex1.hint(3))
    for n in (0, 4, -1, "x"):
        assert "3 hints" in repr(check.ex1.hint(n))


@pytest.mark.parametrize("answer", [partly, wrong, raises])
def test_refused_result_says_how_to_get_a_hint(check: ModuleType, answer: object) -> None:
    """The call can be copied from the text and from the page."""
    result = check.ex1(answer)
    assert "For a hint: `check.ex1.hint(1)`" in repr(result).splitlines()
    assert "check.ex1.hint(1)</code>" in result._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("answer", [right, ...])
def test_other_results_offer_no_hint(check: ModuleType, answer: object) -> None:
    """Nobody needs one who is right, or has not begun."""
    assert "hint" not in repr(check.ex1(answer))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AIMessage", "an AIMessage"),
        ("HumanMessage", "a HumanMessage"),
        ("async_generator", "an async_generator"),
        ("HTTPError", "an HTTPError"),
        ("UUID", "a UUID"),
        ("_Open", "an _Open"),
        ("User", "a User"),
        ("str", "a str"),
    ],
)
def test_kind_of_a_value_has_the_article_that_is_spoken(name: str, expected: str) -> None:
    """The article follows the sound of the class's name."""
    value = type(name, (), {"__repr__": lambda self: "value"})()
    assert kind(value) == f"value ({expected})"


@pytest.mark.parametrize("word", ["autograde", "validate"])
def test_nbgrader_contract(
    check: ModuleType, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Nothing for all points, a share for some, an error for none."""
    monkeypatch.setenv("NBGRADER_EXECUTION", word)
    assert check.ex1(right) is None
    assert "Correct" in capsys.readouterr().out
    assert check.ex1(partly) == 0.5
    for answer in (wrong, raises, ..., stub):
        with pytest.raises(AssertionError, match=r"Not yet|raised|Not attempted"):
            check.ex1(answer)


def test_other_values_of_the_variable_change_nothing(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only nbgrader's own two words switch."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "")
    assert check.ex1(wrong).status == "failed"


def test_sentence_that_many_parts_repeat_is_said_once(check: ModuleType) -> None:
    """Three parts with the same fault: one sentence, and how many more."""

    @exercise(hints=HINTS)
    def many(answer):
        for number, city in enumerate(("Rome", "Oslo", "Bonn", "Bern")):
            with part(f"to {city}"):
                if not answer(number):
                    raise AssertionError(f"To {city!r} it took [{number}]; expected T-{number}.")
        with part("another fault"):
            raise AssertionError("Nobody was asked.")

    result = many(lambda number: number == 3)
    assert result.message == (
        "1 of 5.\nTo 'Rome' it took [0]; expected T-0. (And 2 more parts like this one.)\n"
        "Nobody was asked."
    )
    said = {each.title: each.message for each in result.parts}
    assert said["to Oslo"] == said["to Bonn"] == "the same as in “to Rome”."
    assert "✗ to Oslo: the same as in “to Rome”." in repr(result)
