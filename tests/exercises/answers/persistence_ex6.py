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
# %% partial | no message is lost: no lock
def send(graph, thread_id, text):
    return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | no message is lost: a new lock for each call
def send(graph, thread_id, text):
    with threading.Lock():
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | other conversations: one lock for the whole shop
lock = threading.Lock()


def send(graph, thread_id, text):
    with lock:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
# %% partial | a failed run: the lock is not given back
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    locks[thread_id].acquire()
    state = graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    locks[thread_id].release()
    return state
# %% partial | no message is lost: invoke stands outside
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        thread = {"configurable": {"thread_id": thread_id}}
    return graph.invoke({"messages": text}, thread)
# %% partial | no message is lost; it returns: refuses instead of waiting
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
# %% partial | no message is lost: always the same thread
locks = defaultdict(threading.Lock)


def send(graph, thread_id, text):
    with locks[thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": "default"}})
