"""The page in a real Chromium: chat, approve, reject, reload, two tabs, keyboard, axe."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Error, Locator, Page, Route, expect

from tests.production_agent.service_process import Service, change, events_of

REFUND = "Please refund 480 euros for order T-7."

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def desk(start: Callable, served, tmp_path_factory) -> Service:
    """A service whose users need no token."""
    served.reset()
    # A browser on a busy machine takes longer than the usual second to reload a page.
    path = tmp_path_factory.mktemp("page") / "agent.sqlite"
    return start(str(path), TOKENS="", REJOIN_SECONDS=60)


@pytest_asyncio.fixture
async def page(chromium: BrowserContext, desk: Service) -> AsyncIterator[Page]:
    """A new tab; in the end nothing was wrong with the page."""
    desk.forget_effects()
    one = await chromium.new_page()
    problems = []
    one.on("pageerror", lambda error: problems.append(str(error)))
    one.on(
        "console",
        lambda said: (
            problems.append(said.text)
            if said.type == "error" and not re.search("401|409|503|ERR_FAILED", said.text)
            else None
        ),
    )
    await one.goto(desk.url)
    # What is drawn first would take away what a test puts there.
    await expect(one.get_by_role("status")).to_have_text("A new thread.")
    yield one
    await one.close()
    assert not problems


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def test_chat_streams_in_and_stays(page: Page, model) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant")).to_contain_text("one one")
    await expect(page.get_by_role("status")).to_have_text("Working…")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    model.reset()
    await say(page, "Where is parcel P-3?")
    await expect(page.locator("#messages .assistant").last).to_contain_text("with a neighbour.")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await page.reload()
    await expect(page.locator("#messages .assistant").last).to_contain_text("with a neighbour.")


@pytest.mark.parametrize("answer", ["/threads", "/threads/*"])
async def test_a_slow_answer_does_not_wipe_out_the_turn_that_runs(
    page: Page, model, answer: str
) -> None:
    await say(page, "Where is parcel P-3?")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    held, asked, go = [], asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "GET" and not held:
            held.append(route)
            asked.set()
            await go.wait()
        await route.continue_()

    await page.route(f"**{answer}", hold)
    await page.reload()
    await asked.wait()
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    words = page.locator("#messages .assistant").last
    await expect(words).to_contain_text("one one")
    async with page.expect_response(lambda one: one.request == held[0].request):
        go.set()
    said = (await words.text_content()).count("one")
    await expect(words).to_contain_text("one " * (said + 50))
    await expect(page.get_by_role("status")).to_have_text("Working…")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    await page.unroute_all()


async def test_approve_then_the_second_then_reject(page: Page, desk: Service, model) -> None:
    model.when("three times").calls("refund", order="T-7", amount=5).calls(
        "refund", order="T-8", amount=6
    ).calls("refund", order="T-9", amount=7)
    before = len(desk.effects())
    await say(page, "Refund three times.")
    await expect(page.locator("fieldset dd")).to_have_text(["5", '"T-7"'])
    await page.reload()  # while it waits
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator("fieldset dd")).to_have_text(["6", '"T-8"'])
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("4")
    await page.get_by_role("button", name="Confirm edit").click()
    await expect(page.locator("fieldset dd")).to_have_text(["7", '"T-9"'])
    # The keyboard alone: the card has the focus, its first button is Reject.
    await expect(page.get_by_role("heading", name="Needs a decision")).to_be_focused()
    await page.get_by_role("button", name="Reject").click(trial=True)  # once it may be pressed
    for key in ("Tab", "Enter"):
        await page.keyboard.press(key)
    await page.keyboard.type("<b>Not ours</b>")
    await page.get_by_role("button", name="Confirm rejection").click(trial=True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    rejected = "✗ refund: A person rejected this call. <b>Not ours</b>"
    await expect(page.get_by_text(rejected, exact=True)).to_be_visible()
    assert [one["amount"] for one in desk.effects()[before:]] == [5, 4]


async def test_of_two_calls_each_is_decided(page: Page, desk: Service, model) -> None:
    before = len(desk.effects())
    await say(page, "Refund order T-7 (480 euros) and refund order T-8 (20 euros).")
    first, second = (page.get_by_role("group", name=one) for one in ('"T-7"', '"T-8"'))
    await second.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Chosen: approve. It is sent once")).to_be_visible()
    assert len(desk.effects()) == before
    await first.get_by_role("button", name="Reject").click()
    await page.get_by_role("button", name="Confirm rejection").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert desk.effects()[before:] == [{"order": "T-8", "amount": 20}]


async def test_two_tabs_decide_once(
    page: Page, chromium: BrowserContext, desk: Service, model
) -> None:
    before = len(desk.effects())
    await say(page, REFUND)
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    other = await chromium.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("button", name="Approve")).to_be_visible()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await other.get_by_role("button", name="Approve").click()
    await expect(other.get_by_role("alert")).to_contain_text("It is decided.")
    await expect(other.get_by_role("status")).to_have_text("Done.")
    await expect(other.get_by_role("button", name="Approve")).to_have_count(0)
    await other.close()
    assert len(desk.effects()) == before + 1


async def test_what_was_done_is_said_and_that_a_person_looks(page: Page, model, tmp_path) -> None:
    await say(page, REFUND)
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    model.fail("bad_key", times=None)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_have_text("A person has to look at this.")
    await expect(page.get_by_role("alert")).to_contain_text("Refunded 480 euros for order T-7.")
    await expect(page.get_by_role("alert")).to_contain_text("do not ask for it again")
    await page.screenshot(path=tmp_path / "needs_person.png", full_page=True)
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("Refunded 480 euros for order T-7.")


async def test_an_answer_that_was_cut_off_is_marked(page: Page, model, tmp_path) -> None:
    model.fail("length")
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("The answer is not whole.")
    await expect(page.get_by_text("(cut off here)")).to_be_visible()
    await page.screenshot(path=tmp_path / "cut_off.png", full_page=True)


async def test_a_reload_rejoins_the_turn_that_runs(page: Page, desk: Service, model) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant")).to_contain_text("one one")
    await page.reload()
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await expect(page.locator("#messages .assistant")).to_contain_text("one one")
    assert len(desk.log("run_rejoined")) == 1 and len(model.requests) == 1
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_a_reload_between_two_steps_shows_each_word_once(page: Page, model) -> None:
    model.when("speak").calls("order_status", order="T-7").says("I look.").then_says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    words = page.locator("#messages .assistant")
    await expect(words).to_contain_text(["I look.", "one one"])
    await page.reload()
    await expect(words.last).to_contain_text("one one")
    await expect(words).to_contain_text(["I look.", "one one"])
    await expect(page.locator("#messages .tool")).to_have_count(1)
    await expect(page.locator("#messages .user")).to_have_text(["Speak!"])
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_a_decision_has_no_stop_also_after_a_reload(page: Page, desk: Service, model) -> None:
    model.when("speak").calls("refund", order="T-7", amount=5).then_says("one " * 1000)
    await say(page, "Speak!")
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    rejoined, stop = len(desk.log("run_rejoined")), page.locator("#stop")
    model.pace(per_token=0.05)
    await page.get_by_role("button", name="Approve").click()
    words = page.locator("#messages .assistant").last
    await expect(words).to_contain_text("one one")
    assert await stop.is_hidden()
    await page.reload()
    await expect(words).to_contain_text("one one")
    await expect(page.get_by_role("status")).to_have_text("Working…")
    assert await stop.is_hidden()
    assert len(desk.log("run_rejoined")) == rejoined + 1
    model.pace()
    await expect(page.get_by_role("status")).to_have_text("Done.")


async def hold(
    page: Page, path: str | re.Pattern, times: int | None = None
) -> tuple[asyncio.Queue, asyncio.Event]:
    """Let requests to a path wait for the event; the queue gives each one that has come."""
    asked, go = asyncio.Queue(), asyncio.Event()

    async def wait(route: Route) -> None:
        asked.put_nowait(route.request)
        await go.wait()
        with suppress(Error):  # the page has given it up
            await route.continue_()

    await page.route(path, wait, times=times)
    return asked, go


async def fail_once(page: Page, path: str, how: str = "503") -> asyncio.Event:
    """Let the next request to a path fail, once the event is set."""
    go = asyncio.Event()

    async def fail(route: Route) -> None:
        await go.wait()
        if how == "503":
            await route.fulfill(status=503, json={"message": "The service is restarting."})
        else:
            await route.abort()

    await page.route(path, fail, times=1)
    return go


async def show_what_runs_elsewhere(page: Page, desk: Service) -> str:
    """Open a thread whose turn is another process's; the page's timers are held."""
    with desk.client() as developer:
        thread = developer.post("/threads", json={"title": "Elsewhere"}).json()["id"]
    change(
        desk.database,
        "insert into runs (id, thread, owner, kind, started, lease) "
        f"values ('{thread}', '{thread}', 'developer', 'message', 1, 1e12)",
    )
    await page.reload()
    button = page.locator("#threads button", has_text="Elsewhere").first
    await expect(button).to_be_visible()
    await hold_timers(page)
    async with page.expect_response("**/events"):
        await button.click()
    await timer_is_set(page)
    return thread


async def hold_timers(page: Page) -> None:
    """Let the page's timers wait for `run_timers`, but not the ticks of its cards."""
    await page.evaluate(
        """window.timers = []; window.told = () => {}; window.tick = setTimeout;
        window.setTimeout = (work, pause, ...more) => {
          if (pause < 500) return tick(work, pause, ...more);
          timers.push(work); told(); }; 0"""
    )


