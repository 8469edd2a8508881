# %% passed: the longer of the two waits
def ask(llm, text, budget):
    end = time.monotonic() + budget
    for n in range(1000):
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error):
                raise
            wait = max(random.uniform(0, 0.1 * 2**n), retry_after(error))
            if time.monotonic() + wait > end:
                raise
            time.sleep(wait)
# %% passed: what is left of the budget, and `time.time`
from time import sleep


def ask(llm, text, budget):
    began, n, last = time.time(), 0, None
    while True:
        if last is not None:
            pause = max(retry_after(last), random.random() * 0.1 * 2**n)
            n += 1
            if pause > budget - (time.time() - began):
                raise last
            sleep(pause)
        try:
            return llm.invoke(text)
        except Exception as error:
            last = error
            if not is_transient(error):
                raise
# %% passed: returns the words
def ask(llm, text, budget):
    waited, longest, began = 0, 0.1, time.perf_counter()
    while True:
        try:
            return llm.invoke(text).text
        except Exception as error:
            pause = max(random.uniform(0, longest), retry_after(error))
            too_late = time.perf_counter() - began + pause > budget
            if not is_transient(error) or too_late:
                raise
        time.sleep(pause)
        longest *= 2
# %% passed: not one instant later
def ask(llm, text: str, budget: float):
    """Return the model's answer; retry what is transient, within `budget` seconds."""
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause >= deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% passed: the ends of the range the other way round
def ask(llm, text: str, budget: float):
    """Return the model's answer; retry what is transient, within `budget` seconds."""
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(longest, 0))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After; the budget; the waits; until the budget is used up: asks again at once
def ask(llm, text, budget):
    end = time.monotonic() + budget
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error) or time.monotonic() > end:
                raise
# %% partial | a bug is raised at once; what stays is raised at once; the budget; the waits; until the budget is used up: three tries for everything
def ask(llm, text, budget):
    for n in range(3):
        try:
            return llm.invoke(text)
        except Exception as error:
            if n == 2:
                raise
            time.sleep(max(random.uniform(0, 0.1 * 2**n), retry_after(error)))
# %% partial | a bug is raised at once; what stays is raised at once: retries whatever fails
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(random.uniform(0, longest), retry_after(error))
            if time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% partial | a bug is raised at once; what stays is raised at once; the waits; until the budget is used up: `is_retryable` takes a used-up quota for a rate limit
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(random.uniform(0, longest), retry_after(error))
            if not error.is_retryable or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% partial | Retry-After; the budget: does not listen to the server
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = random.uniform(0, longest)
            if not is_transient(error) or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% partial | the budget; until the budget is used up: looks at the clock before it waits, not after
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error) or time.monotonic() > end:
                raise
            pause = max(random.uniform(0, longest), retry_after(error))
        time.sleep(pause)
        longest *= 2
# %% partial | the budget: shortens the wait to what is left, and comes too early
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            left = end - time.monotonic()
            if not is_transient(error) or left <= 0.01:
                raise
            pause = min(left, max(random.uniform(0, longest), retry_after(error)))
        time.sleep(pause)
        longest *= 2
# %% partial | the waits: no jitter
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(longest, retry_after(error))
            if not is_transient(error) or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% timed_out: never doubles
def ask(llm, text, budget):
    end = time.monotonic() + budget
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(random.uniform(0, 0.1), retry_after(error))
            if not is_transient(error) or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
# %% partial | a dropped connection; the waits; until the budget is used up: expects a response at every error
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error):
                raise
            pause = random.uniform(0, longest)
            pause = max(pause, float(error.response.headers.get("retry-after", 0)))
            if time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% partial | two failures, then an answer; a dropped connection; one question, one answer: forgets to return
def ask(llm, text, budget):
    end, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            llm.invoke(text)
            return
        except Exception as error:
            pause = max(random.uniform(0, longest), retry_after(error))
            if not is_transient(error) or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        longest *= 2
# %% failed | two failures, then an answer; a dropped connection; Retry-After; the waits; until the budget is used up: no retry at all
def ask(llm, text, budget):
    return llm.invoke(text)
# %% partial | until the budget is used up: counts only the waits as budget, not the time of the calls
def ask(llm, text: str, budget: float):
    waited, n = 0.0, 0
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error):
                raise
            n += 1
            pause = max(random.uniform(0, 0.1 * 2 ** (n - 1)), retry_after(error))
            waited += pause
            if waited > budget:
                raise
            time.sleep(pause)
