"""Functions of a notebook run in processes of their own, which can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from course_layout import ROOT
from lab import child

# What a notebook would hold. Run as text, as cells are: there is no file to import it from.
CELLS = """
import json, os, sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing_extensions import Annotated, TypedDict
from lab import child

def double(x, times=2):
    return times * x

@contextmanager
def around(words):
    words.append("in")
    yield
    words.append("out")

def countdown(n):
    return [n, *countdown(n - 1)] if n else []

@dataclass
class Order:
    number: int
    lines: list = field(default_factory=list)

class Discount(TypedDict):
    percent: int

class Till:
    tax = 10

    def total(self, price):
        return price * (100 + self.tax) // 100

class ClosedError(ValueError):
    pass

def open_shop(name):
    def answer(what):
        if what == "die":
            child.kill_9()
        if what == "raise":
            raise ValueError(name)
        words = []
        with around(words):
            words.append(json.dumps(double(what)))
        with open(os.devnull) as file:
            return os.getpid(), name, words, countdown(2), os.environ["SHOP"]
    return answer

child._PRELOADED = (child.__name__,)  # nobody here asks for LangGraph: 3 CPU seconds a process
open = open  # as IPython's own `open` in every notebook
os.environ["SHOP"] = "tents"
"""


def in_notebook(lines: str) -> list:
    """Run cells in a process of their own and return the last one's `said`."""
    source = CELLS + lines + "\nprint(json.dumps(said))"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


def test_a_notebook_s_function_answers_in_another_process() -> None:
    """With what it uses: a default, a helper, a context manager, itself, a module, a variable."""
    said = in_notebook(
        "shop = child.start(open_shop, 'desk')\n"
        "said = [*shop.ask(3), *shop.ask('a')[1:], os.getpid()]"
    )
    pid, *answer, parent = said
    assert answer[:4] == ["desk", ["in", "6", "out"], [2, 1], "tents"]
    assert answer[4:] == ["desk", ["in", '"aa"', "out"], [2, 1], "tents"]
    assert pid != parent


def test_children_work_at_the_same_time() -> None:
    """Both are asked before either answers; the answers come in the order asked."""
    said = in_notebook(
        "shops = [child.start(open_shop, n) for n in 'ab']\n"
        "for shop in shops:\n    shop.send(1); shop.send(2)\n"
        "said = [shop.receive()[1:3] for shop in shops for _ in range(2)]"
    )
    assert said == [
        ["a", ["in", "2", "out"]],
        ["a", ["in", "4", "out"]],
        ["b", ["in", "2", "out"]],
        ["b", ["in", "4", "out"]],
    ]


@pytest.mark.parametrize("how", ["shop.send('die')", "shop.kill()"])
def test_a_killed_child_answers_no_more(how: str) -> None:
    """Whoever killed it, the parent learns of it."""
    said = in_notebook(
        f"shop = child.start(open_shop, 'desk')\nshop.ask(1)\n{how}\n"
        "try:\n    said = shop.receive()\nexcept EOFError:\n    said = 'dead'"
    )
    assert said == "dead"


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed there, not asked")
def test_a_child_that_handles_sigterm_does_not_hold_up_the_end() -> None:
    """It goes on after the signal; when the notebook's kernel ends, it ends too."""
    said = in_notebook(
        "import signal\n"
        "def open_desk():\n"
        "    heard = []\n"
        "    signal.signal(signal.SIGTERM, lambda number, frame: heard.append(int(number)))\n"
        "    def answer():\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        return heard\n"
        "    return answer\n"
        "said = child.start(open_desk).ask()"
    )
    assert said == [15]


def test_what_a_child_raises_is_said() -> None:
    """The class and the text."""
    said = in_notebook(
        "shop = child.start(open_shop, 'desk')\n"
        "try:\n    said = shop.ask('raise')\nexcept RuntimeError as error:\n    said = str(error)"
    )
    assert said == "ValueError: desk"


@pytest.mark.skipif(sys.platform == "win32", reason="a child does not inherit our pipe there")
def test_children_end_with_their_parent() -> None:
    """However it ends: our pipe is at its end when the last process that holds it has gone."""
    end = "shop = child.start(open_shop, 'desk')\nprint(shop.ask(1)[1], flush=True)\nchild.kill_9()"
    done = subprocess.run(
        [sys.executable, "-c", CELLS + end], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert done.stdout == "desk\n" and done.returncode != 0


USES_CLASSES = """
def open_till(rate):
    till = Till()

    def answer(price, order):
        def discounted(discount: Discount):
            return price * (100 - discount["percent"]) // 100

        class Receipt(TypedDict):
            prices: Annotated[list, Till]  # names that only a class inside the function uses

        if not isinstance(order, Order):
            raise ClosedError(f"{order!r} is no order")
        order.lines.append(discounted(Discount(percent=rate)))
        return asdict(order), till.total(price), [*Receipt.__annotations__]

    return answer

shop = child.start(open_till, 50)
"""


def test_a_child_uses_the_notebook_s_classes() -> None:
    """A dataclass, a plain class, a TypedDict and a closure arrive, also as arguments."""
    said = in_notebook(f"{USES_CLASSES}said = [shop.ask(100, Order(7)), shop.ask(10, Order(8))]")
    assert said == [
        [{"number": 7, "lines": [50]}, 110, ["prices"]],
        [{"number": 8, "lines": [5]}, 11, ["prices"]],
    ]


def test_a_child_raises_the_notebook_s_error() -> None:
    """By its name."""
    said = in_notebook(
        f"{USES_CLASSES}try:\n    said = shop.ask(1, 'x')\n"
        "except RuntimeError as error:\n    said = str(error)"
    )
    assert said == "ClosedError: 'x' is no order"


def test_what_cannot_be_sent_is_refused_with_a_cure() -> None:
    """Before a process is started."""
    lock = threading.Lock()
    with pytest.raises(TypeError, match=r"lock.*\. Create it in the function you send\.$"):
        child.start(lambda: lock)