async def timer_is_set(page: Page) -> None:
    """Wait until one of the timers that are held is set."""
    await page.evaluate("new Promise(done => { timers.length ? done() : window.told = done; })")


async def run_timers(page: Page) -> None:
    """Run the page's timers that are set, and wait for what they load."""
    async with page.expect_response("**/threads"):
        await page.evaluate("timers.splice(0).forEach(work => work())")


async def test_a_thread_that_is_opened_twice_shows_each_word_once(page: Page, model) -> None:
    model.when("speak").says(" ".join(map(str, range(5000))))
    model.pace(per_token=0.02)
    await say(page, "Where is parcel P-3?")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await say(page, "Speak!")
    words = page.locator("#messages .assistant", has_text="0 1 2")
    await expect(words).to_be_visible()
    asked, go = await hold(page, "**/events")
    for _ in range(2):
        await page.locator("#threads button").first.click()
        await asked.get()
    go.set()
    await expect(words.last).to_contain_text(" 60 ")
    await expect(words).to_have_count(1)
    said = (await words.text_content()).split()
    assert said[:60] == [str(one) for one in range(60)]
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    await page.unroute_all()


async def test_words_of_another_thread_are_not_shown(page: Page, model) -> None:
    for name in ("first", "second"):
        model.when(f"speak {name}").says(f"{name} " * 5000)
        model.pace(per_token=0.02)
        await say(page, f"Speak {name}!")
        await expect(page.locator("#messages .assistant")).to_contain_text(f"{name} {name}")
        await page.get_by_role("button", name="New thread", exact=True).click()
    first, second = (
        page.locator("#threads button", has_text=f"Speak {one}!") for one in ("first", "second")
    )
    asked, go = await hold(page, "**/events")
    await first.click()
    await asked.get()
    await second.click()
    await asked.get()
    go.set()
    words = page.locator("#messages .assistant")
    await expect(words.last).to_contain_text("second " * 50)
    await expect(page.locator("#messages")).not_to_contain_text("first")
    await expect(words).to_have_count(1)
    await page.unroute_all()
    for thread in (second, first):
        await thread.click()
        await expect(words).to_have_count(1)
        await page.get_by_role("button", name="Stop", exact=True).click()
        await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_a_turn_is_stopped_once_it_has_begun_and_once(
    page: Page, model, tmp_path: Path
) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    asked, go = await hold(page, "**/messages")
    await say(page, "Speak!")
    await asked.get()
    stop = page.get_by_role("button", name="Stop", exact=True)
    await expect(stop).to_be_hidden()
    go.set()
    await expect(stop).to_be_visible()
    stops, go = await hold(page, "**/cancel")
    await stop.evaluate("stop => { for (let i = 0; i < 4; i++) stop.click(); }")
    await stops.get()
    await expect(stop).to_be_disabled()
    await page.screenshot(path=tmp_path / "stopping.png", full_page=True)
    go.set()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    await expect(page.get_by_role("alert")).to_contain_text("This turn was stopped before")
    assert stops.empty()
    await page.unroute_all()