# %% passed: datetime deadline; recursion
from datetime import datetime, timedelta
def ask(llm, text: str, budget: float):
    deadline = datetime.now() + timedelta(seconds=budget)
    def attempt(n: int):
        try:
            return llm.invoke(text)
        except Exception as error:
            delay = max(random.uniform(0, 0.1 * 2 ** n), retry_after(error))
            if not is_transient(error) or datetime.now() + timedelta(seconds=delay) > deadline:
                raise
        time.sleep(delay)
        return attempt(n + 1)
    return attempt(0)
# %% refused: asks something else
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke("Can I send a tent back?")
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% refused: returns a text of its own
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            llm.invoke(text)
            return "done"
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: the server's word in place of the larger wait
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = retry_after(error) or random.uniform(0, longest)
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% refused: six calls at most
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    for n in range(6):
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if n == 5 or not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% refused: another error in place of the model's
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error):
                raise RuntimeError("not transient") from error
            pause = max(retry_after(error), random.uniform(0, longest))
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% refused: adds the server's wait to its own
def ask(llm, text: str, budget: float):
    began, n = time.monotonic(), 0
    while True:
        n += 1
        try:
            return llm.invoke(text)
        except Exception as error:
            if not is_transient(error):
                raise
            pause = random.uniform(0, 0.1 * 2 ** (n - 1)) + retry_after(error)
            if time.monotonic() - began + pause > budget:
                raise
            time.sleep(pause)
# %% passed: the two waits the other way round
def ask(llm, text: str, budget: float):
    """Return the model's answer; retry what is transient, within `budget` seconds."""
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(random.uniform(0, longest), retry_after(error))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: what the server asked for once is the least for ever
def ask(llm, text: str, budget: float):
    deadline, longest, asked_for = time.monotonic() + budget, 0.1, 0.0
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            asked_for = max(asked_for, retry_after(error))
            pause = max(asked_for, random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: the last wait that the server asked for, until it asks for another
def ask(llm, text: str, budget: float):
    deadline, longest, asked_for = time.monotonic() + budget, 0.1, 0.0
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            asked_for = retry_after(error) or asked_for
            pause = max(asked_for, random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: doubles what the server asked for
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * max(longest, pause)
# %% failed | two failures, then an answer; a dropped connection; Retry-After; the waits; until the budget is used up: the clock begins with the definition
def ask(llm, text: str, budget: float, began=time.monotonic()):
    longest = 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() - began + pause > budget:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | a dropped connection; Retry-After; the waits; until the budget is used up: one deadline for all questions, kept from the first on
_deadline = []
def ask(llm, text: str, budget: float):
    _deadline[:] = _deadline or [time.monotonic() + budget]
    longest = 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > _deadline[0]:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% refused: the longest wait stays what it was for the last question
_longest = 0.1
def ask(llm, text: str, budget: float):
    global _longest
    deadline = time.monotonic() + budget
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, _longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        _longest = 2 * _longest
# %% partial | Retry-After: waits a minute at most, whatever the server says
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = min(60, max(retry_after(error), random.uniform(0, longest)))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: does not believe a server that asks for more than a minute
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            told = retry_after(error)
            pause = max(told if told <= 60 else 0, random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After: gives up when the server asks for more than a minute
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if pause > 60:
                raise
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | the waits: jitter of a second at most
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, min(1.0, longest)))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | the waits: doubles up to two seconds
def ask(llm, text: str, budget: float):
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            longest = min(longest, 2.0)
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
# %% partial | Retry-After; the budget; the waits; until the budget is used up: the right errors, three tries, and no wait
def ask(llm, text: str, budget: float):
    for attempt in range(3):
        try:
            return llm.invoke(text)
        except Exception as error:
            if attempt == 2 or not is_transient(error):
                raise
# %% failed | a bug is raised; what stays is raised; Retry-After; the budget; the waits; until the budget is used up: LangChain's own three tries
def ask(llm, text: str, budget: float):
    return llm.with_retry(stop_after_attempt=3).invoke(text)
# %% failed | a bug is raised; what stays is raised; Retry-After; the budget; the waits; until the budget is used up: three tries at anything, and no wait
def ask(llm, text: str, budget: float):
    for attempt in (1, 2, 3):
        try:
            return llm.invoke(text)
        except Exception:
            if attempt == 3:
                raise
