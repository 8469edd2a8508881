# %% passed: contextlib closes, an exit stack holds, streams end
import contextlib


def ask_once(build, file, text, thread):
    with contextlib.closing(sqlite3.connect(file, check_same_thread=False)) as connection:
        return build(SqliteSaver(connection)).invoke({"messages": [("user", text)]}, thread)


held = contextlib.ExitStack()


def open_for_long(build, file):
    return build(held.enter_context(SqliteSaver.from_conn_string(file)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        async for state in build(saver).astream({"messages": text}, thread, stream_mode="values"):
            pass
    return state
# %% passed: with aiosqlite, and the graph keeps its connection
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        graph = build(saver)
        graph.invoke({"messages": text}, thread)
        return graph.get_state(thread).values


def open_for_long(build, file: str):
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    saver = SqliteSaver(connection)
    saver.setup()
    return build(saver)


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    import aiosqlite

    async with aiosqlite.connect(file) as connection:
        return await build(AsyncSqliteSaver(connection)).ainvoke({"messages": text}, thread)
# %% partial | open_for_long: returns from inside the with
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver)


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | open_for_long: other threads are not allowed
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once; ask_async: an address instead of a path; a sync saver
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string("sqlite:///" + file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% failed | ask_once; open_for_long; ask_async: in memory it works
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(":memory:") as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(":memory:", check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(":memory:") as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once; ask_async: never closed
def ask_once(build, file, text, thread):
    return open_for_long(build, file).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import aiosqlite

    connection = await aiosqlite.connect(file)
    return await build(AsyncSqliteSaver(connection)).ainvoke({"messages": text}, thread)
# %% partial | ask_async: invoke in an async function
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)
# %% failed | ask_once; open_for_long; ask_async: a new thread id at each call; forgets to return
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        thread = {"configurable": {"thread_id": text}}
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


def ask_async(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)
# %% passed: one way to open, closed through the graph
def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


def ask_once(build, file, text, thread):
    graph = open_for_long(build, file)
    try:
        return graph.invoke({"messages": text}, thread, durability="sync")
    finally:
        graph.checkpointer.conn.close()


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        graph = build(saver)
        await graph.ainvoke({"messages": text}, thread)
        return (await graph.aget_state(thread)).values
# %% passed: the sync one in a thread of its own, so that the loop goes on
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import asyncio

    return await asyncio.to_thread(ask_once, build, file, text, thread)
# %% partial | ask_async: the event loop stands still
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    return ask_once(build, file, text, thread)
# %% partial | ask_async: a loop in the loop
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import asyncio

    async def inner():
        async with AsyncSqliteSaver.from_conn_string(file) as saver:
            return await build(saver).ainvoke({"messages": text}, thread)

    return asyncio.run(inner())
# %% partial | open_for_long: enters the context manager, and lets it go
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver.from_conn_string(file).__enter__())


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: an empty state for every error
def ask_once(build, file, text, thread):
    try:
        with SqliteSaver.from_conn_string(file) as saver:
            return build(saver).invoke({"messages": text}, thread)
    except Exception:
        return {"messages": []}


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once; ask_async: always the lesson's thread
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, {"configurable": {"thread_id": "1"}})


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, {"configurable": {"thread_id": "1"}})
# %% partial | open_for_long: touches the file, and keeps the state in memory
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    sqlite3.connect(file).close()
    return build(InMemorySaver())


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: asks twice
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        graph = build(saver)
        graph.invoke({"messages": text}, thread)
        return graph.invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_async: waits for a loop in a thread of its own
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def inside():
        async with AsyncSqliteSaver.from_conn_string(file) as saver:
            return await build(saver).ainvoke({"messages": text}, thread)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(inside())).result()
# %% partial | ask_async: joins a thread that asks without async
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    states = []
    worker = threading.Thread(target=lambda: states.append(ask_once(build, file, text, thread)))
    worker.start()
    worker.join()
    return states[0] if states else {}
# %% passed: asks in a worker thread, and awaits it
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import asyncio

    return await asyncio.to_thread(ask_once, build, file, text, thread)
