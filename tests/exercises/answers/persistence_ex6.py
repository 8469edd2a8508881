# %% passed: setdefault, acquire and release
locks = {}


def send(graph, thread_id, text):
    lock = locks.setdefault(thread_id, threading.Lock())
    lock.acquire()
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        lock.release()
# %% passed: a thread of its own for each conversation
from concurrent.futures import ThreadPoolExecutor

queues = defaultdict(lambda: ThreadPoolExecutor(1))


def send(graph, thread_id, text):
    thread = {"configurable": {"thread_id": thread_id}}
    return queues[thread_id].submit(graph.invoke, {"messages": text}, thread).result()
# %% passed: a lock around the dictionary of locks
guard, locks = threading.Lock(), {}


def send(graph, thread_id: str, text: str) -> dict:
    with guard:
        lock = locks.setdefault(thread_id, threading.RLock())
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% passed: the lock of the lesson, on a file
lock_file = path("queue")


def send(graph, thread_id, text):
    with one_at_a_time(lock_file, thread_id):
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: no lock
def send(graph, thread_id, text):
    return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: a new lock for each call
def send(graph, thread_id, text):
    with threading.Lock():
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | other conversations: one lock for the whole shop
lock = threading.Lock()


def send(graph, thread_id, text):
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: the lock is not given back
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    locks[thread_id].acquire()
    state = graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    locks[thread_id].release()
    return state
# %% refused: invoke stands outside
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        thread = {"configurable": {"thread_id": thread_id}}
    return graph.invoke({"messages": text}, thread)
# %% refused: refuses instead of waiting
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    thread = {"configurable": {"thread_id": thread_id}}
    if not locks[thread_id].acquire(blocking=False):
        return graph.get_state(thread).values
    try:
        return graph.invoke({"messages": text}, thread)
    finally:
        locks[thread_id].release()
# %% partial | it returns the new state: forgets to return
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: always the same thread
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": "default"}})
# %% passed: counted locks, removed when nobody is left
_guard = threading.Lock()
locks = {}


def send(graph, thread_id: str, text: str) -> dict:
    with _guard:
        entry = locks.setdefault(thread_id, [threading.Lock(), 0])
        entry[1] += 1
    try:
        with entry[0]:
            thread = {"configurable": {"thread_id": thread_id}}
            return graph.invoke({"messages": text}, thread, durability="sync")
    finally:
        with _guard:
            entry[1] -= 1
            if not entry[1]:
                del locks[thread_id]
# %% passed: tickets
from collections import deque

waiting = defaultdict(deque)
_turn = threading.Condition()


def send(graph, thread_id: str, text: str) -> dict:
    ticket = object()
    with _turn:
        waiting[thread_id].append(ticket)
        _turn.wait_for(lambda: waiting[thread_id][0] is ticket)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with _turn:
            waiting[thread_id].popleft()
            _turn.notify_all()
# %% passed: an object
class Queue:
    def __init__(self):
        self.locks, self.guard = {}, threading.Lock()

    def lock_of(self, thread_id):
        with self.guard:
            return self.locks.setdefault(thread_id, threading.Lock())

    def send(self, graph, thread_id, text):
        with self.lock_of(thread_id):
            return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})


send = Queue().send
# %% refused: looks first, then makes the lock
locks = {}


