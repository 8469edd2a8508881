"""What checks share: clocks that are moved, answers made afresh, words that claim or admit."""

from __future__ import annotations

import datetime
import linecache
import threading
import time

import pytest
from langchain.agents.middleware import AgentMiddleware
from langgraph.errors import GraphRecursionError
from openai import OpenAIError

from exercises import loop_prevention
from exercises.core.attribution import attribute
from exercises.core.clock import movable_clock, skip_waits
from exercises.core.descriptions import contrast, short
from exercises.core.exercise import trying
from exercises.core.reference import run_cell
from exercises.core.restart import restarted
from exercises.core.waiting import wait_until
from exercises.loop_prevention.loops import Run
from exercises.multi_agent.sentences import admits_ignorance, claims_success


def test_calls_of_the_whole_thread_are_explained_once_and_as_what_they_are() -> None:
    """A reminder is given where what was seen is what it speaks of."""

    def whole_thread(messages):
        return [call for m in messages for call in getattr(m, "tool_calls", [])]

    def only_the_first(messages):
        asked = max(n for n, m in enumerate(messages) if m.type == "human")
        return whole_thread(messages[asked:])[:1]

    told = loop_prevention.ex2(whole_thread).message
    assert "the 5 calls of the whole thread" in told and told.count("whole thread") == 1
    assert "Remember" not in told
    nothing = loop_prevention.ex2(lambda messages: []).message
    assert "It lists 0 calls; expected 2." in nothing and "id" not in nothing
    assert "another turn" not in nothing
    one = loop_prevention.ex2(only_the_first).message
    assert "one message may hold many calls" in one and "a call may come with words" in one


def test_error_in_a_sentence_is_quoted_and_not_cut_at_its_end() -> None:
    """What follows it belongs to the sentence, not to the error."""
    words = "Incorrect API key provided. You can find your API key at https://example.org/keys."
    ending = Run(1, OpenAIError(words * 2), []).ending
    assert ending.startswith("raised OpenAIError: 'Incorrect") and ending.endswith("/keys.'")


def test_a_hook_that_never_jumps_is_not_told_to_say_so() -> None:
    class Silent(AgentMiddleware):
        def before_model(self, state, runtime):
            return None

    class Jumping(AgentMiddleware):
        def before_model(self, state, runtime):
            return {"jump_to": "end", "messages": []}

    told = {}
    for budget in (Silent, Jumping):
        with pytest.raises(AssertionError) as raised:
            loop_prevention._in_words(Run(9, GraphRecursionError(), []), "5 tokens", budget)
        told[budget] = "may jump" in str(raised.value)
    assert told == {Silent: False, Jumping: True}


def test_moved_clock_is_ahead_in_every_module_and_comes_back() -> None:
    """Seconds since a start, nanoseconds and the calendar move together, and only inside."""
    real = time.monotonic, datetime.datetime
    start, start_ns, today = time.monotonic(), time.time_ns(), datetime.datetime.now()
    with movable_clock(lambda: None) as move:
        move(86_400.0)
        assert 86_400 <= time.monotonic() - start < 86_460
        assert 86_400 <= (time.time_ns() - start_ns) / 1e9 < 86_460
        assert datetime.datetime.now().date() > today.date()
    assert (time.monotonic, datetime.datetime) == real


def test_standing_clock_moves_only_when_it_is_moved() -> None:
    """All clocks say the same until somebody moves them, however long that takes."""
    with movable_clock(lambda: None, stands=True) as move:
        start = time.monotonic(), time.time_ns(), datetime.datetime.now()
        assert (time.monotonic(), time.time_ns(), datetime.datetime.now()) == start
        move(0.5)
        assert time.monotonic() - start[0] == pytest.approx(0.5)
        assert time.time_ns() - start[1] == 500_000_000
        assert datetime.datetime.now() - start[2] == datetime.timedelta(seconds=0.5)


def test_skipped_waits_move_the_clock_and_take_no_time() -> None:
    """An hour of `time.sleep` is over at once, and the clocks say that it has passed."""
    real = time.perf_counter()
    with skip_waits(lambda: None) as slept:
        start = time.monotonic()
        time.sleep(3000)
        assert time.monotonic() - start == pytest.approx(3000) and slept == [3000.0]
    assert time.perf_counter() - real < 60


def test_skipped_waits_know_a_new_thread_by_the_number_of_an_old_one() -> None:
    """Who was there before sleeps for itself; who takes the number of one that has ended does not.

    The system gives such a number again at once, as a rule.
    """
    end = threading.Event()
    old = threading.Thread(target=end.wait)
    old.start()
    with skip_waits(lambda: None) as slept:
        end.set()
        old.join()
        new = threading.Thread(target=lambda: time.sleep(0.01))
        new.start()
        new.join()
    assert slept == [0.01]


def test_skipped_waits_begin_an_hour_after_the_last_ones() -> None:
    """A time that was kept, from before or from the last use, is an hour old, on each clock."""
    kept = time.monotonic(), time.time_ns(), datetime.datetime.now()
    for _ in range(2):
        with skip_waits(lambda: None):
            now = time.monotonic(), time.time_ns(), datetime.datetime.now()
        assert now[0] - kept[0] >= 3600
        assert now[1] - kept[1] >= 3600 * 10**9
        assert now[2] - kept[2] >= datetime.timedelta(hours=1)
        kept = now


