# %% passed: tells by the class
def careful(look_up):
    def node(order):
        try:
            note = look_up(order)
        except Exception as error:
            if isinstance(error, GraphBubbleUp):
                raise
            note = f"{order}: not known at the moment"
        return {"notes": [note]}
    return node
# %% passed: the other way round
def careful(look_up):
    from langgraph.errors import GraphInterrupt

    def node(order):
        note = None
        try:
            note = look_up(order)
        except GraphInterrupt:
            raise
        except Exception:
            pass
        return {"notes": [note or f"We do not know about {order} yet."]}

    return node
# %% passed: a node made with partial
def careful(look_up):
    from functools import partial

    def node(look_up, order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} is not known."]}

    return partial(node, look_up)
# %% partial | nor does another error; one fails; all fail: catches only what the lesson showed
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except ConnectionError:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | a worker that asks: catches everything
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except Exception:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | a worker that asks; a run that is cancelled: a bare except
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | one fails; all fail: the exception's own words
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception as error:
            return {"notes": [f"Order {order}: {error}"]}
    return node
# %% partial | one fails; all fail: does not say which
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": ["One order could not be looked up."]}
    return node
# %% partial | one fails; all fail: leaves it out
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": []}
    return node
# %% failed | a ConnectionError; nor does another error; one fails; all fail: no try at all
def careful(look_up):
    return lambda order: {"notes": [look_up(order)]}
# %% failed | nothing fails; a ConnectionError; nor does another error; one fails; all fail; a worker that asks: the note instead of a list
def careful(look_up):
    def node(order):
        try:
            return {"notes": look_up(order)}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": f"Order {order} could not be looked up."}
    return node
# %% failed | nothing fails; a ConnectionError; nor does another error; one fails; all fail; a worker that asks: the try is around the definition
def careful(look_up):
    try:
        def node(order):
            look_up(order)
        return node
    except Exception:
        return None
# %% failed: looks up at once
def careful(look_up):
    try:
        return {"notes": [look_up(order)]}
    except GraphBubbleUp:
        raise
# %% failed: forgets to return the node
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} could not be looked up."]}
# %% passed: an async node
def careful(look_up):
    async def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception as error:
            return {"notes": [f"We cannot say anything about {order} at the moment."]}

    return node
# %% passed: a class
class Careful:
    def __init__(self, look_up):
        self.look_up = look_up

    def __call__(self, order):
        try:
            note = self.look_up(order)
        except Exception as error:
            if isinstance(error, GraphBubbleUp):
                raise
            note = f"{order}: not known yet"
        return {"notes": [note]}


careful = Careful
# %% partial | one fails; all fail: tries twice
def careful(look_up):
    def node(order):
        for _ in range(2):
            try:
                return {"notes": [look_up(order)]}
            except GraphBubbleUp:
                raise
            except Exception:
                pass
        return {"notes": [f"Order {order} is not known."]}

    return node
# %% partial | one fails; all fail: knows which order fails
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": ["Order T-8 is not known."]}

    return node
# %% partial | a run that is cancelled: a cancelled run becomes a note
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except BaseException:
            return {"notes": [f"Order {order} is not known."]}

    return node
# %% failed | nothing fails; a ConnectionError; nor does another error; one fails; all fail; a worker that asks: one list for all
def careful(look_up):
    notes = []

    def node(order):
        try:
            notes.append(look_up(order))
        except GraphBubbleUp:
            raise
        except Exception:
            notes.append(f"Order {order} is not known.")
        return {"notes": notes}

    return node
# %% partial | one fails; all fail: the number alone
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [order]}

    return node
# %% partial | all fail: the errors it has heard of
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except (OSError, ValueError, KeyError):
            return {"notes": [f"Order {order} is not known."]}

    return node
# %% passed: looks up in a thread, so that the event loop goes on
import asyncio


def careful(look_up):
    async def node(order):
        try:
            found = await asyncio.to_thread(look_up, order)
        except GraphBubbleUp:
            raise
        except Exception:
            found = f"What became of order {order} is not known today."
        return {"notes": [found]}

    return node
# %% passed: lets others go first
import asyncio


def careful(look_up):
    async def node(order):
        await asyncio.sleep(0)
        await asyncio.sleep(0.005)
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"What became of order {order} is not known today."]}

    return node
# %% partial | a run that is cancelled: an async node that keeps a cancellation
import asyncio


def careful(look_up):
    async def node(order):
        await asyncio.sleep(0)
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except (Exception, asyncio.CancelledError):
            return {"notes": [f"What became of order {order} is not known today."]}

    return node
# %% partial | one fails: keeps what it found out for ever
def careful(look_up):
    known = {}

    def node(order):
        try:
            known[order] = known.get(order) or look_up(order)
        except GraphBubbleUp:
            raise
        except Exception:
            known[order] = f"What became of order {order} is not known today."
        return {"notes": [known[order]]}

    return node
# %% refused: the exception's repr in the note
_failed = []
def careful(look_up):
    def node(order: str) -> dict:
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception as error:
            return {"notes": [f"Order {order} could not be looked up ({error!r:.60}); we cannot say yet."]}
    return node
# %% refused: a result in place of a failure
def careful(look_up):
    def node(order: str) -> dict:
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception as error:
            return {"notes": [f"Order {order} arrives on Friday."]}
    return node
# %% refused: the host's name in the note
def careful(look_up):
    def node(order: str) -> dict:
        try:
            note = look_up(order)
        except GraphBubbleUp:
            raise
        except Exception as error:
            note = f"Order {order} is not known: {error.args[0].split('.')[0] if error.args else ''}."
        return {"notes": [note]}
    return node
# %% passed: in two words
def careful(look_up):
    def node(order: str) -> dict:
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"{order}: unknown."]}

    return node
# %% partial | all fail: the order stands in what all calls share
def careful(look_up):
    current = {}

    def node(order):
        current["order"] = order
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {current['order']} is not known."]}

    return node
# %% partial | all fail: an attribute of one object for all calls
class careful:
    def __init__(self, look_up):
        self.look_up = look_up

    def __call__(self, order):
        self.order = order
        try:
            return {"notes": [self.look_up(self.order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {self.order} is not known."]}
# %% partial | all fail: shared by calls that wait for a thread
import asyncio


def careful(look_up):
    now = None

    async def node(order):
        nonlocal now
        now = order
        try:
            return {"notes": [await asyncio.to_thread(look_up, order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {now} is not known."]}

    return node
# %% passed: one look at a time
import threading


def careful(look_up):
    lock = threading.Lock()

    def node(order):
        try:
            with lock:
                return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} is not known."]}

    return node
# %% failed | a ConnectionError; nor does another error; one fails; all fail: catches it, and raises it again
def careful(look_up):
    def node(order):
        try:
            note = look_up(order)
        except Exception as error:
            raise error
        return {"notes": [note]}

    return node
# %% passed: with a typographic apostrophe
def careful(look_up):
    def node(order: str) -> dict:
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"We couldn’t find out anything about order {order}."]}

    return node
