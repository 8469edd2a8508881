# %% passed: a helper for the table, and a claim with returning
from contextlib import closing


def office(file, sql, *values):
    with closing(sqlite3.connect(file, timeout=30)) as table, table:
        return table.execute(sql, values).fetchall()


def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        result = graph.invoke(value, config, control=control, durability="sync")
    except GraphDrained:
        office(file, "insert or replace into paused values (?)", config["configurable"]["thread_id"])
        result = None
    finally:
        running.remove(control)
    return result


def take_up(graph, running, file):
    for (name,) in office(file, "select thread from paused"):
        if office(file, "delete from paused where thread = ? returning thread", name):
            run_turn(graph, None, {"configurable": {"thread_id": name}}, running, file)

# %% partial | an error while threads are taken up: takes the whole table in one transaction
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        database = sqlite3.connect(file, timeout=30)
        with database:
            database.execute(
                "insert or ignore into paused values (?)", [config["configurable"]["thread_id"]]
            )
        database.close()
    finally:
        running.discard(control)


def take_up(graph, running, file):
    database = sqlite3.connect(file, timeout=30, isolation_level=None)
    database.execute("begin immediate")
    mine = [name for (name,) in database.execute("select thread from paused")]
    database.execute("delete from paused")
    database.execute("commit")
    database.close()
    for name in mine:
        run_turn(graph, None, thread(name), running, file)

# %% refused: looks, runs, then deletes
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        run_turn(graph, None, thread(name), running, file)
        with sqlite3.connect(file, timeout=30) as table:
            table.execute("delete from paused where thread = ?", (name,))

# %% refused: the control stays when the run fails
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        result = graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        result = None
    running.discard(control)
    return result


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            run_turn(graph, None, thread(name), running, file)

# %% refused: one control for all runs
shared_control = RunControl()