def test_stall_of_the_machine_is_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes true at the fourth look is seen, were each look longer than the whole wait."""
    sleep, looks = time.sleep, []
    monkeypatch.setattr(time, "sleep", lambda _: sleep(0.1))

    def is_so() -> bool:
        looks.append(1)
        return len(looks) > 3

    assert wait_until(is_so, 0.05)
    assert not wait_until(lambda: False, 0.02)


def test_restarted_answer_has_forgotten() -> None:
    """A counter begins again, and the answer that was given goes on counting."""
    space: dict = {}
    cell = "count = []\ndef answer():\n    count.append(1)\n    return len(count)\n"
    run_cell(cell, "<ipython-input-restart>", space)
    assert (space["answer"](), space["answer"]()) == (1, 2)
    assert restarted({"answer": space["answer"]})["answer"]() == 1
    assert space["answer"]() == 3
    linecache.cache.pop("<ipython-input-restart>")


def test_restart_that_is_not_possible_is_none() -> None:
    """A cell that needs more than itself cannot be made afresh."""
    space = {"given": 1}
    run_cell("def answer():\n    return given\ndel given\n", "<ipython-input-once>", space)
    assert restarted({"answer": space["answer"]}) is None
    linecache.cache.pop("<ipython-input-once>")


def test_error_is_reported_with_what_was_tried() -> None:
    """The sentence for the student names the question that the error came of."""
    space: dict = {}
    run_cell("def answer(q):\n    return [][0]\n", "<ipython-input-tried>", space)
    with pytest.raises(IndexError) as caught, trying("the question 'Hello!'"):
        space["answer"]("Hello!")
    status, sentence = attribute(caught.value, (space["answer"],), compile("", "check", "exec"))
    assert status == "raised" and sentence.endswith("Tried: the question 'Hello!'.")


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("Done.", True),
        ("The parcel was found.", True),
        ("track_parcel was carried out by the front desk.", True),
        ("The front desk has taken care of this one, no need to repeat it.", True),
        ("This has been handled.", True),
        ("Carried out at the front desk.", True),
        ("The call of track_parcel went through before the handover.", True),
        ("Completed before the customer was transferred.", True),
        ("The front desk has already run track_parcel for you.", True),
        ("Settled, see above.", True),
        ("Already processed by the front desk.", True),
        ("Handled by the front desk.", True),
        ("Taken care of at the front desk; do not call it again.", True),
        ("The front desk has seen to it.", True),
        ("track_parcel: dealt with", True),
        ("All sorted, no need to call it again.", True),
        ("This is settled; don't repeat it.", True),
        ("It is in hand already.", True),
        ("This call ran at the front desk; its result stays there. Do not call it again.", True),
        ("It has run.", True),
        ("It did run, before the customer was transferred.", True),
        ("The parcel was tracked.", True),
        ("Tracked by the front desk.", True),
        ("The front desk carried this out.", True),
        ("We looked it up.", True),
        ("It probably ran.", False),
        ("It seems to have run.", False),
        ("Assume that it has run.", False),
        ("Run this call afresh.", False),
        ("It ran into the handover.", False),
        ("The customer left while it ran.", False),
        ("This parcel has to be tracked.", False),
        ("Unclear whether this call was carried out.", False),
        ("This is handled by the refunds desk now. No need to wait.", False),
        ("It may have run. Look before you call it again.", False),
        ("Rejected by a colleague. Reason: none given", False),
        ("This was not done.", False),
        ("Nothing was paid.", False),
        ("Successfully transferred to the refunds desk.", False),
        ("It could have been paid before the transfer.", False),
        ("This has to be carried out by the refunds desk.", False),
        ("Handled by the refunds desk from here on.", False),
        ("It may be done already, or not. Do not call it again.", False),
        ("Carried out, or still open: do not call it before you have looked.", False),
        ("It is not known whether this was processed; do not run it again blindly.", False),
        ("This will be handled later.", False),
        ("Check that it was done, or ask the front desk what was done.", False),
    ],
)
def test_claims_of_success_are_told_from_doubts(text: str, claims: bool) -> None:
    """Whoever says that a call has worked claims it, unless he takes it back."""
    assert claims_success(text) is claims


@pytest.mark.parametrize(
    ("note", "admits"),
    [
        ("The order could not be looked up; we cannot say yet.", True),
        ("Status unavailable.", True),
        ("We do not know.", True),
        ("The order arrives on Friday.", False),
    ],
)
def test_note_that_admits_ignorance_is_told_from_a_result(note: str, admits: bool) -> None:
    """A sentence that says something is not known has a word for it."""
    assert admits_ignorance(note) is admits


def test_contrast_shows_where_long_values_differ() -> None:
    """What `short` would cut out of both is what a reader needs."""
    was = {"name": "pack", "args": {"box": {"to": "Rome" * 9}}, "id": "call_0", "type": "tool_call"}
    now = {key: value for key, value in was.items() if key != "id"}
    assert short(now) == short(was)
    found = contrast(now, was)
    assert "'id': 'call_0'" in found[1] and "'id'" not in found[0]
    assert max(map(len, found)) < 100
    assert contrast(["a" * 90], ["a" * 90, "b"])[1].endswith("'b']")
    assert contrast(3, "3") == ("3", "'3'")