def send(graph, thread_id: str, text: str) -> dict:
    if thread_id not in locks:
        locks[thread_id] = threading.Lock()
    with locks[thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: looks first, in a function of its own
locks = {}


def lock_of(thread_id):
    lock = locks.get(thread_id)
    if lock is None:
        lock = locks[thread_id] = threading.Lock()
    return lock


def send(graph, thread_id: str, text: str) -> dict:
    with lock_of(thread_id):
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: the lock goes when its run is over
locks = {}
_guard = threading.Lock()


def send(graph, thread_id: str, text: str) -> dict:
    with _guard:
        lock = locks.setdefault(thread_id, threading.Lock())
    try:
        with lock:
            return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with _guard:
            locks.pop(thread_id, None)
# %% partial | other conversations: two locks
locks = [threading.Lock(), threading.Lock()]


def send(graph, thread_id: str, text: str) -> dict:
    with locks[hash(thread_id) % 2]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | other conversations: as many locks as the pool has threads
locks = [threading.Lock() for _ in range(32)]


def send(graph, thread_id: str, text: str) -> dict:
    with locks[sum(map(ord, thread_id)) % 32]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: returns what was saved when a run fails
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    thread = {"configurable": {"thread_id": thread_id}}
    with locks[thread_id]:
        try:
            return graph.invoke({"messages": text}, thread)
        except BaseException:
            return graph.get_state(thread).values
# %% partial | a run that exits: gives the lock back after an Exception only
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    lock = locks[thread_id]
    lock.acquire()
    try:
        state = graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    except Exception:
        lock.release()
        raise
    lock.release()
    return state
# %% partial | it returns: the state of whoever was last
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    thread = {"configurable": {"thread_id": thread_id}}
    with locks[thread_id]:
        graph.invoke({"messages": text}, thread)
    time.sleep(0.3)
    return graph.get_state(thread).values
# %% refused: waits half a second at most
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    held = locks[thread_id].acquire(timeout=0.01)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        if held:
            locks[thread_id].release()
# %% partial | it returns: reads the state when the lock is free again
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    thread = {"configurable": {"thread_id": thread_id}}
    with locks[thread_id]:
        graph.invoke({"messages": text}, thread)
    return graph.get_state(thread).values
# %% refused: a second try after an error
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    thread = {"configurable": {"thread_id": thread_id}}
    with locks[thread_id]:
        try:
            return graph.invoke({"messages": text}, thread)
        except Exception:
            return graph.invoke(None, thread)
# %% refused: one lock for each graph
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    with locks[id(graph)]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | who comes later: at most sixteen locks, the oldest goes
from collections import OrderedDict

locks = OrderedDict()
_guard = threading.Lock()


def send(graph, thread_id: str, text: str) -> dict:
    with _guard:
        lock = locks.setdefault(thread_id, threading.Lock())
        while len(locks) > 16:
            locks.popitem(last=False)
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% passed: locks that go when nobody holds them
import weakref
class _Lock:
    def __init__(self):
        self.lock = threading.Lock()
locks = weakref.WeakValueDictionary()
_guard = threading.Lock()
def send(graph, thread_id: str, text: str) -> dict:
    with _guard:
        mine = locks.get(thread_id)
        if mine is None:
            mine = locks[thread_id] = _Lock()
    with mine.lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: a lock for each graph and conversation
locks = defaultdict(lambda: defaultdict(threading.Lock))
def send(graph, thread_id: str, text: str) -> dict:
    with locks[id(graph)][thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: another error in place of the KeyError
locks = defaultdict(threading.Lock)
def send(graph, thread_id: str, text: str) -> dict:
    with locks[thread_id]:
        try:
            return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
        except KeyError:
            raise RuntimeError("The desk failed.")
# %% refused: two graph objects have two locks
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[id(graph), thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: waits a second at most
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    got = locks[thread_id].acquire(timeout=1)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        if got:
            locks[thread_id].release()
# %% refused: clears free locks away when there are many
locks, guard = {}, threading.Lock()


def send(graph, thread_id, text):
    with guard:
        if len(locks) > 100:
            for name in [name for name, lock in locks.items() if not lock.locked()]:
                del locks[name]
        lock = locks.setdefault(thread_id, threading.Lock())
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: every run clears free locks away at its end
locks, guard = {}, threading.Lock()


def send(graph, thread_id, text):
    with guard:
        lock = locks.setdefault(thread_id, threading.Lock())
    try:
        with lock:
            return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with guard:
            for name in [name for name, other in locks.items() if not other.locked()]:
                del locks[name]
# %% refused: forgets its own lock when it is free
locks, guard = {}, threading.Lock()


def send(graph, thread_id, text):
    with guard:
        lock = locks.setdefault(thread_id, threading.Lock())
    with lock:
        state = graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    with guard:
        if not lock.locked():
            locks.pop(thread_id, None)
    return state
# %% refused: tidies the text
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        return graph.invoke({"messages": text.strip()}, {"configurable": {"thread_id": thread_id}})
# %% passed: counts who needs a lock, and forgets it with the last one
guard, locks = threading.Lock(), {}


def send(graph, thread_id, text):
    with guard:
        entry = locks.setdefault(thread_id, [threading.Lock(), 0])
        entry[1] += 1
    try:
        with entry[0]:
            return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with guard:
            entry[1] -= 1
            if not entry[1]:
                del locks[thread_id]
# %% passed: weak locks, which are gone when nobody holds them
import weakref


class Held:
    def __init__(self):
        self.lock = threading.Lock()


locks, door = weakref.WeakValueDictionary(), threading.Lock()


def send(graph, thread_id, text):
    with door:
        mine = locks.get(thread_id)
        if mine is None:
            mine = locks[thread_id] = Held()
    with mine.lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: keeps the newest free locks only
locks, guard = {}, threading.Lock()


def send(graph, thread_id, text):
    with guard:
        for name in [name for name, lock in locks.items() if not lock.locked()][:-64]:
            del locks[name]
        lock = locks.setdefault(thread_id, threading.Lock())
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: one more try after a ValueError
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    thread = {"configurable": {"thread_id": thread_id}}
    with locks[thread_id]:
        try:
            return graph.invoke({"messages": text}, thread)
        except ValueError:
            return graph.invoke({"messages": text}, thread)
# %% partial | other conversations: conversations whose names look alike share a lock
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    with locks[thread_id.strip().casefold()]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | other conversations: capitals do not matter
locks = defaultdict(threading.Lock)


def send(graph, thread_id: str, text: str) -> dict:
    with locks[thread_id.lower()]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% refused: the locks hang on the graph object
_guard = threading.Lock()
def send(graph, thread_id: str, text: str) -> dict:
    with _guard:
        if not hasattr(graph, "_locks"):
            graph._locks = defaultdict(threading.Lock)
        lock = graph._locks[thread_id]
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | other conversations: waits for its conversation while it holds the guard
guard, locks = threading.Lock(), defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with guard:
        locks[thread_id].acquire()
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        locks[thread_id].release()
# %% partial | other conversations: everybody looks for a free conversation at one door
busy, door = set(), threading.Lock()


def send(graph, thread_id, text):
    with door:
        while thread_id in busy:
            time.sleep(0.01)
        busy.add(thread_id)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        busy.discard(thread_id)
# %% passed: a set of busy conversations, and whoever ends wakes all
busy, turn = set(), threading.Condition()


def send(graph, thread_id, text):
    with turn:
        turn.wait_for(lambda: thread_id not in busy)
        busy.add(thread_id)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with turn:
            busy.discard(thread_id)
            turn.notify_all()
# %% partial | who comes later: whoever ends wakes one, who may wait for another conversation
busy, turn = set(), threading.Condition()


def send(graph, thread_id, text):
    with turn:
        while thread_id in busy:
            turn.wait()
        busy.add(thread_id)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with turn:
            busy.discard(thread_id)
            turn.notify()
# %% partial | who comes later: whoever ends wakes two
busy, turn = set(), threading.Condition()


def send(graph, thread_id, text):
    with turn:
        turn.wait_for(lambda: thread_id not in busy)
        busy.add(thread_id)
    try:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    finally:
        with turn:
            busy.discard(thread_id)
            turn.notify(2)