async def test_that_a_turn_runs_is_told_until_its_end(
    page: Page, chromium: BrowserContext, model
) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Where is parcel P-3?")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    other = await chromium.new_page()
    await other.goto(page.url)
    await expect(other.get_by_role("status")).to_have_text("Done.")
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant").last).to_contain_text("one one")
    await say(other, "Hello!")
    await expect(other.get_by_role("alert")).to_contain_text("A turn is running on this thread.")
    await expect(other.get_by_label("Message", exact=True)).to_have_value("Hello!")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(other.get_by_role("status")).to_have_text("The last turn was stopped.")
    await expect(other.get_by_role("alert")).to_contain_text("This turn was stopped before")
    await other.close()


async def test_a_turn_of_another_process_is_looked_at_once_a_second_and_only_while_it_is_shown(
    page: Page, desk: Service, model, tmp_path: Path
) -> None:
    await say(page, REFUND)
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    thread = await show_what_runs_elsewhere(page, desk)
    asks = []
    page.on("request", lambda one: asks.append(one) if one.url.endswith("/threads") else None)
    for _ in range(2):
        async with page.expect_response("**/events"):
            await page.locator("#threads button", has_text="Elsewhere").first.click()
    await timer_is_set(page)
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    await page.screenshot(path=tmp_path / "elsewhere.png", full_page=True)
    asks.clear()
    change(desk.database, f"update runs set kind = 'decision' where id = '{thread}'")
    async with page.expect_response("**/events"):
        await run_timers(page)
    assert len(asks) == 1
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    # What is typed on another thread's card stays.
    await page.locator("#threads button", has_text=REFUND).first.click()
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("4")
    asks.clear()
    await page.evaluate("timers.splice(0).forEach(work => work())")
    assert not asks
    await expect(page.get_by_label("amount", exact=True)).to_have_value("4")
    async with page.expect_response("**/events"):
        await page.locator("#threads button", has_text="Elsewhere").first.click()
    await timer_is_set(page)
    await page.get_by_role("button", name="New thread", exact=True).click()
    await page.evaluate("timers.splice(0).forEach(work => work())")
    await expect(page.get_by_role("status")).to_have_text("A new thread.")
    assert "null" not in page.url
    change(desk.database, f"delete from runs where id = '{thread}'")


@pytest.mark.parametrize("how", ["503", "no connection"])
async def test_a_look_that_fails_looks_again(page: Page, desk: Service, how: str) -> None:
    thread = await show_what_runs_elsewhere(page, desk)
    (await fail_once(page, f"**/threads/{thread}", how)).set()
    await run_timers(page)
    await expect(page.get_by_role("alert")).to_contain_text("The service")
    change(desk.database, f"delete from runs where id = '{thread}'")
    await timer_is_set(page)
    await run_timers(page)
    await expect(page.get_by_role("status")).to_have_text("A new thread.")
    await expect(page.get_by_role("alert")).to_have_text("")


async def test_a_new_turn_may_be_stopped_and_the_list_keeps_the_keyboard(
    page: Page, desk: Service
) -> None:
    thread = await show_what_runs_elsewhere(page, desk)
    stop = page.get_by_role("button", name="Stop", exact=True)
    async with page.expect_response("**/cancel"):
        await stop.click()
    await expect(stop).to_be_disabled()
    await page.locator("#threads button").first.focus()
    change(desk.database, f"update threads set title = 'Next' where id = '{thread}'")
    await run_timers(page)
    await expect(page.locator("#threads button").first).to_contain_text("Next")
    await expect(stop).to_be_enabled()
    await expect(page.locator("#threads button").first).to_be_focused()
    change(desk.database, f"delete from runs where id = '{thread}'")


async def test_a_look_takes_no_press_from_the_list(page: Page, desk: Service, model) -> None:
    await say(page, "Where is parcel P-3?")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    thread = await show_what_runs_elsewhere(page, desk)
    await page.locator("#threads button", has_text="Where is parcel P-3?").first.hover()
    await page.mouse.down()
    async with page.expect_response("**/events"):
        await run_timers(page)
    await page.mouse.up()
    await expect(page.locator("#messages .user")).to_have_text(["Where is parcel P-3?"])
    change(desk.database, f"delete from runs where id = '{thread}'")


async def test_who_types_while_a_card_appears_decides_nothing(page: Page, desk: Service) -> None:
    await say(page, REFUND)
    approve = page.get_by_role("button", name="Approve")
    await expect(approve).to_be_visible()
    await page.keyboard.type("and soon, please")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("and soon, please")
    await expect(approve).to_be_enabled()
    assert not desk.effects()


