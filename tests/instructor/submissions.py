"""A bank of notebooks, odd and hostile ones included: lesson 0 with a twist each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.instructor.handed_in import (
    RIGHT,
    WRONG,
    Notebook,
    answer_elsewhere,
    break_first,
    changed,
    copy_answer,
    drop_cells,
    edit_check,
    edit_given,
    ex3,
    lose_ids,
    notebook,
    solve_late,
)

__all__ = ("BANK", "EXERCISES", "Case")

EXERCISES = ("ex1", "ex2", "ex3", "ex4")
INSIDE = """
def ask(agent, question):
    {}
    return "no idea"
"""
CROWD = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
os.system("for i in $(seq 300); do sleep 60 & done; wait")
"""
GARBAGE = """
import os
for number in range(3, 1024):
    try:
        os.write(number, b'{"verdict": {"exercise": "ex3", "status": "splendid"}}\\n')
    except OSError:
        pass
"""
OUTSIDE = """
import os
assert os.environ["HOME"] == "/home/student", os.environ
assert b"SECRET" not in open("/proc/self/environ", "rb").read()
assert sorted(os.listdir("/home")) == ["student"]
course = check.__file__.split("/")  # it may itself lie in /tmp
own = {"ipython"} | ({course[2]} if course[1] == "tmp" else set())
assert set(os.listdir("/tmp")) <= own, os.listdir("/tmp")
assert not os.listdir(os.path.expanduser("~"))
others = [n for n in os.listdir("/proc") if n.isdigit() and int(n) not in (1, os.getpid())]
assert all(b"cat" in open(f"/proc/{n}/cmdline", "rb").read() for n in others), others
for number in os.listdir("/proc/self/fd"):
    open_file = "/proc/self/fd/" + number
    assert not os.path.isdir(open_file) and not os.path.isfile(open_file), open_file
for path in ("/tmp", os.path.expanduser("~")):
    open(path + "/left_behind", "w").write("by another notebook")
"""
FLOOD = """
import os
for number in range(3, 1024):
    try:
        while os.write(number, b"x" * 9999):
            pass
    except OSError:
        pass
"""


@dataclass(frozen=True)
class Case:
    """A notebook, and what the grader has to say of it."""

    why: str
    make: Callable[[], Notebook]
    ex3: str = "passed"
    """The verdict on exercise 3, which is where the twist is."""
    others: str = "passed"
    says: str = ""
    """A fragment of the message of exercise 3, or of a remark."""
    first: str = ""
    """The verdict on exercise 1, where it differs from `others`."""

    endless: bool = False
    """Whether it runs until it is stopped."""
    boxed: bool = False
    """Whether it must not be run without a sandbox."""

    def expected(self) -> dict[str, str]:
        """Return the verdict on each exercise."""
        return (
            {name: self.others for name in EXERCISES}
            | {"ex3": self.ex3}
            | ({"ex1": self.first} if self.first else {})
        )


BANK = (
    Case("all right", notebook),
    Case("nothing done", lambda: notebook("notebooks"), "not_attempted", "not_attempted"),
    Case("wrong", ex3(WRONG), "failed", says="no idea"),
    # What does not end
    Case("loop", ex3("while True: pass"), "timed_out", says="still running", endless=True),
    Case(
        "loop below the answer",
        ex3(RIGHT + "while True: pass"),
        says="It was ended; what it had defined counts",
        endless=True,
    ),
    Case(
        "await for ever",
        ex3("import asyncio\nawait asyncio.Event().wait()"),
        "timed_out",
        endless=True,
    ),
    Case(
        "loop that catches all",
        ex3("import time\nwhile True:\n    try: time.sleep(0.1)\n    except: pass"),
        "timed_out",
        endless=True,
    ),
    Case(
        "loop in C",
        ex3("import itertools\nsum(itertools.count())"),
        "timed_out",
        says="be killed",
        endless=True,
    ),
    Case(
        "loop in C, in the answer",
        ex3(INSIDE.format("sum(__import__('itertools').count())")),
        "timed_out",
        says="be killed",
        endless=True,
    ),
    # What uses up the machine
    Case("a gigabyte printed", ex3("for _ in range(1000): print('x' * 10**6)\n" + RIGHT)),
    Case("20 GB of memory", ex3("hoard = bytearray(20 * 2**30)"), "raised", says="MemoryError"),
    Case(
        "a file of 10 GB",
        ex3("with open('f', 'wb') as f:\n    f.seek(10**10)\n    f.write(b'x')"),
        "raised",
        says="too large",
    ),
    Case(
        "300 processes",
        ex3(CROWD),
        "no_result",
        says="processes",
        boxed=True,
    ),
    Case(
        "a process left behind",
        ex3("import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass\n" + RIGHT),
        boxed=True,
    ),
    # What ends early
    Case("exits", ex3("import os\nos._exit(0)"), "no_result", says="process ended"),
    Case("exits when asked", ex3(INSIDE.format("__import__('os')._exit(0)")), "no_result"),
    Case("sys.exit", ex3("raise SystemExit"), "raised", says="SystemExit"),
    Case(
        "kills its parent",
        ex3("import os\nos.kill(os.getppid(), 9)\nimport time; time.sleep(60)"),
        "no_result",
        says="process ended",
        boxed=True,
    ),
    Case(
        "kills all it can, its sandbox included",
        ex3("import os\nos.kill(-1, 9)\nos.kill(1, 9)\nos._exit(0)"),
        "no_result",
        boxed=True,
    ),
    Case("no Python", ex3("def ask(:\n    pass"), "raised", says="line 1"),
    Case(
        "blank lines first", ex3("\n \n1 / 0"), "raised", says="line 3 of the answer cell: `1 / 0`"
    ),
    Case("nothing but brackets", ex3("(" * 50_000 + "\0"), "raised"),
    Case("raises after the answer", ex3(RIGHT + "1 / 0"), says="ZeroDivisionError"),
    Case("exercise 1 exits", changed(break_first), first="no_result"),
    # What wants to be marked better than it is
    Case("check edited", changed(edit_check), "failed", says="check cell was edited"),
    # What disturbs the report
    Case("garbage in the report", ex3(GARBAGE), "no_result", says="Something else"),
    Case("the report flooded", ex3(FLOOD), "no_result", says="Something else"),
    # What looks around
    Case("home read", ex3("open('/etc/shadow')"), "raised", says="No such file", boxed=True),
    Case("nothing of others, first", ex3(OUTSIDE + RIGHT), boxed=True),
    Case("nothing of others, after the first", ex3(OUTSIDE + RIGHT), boxed=True),
    Case("course written", ex3("open(check.__file__, 'w')"), "raised", boxed=True),
    Case(
        "network",
        ex3("import socket\nsocket.create_connection(('192.0.2.1', 80), 5)"),
        "raised",
        says="unreachable",
        boxed=True,
    ),
    # What students do without any harm in mind
    Case("answer copied", changed(copy_answer), says="2 answer cells"),
    Case("answer in a cell of its own", changed(answer_elsewhere)),
    Case("ids and tags lost", changed(lose_ids)),
    Case("cells deleted", changed(drop_cells), "not_attempted", says="missing"),
    Case("given cell edited", changed(edit_given), says="given cell was edited"),
    Case("helper in a cell of its own", changed(solve_late)),
    Case("a magic", ex3("%matplotlib inline\n!true\n" + RIGHT)),
)