def run_turn(graph, value, config, running, file):
    running.add(shared_control)
    try:
        return graph.invoke(value, config, control=shared_control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(shared_control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            run_turn(graph, None, thread(name), running, file)

# %% refused: every error is a pause
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except Exception:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            run_turn(graph, None, thread(name), running, file)

# %% refused: whoever was asked to drain is written down, finished or not
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    result = None
    try:
        result = graph.invoke(value, config, control=control)
    except GraphDrained:
        pass
    finally:
        running.discard(control)
    if control.drain_requested:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    return result


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            run_turn(graph, None, thread(name), running, file)

# %% refused: taken up without a control, so it cannot be drained again
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            graph.invoke(None, thread(name))

# %% refused: a lock of this process
import threading

claim = threading.Lock()


def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with claim:
        with sqlite3.connect(file, timeout=30) as table:
            names = [name for (name,) in table.execute("select thread from paused").fetchall()]
            table.rollback()
        for name in names:
            run_turn(graph, None, thread(name), running, file)
            with table:
                table.execute("delete from paused where thread = ?", (name,))

# %% refused: written down in a variable
waiting_threads = []


def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        waiting_threads.append(config["configurable"]["thread_id"])
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    while waiting_threads:
        run_turn(graph, None, thread(waiting_threads.pop()), running, file)

# %% refused: the row is not committed
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        table = sqlite3.connect(file)
        table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        table.close()
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        names = [name for (name,) in table.execute("select thread from paused").fetchall()]
    for name in names:
        with table:
            mine = table.execute("delete from paused where thread = ?", (name,)).rowcount
        if mine:
            run_turn(graph, None, thread(name), running, file)

# %% refused: takes up one thread a start
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with sqlite3.connect(file, timeout=30) as table:
        row = table.execute("delete from paused where thread = (select min(thread) from paused) returning thread").fetchone()
    if row:
        run_turn(graph, None, thread(row[0]), running, file)

# %% refused: a loop that takes the row again while the process goes down
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
    finally:
        running.discard(control)


def take_up(graph, running, file):
    claim = "delete from paused where thread = (select min(thread) from paused) returning thread"
    table = sqlite3.connect(file, isolation_level=None)
    while row := table.execute(claim).fetchone():
        run_turn(graph, None, thread(row[0]), running, file)
    table.close()

# %% refused: clears what belongs to others
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with sqlite3.connect(file) as table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
    finally:
        running.clear()


def take_up(graph, running, file):
    with sqlite3.connect(file) as table:
        names = table.execute("delete from paused returning thread").fetchall()
    for (name,) in names:
        run_turn(graph, None, thread(name), running, file)
# %% refused: reads the table, then deletes all of it
def run_turn(graph, value, config: dict, running: set, file: str) -> dict | None:
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as db, db:
            db.execute(
                "insert or ignore into paused values (?)", (config["configurable"]["thread_id"],)
            )
        return None
    finally:
        running.discard(control)


def take_up(graph, running: set, file: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        names = [row[0] for row in db.execute("select thread from paused").fetchall()]
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("delete from paused")
    for name in names:
        run_turn(graph, None, thread(name), running, file)
# %% partial | a thread that is in the table already; an error while threads are taken up: a plain insert
def run_turn(graph, value, config: dict, running: set, file: str) -> dict | None:
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("insert into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running: set, file: str) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        names = db.execute("delete from paused returning thread").fetchall()
    for (name,) in names:
        run_turn(graph, None, thread(name), running, file)
# %% partial | an error while threads are taken up: claims all, and swallows what one of them raises
def run_turn(graph, value, config: dict, running: set, file: str) -> dict | None:
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running: set, file: str) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        names = db.execute("delete from paused returning thread").fetchall()
    for (name,) in names:
        try:
            run_turn(graph, None, thread(name), running, file)
        except Exception:
            pass
# %% partial | an error while threads are taken up: claims all of them before it begins the first
from contextlib import contextmanager


@contextmanager
def controlled(running):
    control = RunControl()
    running.add(control)
    try:
        yield control
    finally:
        running.remove(control)


def run_turn(graph, value, config, running, file):
    with controlled(running) as control:
        try:
            result = graph.invoke(input=value, config=config, control=control)
        except GraphDrained:
            result = None
            db = sqlite3.connect(file, timeout=30)
            db.execute(PAUSED)
            db.execute(
                "insert or replace into paused (thread) values (:t)",
                {"t": config["configurable"]["thread_id"]},
            )
            db.commit()
            db.close()
    return result


def take_up(graph, running, file):
    with closing(sqlite3.connect(file, timeout=30)) as db, db:
        mine = db.execute("delete from paused returning thread").fetchall()
    for (name,) in mine:
        run_turn(graph, None, {"configurable": {"thread_id": name}}, running, file)

# %% passed: claims all, and gives back what it has not begun when one fails
def write(file, sql, names):
    with closing(sqlite3.connect(file)) as table, table:
        table.executemany(sql, [(name,) for name in names])


def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        write(file, "insert or ignore into paused values (?)", [config["configurable"]["thread_id"]])
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with closing(sqlite3.connect(file)) as table, table:
        names = [name for (name,) in table.execute("delete from paused returning thread")]
    try:
        while names:
            run_turn(graph, None, thread(names.pop()), running, file)
    finally:
        write(file, "insert or ignore into paused values (?)", names)

# %% partial | two new processes start: looks whether the row is there, then deletes it
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as table, table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with closing(sqlite3.connect(file)) as table:
        names = [n for (n,) in table.execute("select thread from paused").fetchall()]
        for name in names:
            if table.execute("select 1 from paused where thread = ?", (name,)).fetchone():
                table.execute("delete from paused where thread = ?", (name,))
                table.commit()
                run_turn(graph, None, thread(name), running, file)

# %% partial | two new processes start: deletes the row, and does not ask whether it was there
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as table, table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    with closing(sqlite3.connect(file)) as table:
        for (name,) in table.execute("select thread from paused").fetchall():
            table.execute("delete from paused where thread = ?", (name,))
            table.commit()
            run_turn(graph, None, thread(name), running, file)

# %% passed: claims by the number of changes
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as table, table:
            table.execute("insert or ignore into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    table = sqlite3.connect(file, isolation_level=None)
    try:
        for (name,) in table.execute("select thread from paused").fetchall():
            before = table.total_changes
            table.execute("delete from paused where thread = ?", (name,))
            if table.total_changes > before:
                run_turn(graph, None, thread(name), running, file)
    finally:
        table.close()

# %% passed: a transaction for each claim
def run_turn(graph, value, config, running, file):
    control = RunControl()
    running.add(control)
    try:
        return graph.invoke(value, config, control=control)
    except GraphDrained:
        with closing(sqlite3.connect(file)) as table, table:
            table.execute("replace into paused values (?)", (config["configurable"]["thread_id"],))
        return None
    finally:
        running.discard(control)


def take_up(graph, running, file):
    def claim(skip):
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as table:
            table.execute("begin immediate")
            names = [n for (n,) in table.execute("select thread from paused") if n not in skip]
            if names:
                table.execute("delete from paused where thread = ?", (names[0],))
            table.execute("commit")
            return names[0] if names else None

    done = set()
    while name := claim(done):
        done.add(name)
        run_turn(graph, None, thread(name), running, file)