async def test_what_is_typed_in_an_open_edit_is_not_left_out(page: Page, desk: Service) -> None:
    await say(page, REFUND)
    approve = page.get_by_role("button", name="Approve")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("4")
    await expect(approve).to_be_disabled()
    for other in ("Edit", "Reject", "Reject"):  # which closes it
        await page.get_by_role("button", name=other, exact=True).click()
        await expect(page.get_by_label("amount", exact=True)).to_be_hidden()
        await expect(approve).to_be_disabled()
    await expect(page.get_by_text("under Edit is not confirmed.")).to_be_visible()
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("480")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await expect(page.get_by_text("under Edit is not confirmed.")).to_be_hidden()
    await approve.click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert desk.effects() == [{"order": "T-7", "amount": 480}]


@pytest.mark.parametrize("how", ["held", "clicked twice"])
async def test_what_opens_an_edit_does_not_send_it(page: Page, desk: Service, how: str) -> None:
    await say(page, REFUND)
    edit = page.get_by_role("button", name="Edit", exact=True)
    await edit.click(trial=True)  # once it may be pressed
    if how == "held":
        await edit.focus()
        await page.keyboard.down("Enter")
        await page.get_by_role("button", name="Confirm edit").click(trial=True)
        await page.get_by_label("amount", exact=True).fill("4")
        await page.keyboard.down("Enter")  # as a keyboard repeats it
        await page.keyboard.up("Enter")
        await page.get_by_label("amount", exact=True).fill("480")
    else:  # in a low window the second click of two meets the form's own button
        twice = """button => { button.click();
            button.parentElement.querySelector("form button").click(); }"""
        await edit.evaluate(twice)
    await page.get_by_role("button", name="Confirm edit").click()
    await expect(page.get_by_text("Nothing is edited.")).to_be_visible()
    await edit.click()  # still there to be pressed: it closes the form
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert desk.effects() == [{"order": "T-7", "amount": 480}]


@pytest.mark.parametrize("first", ["Reject", "Edit"])
async def test_a_second_press_counts_only_where_a_busy_page_has_shown_the_form(
    page: Page, first: str
) -> None:
    await say(page, REFUND)
    button = page.get_by_role("button", name=first, exact=True)
    if first == "Edit":
        await button.click()
        await page.get_by_label("amount", exact=True).fill("4")
        await button.click()
    await button.click(trial=True)  # once it may be pressed
    await button.focus()
    await page.evaluate(  # busy from when the form opens until after the second press
        """document.addEventListener("click", () => {
          const end = performance.now() + 900;
          while (performance.now() < end); }, {once: true}); 0"""
    )
    keys = await page.context.new_cdp_session(page)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    press = [{"type": "keyDown", "text": "\r"} | enter, {"type": "keyUp"} | enter]
    await asyncio.gather(*(keys.send("Input.dispatchKeyEvent", one) for one in press * 2))
    # Nothing is sent, which would have disabled it.
    await expect(page.get_by_role("button", name="Confirm")).to_be_enabled()


async def test_a_second_click_that_comes_upon_approve_is_none(page: Page, desk: Service) -> None:
    await say(page, REFUND)
    reject = page.get_by_role("button", name="Reject")
    await reject.click(trial=True)  # once it may be pressed
    await reject.evaluate("one => { one.click(); one.nextElementSibling.click(); }")
    await expect(page.get_by_label("Reason")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    await page.get_by_role("button", name="Confirm rejection").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert not desk.effects()


@pytest.mark.parametrize("clock", ["0", "1e12"])
async def test_presses_count_whatever_their_clock_says(
    page: Page, desk: Service, clock: str
) -> None:
    await page.evaluate(
        f"Object.defineProperty(Event.prototype, 'timeStamp', {{get: () => {clock}}}); 0"
    )
    await say(page, REFUND)
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("4", timeout=5_000)
    await page.get_by_role("button", name="Confirm edit").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert desk.effects() == [{"order": "T-7", "amount": 4}]


async def test_the_page_stays_where_it_is_when_a_form_opens(page: Page) -> None:
    await say(page, REFUND)
    await page.set_viewport_size({"width": 800, "height": 300})
    reject = page.get_by_role("button", name="Reject", exact=True)
    await reject.click(trial=True)  # once it may be pressed
    await reject.evaluate("one => one.scrollIntoView({block: 'end'})")
    before = await reject.bounding_box()
    await reject.click()
    await expect(page.get_by_label("Reason")).to_be_focused()
    assert await reject.bounding_box() == before


async def test_what_has_no_arguments_has_nothing_to_edit(page: Page) -> None:
    await page.evaluate(
        """document.getElementById("approvals").replaceChildren(card({id: "0", digest: "0", calls: [
        {id: "1", name: "close_shop", why: "All wait.", args: {}}]}))"""
    )
    await page.get_by_role("button", name="Edit", exact=True).click()
    await expect(page.get_by_text("Nothing to edit.")).to_be_visible()
    await expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    await expect(page.get_by_role("button", name="Approve")).to_be_enabled()


async def test_who_tabs_for_stop_while_a_card_appears_decides_nothing(page: Page) -> None:
    await page.get_by_label("Message", exact=True).fill(REFUND)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".card button").first).to_have_text("Reject")
    await expect(page.get_by_role("heading", name="Needs a decision")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator(".card :focus")).to_have_text("Reject")
    await page.locator("#text").focus()  # and who goes back from the field
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator(".card :focus")).to_have_text("Edit")


async def test_the_end_of_a_turn_disturbs_nobody_at_another_thread(page: Page, model) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, REFUND)
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await page.get_by_role("button", name="New thread", exact=True).click()
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant")).to_contain_text("one one")
    asked, go = await hold(page, "**/threads", times=1)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await asked.get()
    await page.locator("#threads button", has_text=REFUND).first.click()
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("amount", exact=True).fill("4")
    await page.evaluate("document.getElementById('threads').replaceChildren()")
    go.set()
    await expect(page.locator("#threads button").first).to_be_visible()
    await expect(page.get_by_label("amount", exact=True)).to_be_focused()
    await page.unroute_all()