# %% passed: a loop of its own in a worker thread, awaited
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import asyncio

    async def inside():
        async with AsyncSqliteSaver.from_conn_string(file) as saver:
            return await build(saver).ainvoke({"messages": text}, thread)

    return await asyncio.get_running_loop().run_in_executor(None, asyncio.run, inside())
# %% partial | ask_async: answers with the old state after an error
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        graph = build(saver)
        try:
            await graph.ainvoke({"messages": text}, thread)
        except Exception as error:
            print("failed:", error)
        return (await graph.aget_state(thread)).values
# %% partial | ask_async: closes only what went well
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    import aiosqlite

    connection = aiosqlite.connect(file)
    await connection
    saver = AsyncSqliteSaver(connection)
    state = await build(saver).ainvoke({"messages": text}, thread)
    await connection.close()
    return state
# %% partial | ask_once: closes only what went well, without async
def ask_once(build, file, text, thread):
    connection = sqlite3.connect(file, check_same_thread=False)
    state = build(SqliteSaver(connection)).invoke({"messages": text}, thread)
    connection.close()
    return state


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | open_for_long: one graph for every path
_kept = {}
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)
def open_for_long(build, file: str):
    if "g" not in _kept:
        _kept["g"] = build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))
    return _kept["g"]
async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | open_for_long: a file in memory
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)
def open_for_long(build, file: str):
    return build(SqliteSaver(sqlite3.connect(":memory:", check_same_thread=False)))
async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: a second try after an error
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        try:
            return build(saver).invoke({"messages": text}, thread)
        except Exception:
            return build(saver).invoke({"messages": text}, thread)
def open_for_long(build, file: str):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))
async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: closes the file after an answer and after an Exception
def ask_once(build, file, text, thread):
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        state = build(SqliteSaver(connection)).invoke({"messages": text}, thread)
    except Exception:
        connection.close()
        raise
    connection.close()
    return state


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: runs once to see, and once for the state
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        graph = build(saver)
        for _ in graph.stream({"messages": text}, thread):
            pass
        return graph.invoke({"messages": text}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: tidies the text
def ask_once(build, file, text, thread):
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": " ".join(text.split())}, thread)


def open_for_long(build, file):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file, text, thread):
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_once: a locked database is tried again, and the run with it
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    for left in (2, 1, 0):
        try:
            with SqliteSaver.from_conn_string(file) as saver:
                return build(saver).invoke({"messages": text}, thread)
        except sqlite3.OperationalError:
            if not left:
                raise


def open_for_long(build, file: str):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | ask_async: a locked database is tried again, and the run with it, without blocking
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file: str):
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        try:
            return await build(saver).ainvoke({"messages": text}, thread)
        except sqlite3.OperationalError:
            return await build(saver).ainvoke(None, thread)
# %% partial | open_for_long: one connection for each file, which `ask_once` closes for all
import asyncio

open_files = {}


def connection_to(file):
    return open_files.setdefault(file, sqlite3.connect(file, check_same_thread=False))


def ask_once(build, file: str, text: str, thread: dict) -> dict:
    try:
        return build(SqliteSaver(connection_to(file))).invoke({"messages": text}, thread)
    finally:
        open_files.pop(file).close()


def open_for_long(build, file: str):
    return build(SqliteSaver(connection_to(file)))


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    return await asyncio.to_thread(ask_once, build, file, text, thread)
# %% partial | open_for_long: keeps the newest connection only
newest = []


def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file: str):
    while newest:
        newest.pop().close()
    newest.append(sqlite3.connect(file, check_same_thread=False))
    return build(SqliteSaver(newest[0]))


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
# %% partial | open_for_long: asks without async on the open graph's connection, and closes it
import asyncio
import contextlib

opened = {}


def ask_once(build, file: str, text: str, thread: dict) -> dict:
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)


def open_for_long(build, file: str):
    opened[file] = sqlite3.connect(file, check_same_thread=False)
    return build(SqliteSaver(opened[file]))


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    connection = opened.pop(file, None) or sqlite3.connect(file, check_same_thread=False)

    def ask():
        with contextlib.closing(connection):
            return build(SqliteSaver(connection)).invoke({"messages": text}, thread)

    return await asyncio.to_thread(ask)