async def test_a_press_meant_for_what_was_there_before_a_card_decides_nothing(
    page: Page, desk: Service
) -> None:
    await page.evaluate("window.setTimeout = () => 0; 0")  # a card stays as new as it is
    await say(page, REFUND)
    approve = page.get_by_role("button", name="Approve")
    await expect(approve).to_be_visible()
    await approve.click(force=True)
    await approve.press("Enter")
    await approve.evaluate("one => one.click()")
    await page.get_by_role("button", name="Reject").press("Enter")
    await expect(page.get_by_label("Reason")).to_be_hidden()
    await expect(approve).to_be_enabled()
    await page.reload()
    await approve.click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert len(desk.effects()) == 1


async def two_threads(page: Page) -> tuple[Locator, Locator]:
    """Begin two threads; return the buttons of the other one and of the one that is shown."""
    for text in ("Hello!", "Where is parcel P-3?"):
        await page.get_by_role("button", name="New thread", exact=True).click()
        await say(page, text)
        await expect(page.get_by_role("status")).to_have_text("Done.")
    here, there = (page.locator("#threads button").nth(number) for number in (0, 1))
    await expect(there).to_contain_text("Hello!")
    return there, here


async def test_a_decision_is_sent_whatever_is_shown_meanwhile(
    page: Page, desk: Service, model
) -> None:
    there, here = await two_threads(page)
    await say(page, REFUND)
    asked, go = await hold(page, "**/approvals/*")
    await page.get_by_role("button", name="Approve").click()
    await asked.get()
    await there.click()
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])
    # Who comes back meanwhile finds no card: a second decision would come too late.
    asks, thread = [], await here.get_attribute("id")
    page.on("request", lambda one: asks.append(one) if one.url.endswith(thread) else None)
    await here.click()
    await expect(page.get_by_role("status")).to_have_text("Working…")
    await there.click()
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])
    assert not asks and not desk.effects()
    async with page.expect_response("**/approvals/*"):
        go.set()
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    await expect(page.get_by_role("status")).to_have_text("Done.")  # of the thread that is shown
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])
    await here.click()
    await expect(page.locator("#messages .user").last).to_have_text(REFUND)
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert len(desk.effects()) == 1
    await page.unroute_all()


async def test_a_decision_that_failed_meanwhile_is_told_and_can_be_taken_again(
    page: Page, desk: Service, model
) -> None:
    there, here = await two_threads(page)
    await say(page, REFUND)
    go = await fail_once(page, "**/approvals/*", "no connection")
    async with page.expect_request("**/approvals/*"):
        await page.get_by_role("button", name="Approve").click()
    await there.click()
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])
    await here.click()
    await expect(page.get_by_role("status")).to_have_text("Working…")
    go.set()
    await expect(page.get_by_role("status")).to_have_text("Waiting for a decision.")
    await expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
    assert not desk.effects()
    await page.get_by_role("button", name="Reject").click()
    await page.get_by_role("button", name="Confirm rejection").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert not desk.effects()


async def test_of_the_thread_before_nothing_is_left_to_press(page: Page, model) -> None:
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    other = page.url.rpartition("=")[2]
    await page.get_by_role("button", name="New thread", exact=True).click()
    await say(page, REFUND)
    await expect(page.locator(".card")).to_be_visible()
    go = await fail_once(page, f"**/threads/{other}")
    async with page.expect_request(f"**/threads/{other}"):
        await page.locator("#threads button", has_text="Hello!").first.click()
    await expect(page.locator(".card, #messages li")).to_have_count(0)
    go.set()
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])
    await expect(page.locator(".card")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_text("")


async def test_back_and_a_new_address_show_what_they_name(page: Page, model) -> None:
    addresses = []
    for text in ("Hello!", "Where is parcel P-3?"):
        await page.get_by_role("button", name="New thread", exact=True).click()
        await say(page, text)
        await expect(page.get_by_role("status")).to_have_text("Done.")
        addresses.append(page.url)
    said = page.locator("#messages .user")
    await page.locator("#threads button", has_text="Hello!").first.click()
    await expect(said).to_have_text(["Hello!"])
    await page.go_back()
    await expect(said).to_have_text(["Where is parcel P-3?"])
    await page.goto(addresses[0])
    await expect(said).to_have_text(["Hello!"])
    await expect(page.locator("[aria-current]")).to_contain_text("Hello!")
    await say(page, "And again!")
    await expect(said).to_have_text(["Hello!", "And again!"])
    await expect(page.get_by_role("status")).to_have_text("Done.")


async def test_a_stream_that_is_cut_and_rejoined_is_no_problem(page: Page, model) -> None:
    await page.evaluate(
        """const asks = fetch;
        window.fetch = async (...all) => {
          const answer = await asks(...all);
          if (!all[0].endsWith("/messages")) return answer;
          const reader = answer.body.getReader();
          return new Response(new ReadableStream({
            start: it => { window.cut = () => it.error(new TypeError("network error")); },
            pull: async it => { it.enqueue((await reader.read()).value); }}));
        }; 0"""
    )
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    words = page.locator("#messages .assistant")
    await expect(words).to_contain_text("one one")
    async with page.expect_response("**/events"):
        await page.evaluate("cut()")
    await expect(words).to_contain_text("one one")
    await expect(page.get_by_role("alert")).to_have_text("")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_a_stream_that_ends_at_once_is_rejoined_after_a_pause(page: Page, model) -> None:
    joins = []

    async def end(route: Route) -> None:
        joins.append(route)
        if len(joins) < 9:
            await route.fulfill(status=200, content_type="text/event-stream", body="")
        else:
            await route.abort()

    await page.route("**/events", end)
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant").last).to_contain_text("one one")
    await hold_timers(page)
    await page.locator("#threads button").first.click()
    for number in (2, 3):  # the first time at once, for the turn is not to be left
        await timer_is_set(page)
        assert len(joins) == number
        await run_timers(page)
    await page.unroute_all()
    await page.reload()
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_a_card_shows_values_as_they_are(page: Page, model) -> None:
    await page.evaluate(
        """document.getElementById("approvals").replaceChildren(card({id: "0", digest: "0", calls: [
        {id: "1", name: "refund", why: "Money.", args: {order: "T-8, amount: 5\u202e", amount: 480,
        more: {nested: [1]}, text: "5\u3164\u115f\u034f\ufe0f\u2800\u00a0 0"}}]}))"""
    )
    shown = page.locator("fieldset dd")
    text = r'"5\u3164\u115f\u034f\ufe0f\u2800\u00a0 0"'
    await expect(shown).to_have_text(['"T-8, amount: 5\\u202e"', "480", '{"nested":[1]}', text])


@pytest.mark.parametrize(
    ("field", "typed", "sent"),
    [
        ("amount", " 300 ", {"amount": 300}),
        ("amount", "1.000", {"amount": "1.000"}),  # a thousand, or one? Not JSON's way to write it
        ("amount", "1e2", {"amount": "1e2"}),
        ("text", "three\nfour", {"text": "three\nfour"}),
    ],
)
async def test_an_edit_is_what_was_typed_and_changes_nothing_else(
    page: Page, field: str, typed: str, sent: dict
) -> None:
    await page.evaluate(
        """document.getElementById("approvals").replaceChildren(card({id: "0", digest: "0", calls: [
        {id: "1", name: "refund", why: "Money.", args: {amount: 100, text: "one\\r\\ntwo"}}]}))"""
    )
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label(field, exact=True).fill(typed)
    await page.route("**/approvals/0", lambda route: route.abort())
    async with page.expect_request("**/approvals/0") as asked:
        await page.get_by_role("button", name="Confirm edit").click()
    (decided,) = (await asked.value).post_data_json["decisions"]
    assert decided["args"] == {"amount": 100, "text": "one\r\ntwo"} | sent


async def test_a_thread_may_begin_with_any_letters(page: Page, model) -> None:
    await say(page, "a" * 59 + "\N{GRINNING FACE} and more")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(page.locator("#threads button").first).to_contain_text("\N{GRINNING FACE}")


async def test_what_is_typed_after_a_choice_takes_it_back(page: Page) -> None:
    await page.evaluate(
        """document.getElementById("approvals").replaceChildren(card({id: "0", digest: "0", calls: [
        {id: "1", name: "refund", why: "Money.", args: {amount: 100}},
        {id: "2", name: "refund", why: "Money.", args: {amount: 7}}]}))"""
    )
    first, second = (page.locator("fieldset").nth(number) for number in (0, 1))
    await first.get_by_role("button", name="Approve").click()
    await expect(first.locator(".note")).to_contain_text("Chosen: approve.")
    await first.get_by_role("button", name="Edit").click()
    await expect(first.locator(".note")).to_have_text("")
    await first.locator("input").first.fill("50")
    await first.get_by_role("button", name="Confirm edit").click()
    await expect(first.locator(".note")).to_contain_text('Chosen: edit {"amount":50}.')
    await first.locator("input").first.fill("5")
    await expect(first.locator(".note")).to_have_text("")
    await second.get_by_role("button", name="Approve").click()
    # Nothing was sent, which would have disabled all buttons.
    await expect(second.locator(".note")).to_contain_text("once the other calls are decided")
    await expect(second.get_by_role("button", name="Approve")).to_be_enabled()


async def test_a_refused_message_is_not_lost(page: Page, desk: Service, model) -> None:
    await say(page, REFUND)
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await page.evaluate("document.getElementById('go').disabled = false")
    await say(page, "A long letter.")
    await expect(page.get_by_role("alert")).to_contain_text("Decide what waits")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("A long letter.")
    await page.get_by_role("button", name="Reject").click()
    await page.get_by_role("button", name="Confirm rejection").click()
    await expect(page.get_by_role("status")).to_have_text("Done.")


@pytest.mark.parametrize("how", ["503", "no connection"])
async def test_a_message_that_nobody_took_is_not_lost_and_is_the_same_one_when_it_is_sent_again(
    page: Page, model, how: str
) -> None:
    keys = []

    async def fail(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 2:
            await route.continue_()
        elif how == "503":
            await route.fulfill(status=503, json={"message": "The service is restarting."})
        else:
            await route.abort()

    await page.route("**/messages", fail)
    await say(page, "A long letter.")
    await expect(page.get_by_role("alert")).to_contain_text("The service")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("A long letter.")
    await expect(page.locator("#messages li")).to_have_count(0)
    await page.get_by_label("Message", exact=True).press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(page.locator("#messages .user")).to_have_text(["A long letter."])
    assert keys == keys[:1] * 2
    await page.unroute_all()


@pytest.mark.parametrize("how", ["told", "sent again before it is told"])
async def test_a_message_is_a_new_one_where_it_was_stopped(
    page: Page, desk: Service, model, how: str
) -> None:
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    thread, keys = page.url.rpartition("=")[2], []

    def take_and_stop(key: str) -> None:
        path, more = f"/threads/{thread}", {"Idempotency-Key": key}
        message = {"json": {"text": "Speak!"}, "headers": more}
        with desk.client() as one, one.stream("POST", f"{path}/messages", **message) as answer:
            for event, _ in events_of(answer):
                if event == "token" and not keys[1:]:
                    keys.append(one.post(f"{path}/cancel").status_code)

    async def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            await asyncio.to_thread(take_and_stop, keys[0])
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/messages", lose)
    field = page.get_by_label("Message", exact=True)
    if how == "told":
        await say(page, "Speak!")
    else:
        _, go = await hold(page, "**/threads")
        await say(page, "Speak!")
        await expect(field).to_have_value("Speak!")
        async with page.expect_response("**/messages"):
            await field.press("Enter")
        go.set()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    model.pace()
    await expect(field).to_have_value("Speak!")
    await field.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    first, stopped, *again, last = keys
    assert stopped == 202 and first != last and again == ([] if how == "told" else [first])
    await page.unroute_all()


@pytest.mark.parametrize("known", [True, False])
async def test_a_message_keeps_its_key_where_an_older_turn_was_stopped(
    page: Page, model, known: bool
) -> None:
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    await say(page, "Speak!")
    await expect(page.locator("#messages .assistant")).to_contain_text("one one")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")
    field, keys = page.get_by_label("Message", exact=True), []

    async def fail(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        await (route.abort() if len(keys) == 1 else route.continue_())

    await page.route("**/messages", fail)
    if not known:
        asked, go = await hold(page, re.compile("/threads/[0-9a-f]{32}$"), times=1)
        await page.reload()
        await asked.get()
    await say(page, "A long letter.")
    # What failed is told once the thread has been drawn again.
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(page.get_by_role("alert")).to_contain_text("stopped")
    await expect(field).to_have_value("A long letter.")
    await field.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert len(keys) == 2 and len({*keys}) == 1
    if not known:
        go.set()
    await page.unroute_all()


async def test_a_message_that_was_sent_again_forgets_its_key(page: Page, model) -> None:
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    said, field, keys = page.locator("#messages .user"), page.locator("#text"), []

    async def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/messages", lose)
    asked, go = await hold(page, re.compile("/threads/[0-9a-f]{32}$"), times=1)
    await page.reload()  # before its thread is read, nobody knows what is new in it
    await asked.get()
    await say(page, "Yes.")
    await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(said).to_have_text(["Hello!", "Yes."])
    await expect(field).to_have_value("Yes.")
    async with page.expect_response("**/messages"):
        await field.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(said).to_have_text(["Hello!", "Yes."])
    await say(page, "Yes.")
    await expect(said).to_have_text(["Hello!", "Yes.", "Yes."])
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert keys[0] == keys[1] != keys[2]
    go.set()
    await page.unroute_all()


async def test_a_message_that_was_cut_off_is_kept_for_its_thread(page: Page, model) -> None:
    there, here = await two_threads(page)
    said, field = page.locator("#messages .user"), page.get_by_label("Message", exact=True)
    asked, go = await hold(page, "**/messages")
    await say(page, "A long letter.")
    first = await asked.get()
    await there.click()
    await expect(said).to_have_text(["Hello!"])
    await expect(field).to_have_value("")
    await here.click()
    await expect(field).to_have_value("A long letter.")
    await field.press("Enter")
    again = await asked.get()
    go.set()
    await expect(said).to_have_text(["Where is parcel P-3?", "A long letter."])
    await expect(page.get_by_role("status")).to_have_text("Done.")
    assert again.headers["idempotency-key"] == first.headers["idempotency-key"]
    await page.unroute_all()


async def test_what_is_typed_stays_with_its_thread(page: Page, model) -> None:
    there, here = await two_threads(page)
    said, field = page.locator("#messages .user"), page.get_by_label("Message", exact=True)
    await field.fill("for P-3")
    await there.click()
    await expect(said).to_have_text(["Hello!"])
    await expect(field).to_have_value("")
    await field.fill("for Hello")
    await here.click()
    await expect(said).to_have_text(["Where is parcel P-3?"])
    await expect(field).to_have_value("for P-3")
    await page.get_by_role("button", name="New thread", exact=True).click()
    await expect(field).to_have_value("")
    await page.go_back()
    await expect(field).to_have_value("for P-3")
    await there.click()
    await expect(field).to_have_value("for Hello")


async def test_a_message_that_was_taken_though_its_answer_was_lost_may_be_said_again(
    page: Page, model
) -> None:
    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/messages", lose, times=1)
    await say(page, "Yes.")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("")
    await expect(page.get_by_role("alert")).to_have_text("")
    await say(page, "Yes.")
    await expect(page.locator("#messages .user")).to_have_text(["Yes.", "Yes."])
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(page.locator("#messages .assistant")).to_have_count(2)


@pytest.mark.parametrize("how", ["refused", "no connection"])
async def test_the_same_words_from_before_are_not_the_message_that_failed(
    page: Page, desk: Service, model, how: str
) -> None:
    await say(page, "Yes.")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    said, field = page.locator("#messages .user"), page.get_by_label("Message", exact=True)
    before = 1
    if how == "refused":  # what another tab said is not known here
        with desk.client() as developer:
            thread = page.url.rpartition("=")[2]
            developer.post(f"/threads/{thread}/messages", json={"text": "Yes."})
        before = 2

    async def fail(route: Route) -> None:
        if how == "refused":
            await route.fulfill(status=409, json={"message": "A turn is running."})
        else:
            await route.abort()

    await page.route("**/messages", fail, times=1)
    async with page.expect_response(re.compile("/threads/[0-9a-f]{32}$")):
        await say(page, "Yes.")
    await expect(said).to_have_text(["Yes."] * before)
    await expect(page.get_by_role("alert")).not_to_have_text("")
    await expect(field).to_have_value("Yes.")
    await field.press("Enter")
    await expect(said).to_have_text(["Yes."] * (before + 1))
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(field).to_have_value("")


async def test_a_message_that_runs_is_not_in_the_field_as_well(page: Page, model) -> None:
    there, here = await two_threads(page)
    said, field = page.locator("#messages .user"), page.get_by_label("Message", exact=True)
    await page.evaluate(  # the answer has come, and the page does not know of it
        """const asks = fetch;
        window.fetch = async (path, options) => {
          const answer = await asks(path, options), {signal} = options;
          if (path.endsWith("/messages")) await new Promise((_, fail) =>
            signal.addEventListener("abort", () => fail(signal.reason)));
          return answer;
        }; 0"""
    )
    model.when("speak").says("one " * 5000)
    model.pace(per_token=0.02)
    async with page.expect_response("**/messages"):
        await say(page, "Speak!")
    await there.click()
    await expect(said).to_have_text(["Hello!"])
    await here.click()
    await expect(said).to_have_text(["Where is parcel P-3?", "Speak!"])
    await expect(page.locator("#messages .assistant").last).to_contain_text("one one")
    await expect(field).to_have_value("")
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("The last turn was stopped.")


async def test_why_a_message_was_refused_is_told_until_the_next_act(page: Page, model) -> None:
    await say(page, "Hello!")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    reason, alert = "Try again in 20 seconds.", page.get_by_role("alert")
    thread = page.url.rpartition("=")[2]
    await hold_timers(page)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=409, json={"message": reason})

    await page.route("**/messages", refuse, times=1)
    (await fail_once(page, f"**/threads/{thread}")).set()
    await say(page, "Where is parcel P-3?")
    await timer_is_set(page)
    await expect(alert).to_have_text(reason)
    await page.evaluate("$('messages').replaceChildren()")
    await run_timers(page)
    await expect(page.locator("#messages .user")).to_have_text(["Hello!"])  # drawn again
    await expect(alert).to_have_text(reason)
    await page.get_by_label("Message", exact=True).press("Enter")
    await expect(page.locator("#messages .user").last).to_have_text("Where is parcel P-3?")
    await expect(alert).to_have_text("")
    await expect(page.get_by_role("status")).to_have_text("Done.")


async def test_a_message_that_fails_is_put_before_what_is_typed(page: Page, model) -> None:
    go = await fail_once(page, "**/messages")
    async with page.expect_request("**/messages"):
        await say(page, "A long letter.")
    await page.keyboard.type("and")
    go.set()
    await expect(page.get_by_label("Message", exact=True)).to_have_value("A long letter.\nand")
    await expect(page.get_by_role("alert")).to_have_text("The service is restarting.")


async def test_two_enters_in_a_new_thread_send_one_message(page: Page, model) -> None:
    held, go = [], asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
            await go.wait()
        await route.continue_()

    await page.route("**/threads", hold)
    async with page.expect_request("**/threads"):
        await say(page, "Where is parcel P-3?")
    await page.keyboard.press("Enter")
    await page.get_by_label("Message", exact=True).fill("And P-4?")  # what waits is not sent, too
    await page.keyboard.press("Enter")
    await page.evaluate("new Promise(requestAnimationFrame)")
    go.set()
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(page.get_by_label("Message", exact=True)).to_have_value("And P-4?")
    await page.unroute_all()
    assert len(held) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_in_anyones_way(
    page: Page, model, axe_core: str, scheme: str, tmp_path: Path
) -> None:
    await page.emulate_media(color_scheme=scheme)
    await say(page, "Where is parcel P-3? And please refund 480 euros for order T-7.")
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await page.get_by_role("button", name="Edit").click()
    await page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
    await page.set_viewport_size({"width": 360, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = await page.evaluate(
        f"(() => {{ {axe_core} }})(); axe.run().then(result => result.violations)"
    )
    assert [rule["id"] for rule in found] == []


async def test_a_token_is_asked_for(
    chromium: BrowserContext, start: Callable, served, tmp_path: Path
) -> None:
    service = start(str(tmp_path / "agent.sqlite"))
    page = await chromium.new_page()
    await page.goto(service.url)
    await page.get_by_label("Access token").fill("token-of-ann")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Access token")).to_be_hidden()
    await say(page, "Where is parcel P-3?")
    await expect(page.get_by_role("status")).to_have_text("Done.")
    # The token ends, and somebody else signs in.
    await page.evaluate("sessionStorage.setItem('token', 'token-that-ended')")
    await say(page, "And P-4?")
    await expect(page.get_by_label("Access token")).to_be_visible()
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()
    await page.get_by_label("Access token").fill("token-of-bob")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("You have no such thread.")
    await expect(page.locator("#messages li")).to_have_count(0)
    await page.close()
    service.stop()


async def test_who_may_not_decide_has_no_buttons(
    chromium: BrowserContext, start: Callable, served, tmp_path: Path
) -> None:
    path = str(tmp_path / "agent.sqlite")
    service = start(path, APPROVERS="bob")
    page = await chromium.new_page()
    await page.goto(service.url)
    await page.get_by_label("Access token").fill("token-of-ann")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Access token")).to_be_hidden()
    await hold_timers(page)
    await say(page, REFUND)
    await expect(page.get_by_role("status")).to_have_text("Waiting for a decision.")
    card = page.locator(".card")
    await expect(card).to_contain_text("An approver decides this.")
    await expect(card).to_contain_text("480")
    await expect(card.get_by_role("button")).to_have_count(0)
    await expect(page.locator("#text")).to_be_focused()
    # The page looks again: what the approver has decided is shown without a reload.
    await run_timers(page)
    await timer_is_set(page)
    await expect(card).to_contain_text("480")
    (approval,) = service.bob.get("/approvals").json()
    assert service.decide(approval, by=service.bob).status_code == 200
    await run_timers(page)
    await expect(page.get_by_role("status")).to_have_text("Done.")
    await expect(card).to_have_count(0)
    # Of a thread that is deleted elsewhere nothing is left, but what is typed.
    await say(page, REFUND)
    await expect(page.get_by_role("status")).to_have_text("Waiting for a decision.")
    await timer_is_set(page)
    await page.locator("#text").fill("And P-4?")
    assert service.ann.delete(f"/threads/{page.url.rpartition('=')[2]}").status_code == 204
    await run_timers(page)
    await expect(page.get_by_role("alert")).to_have_text("You have no such thread.")
    await expect(page.locator(".card, #messages li")).to_have_count(0)
    await expect(page.get_by_role("status")).to_have_text("")
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()
    await expect(page.locator("#text")).to_have_value("And P-4?")
    await page.close()
    service.stop()
