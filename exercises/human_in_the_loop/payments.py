"""Payments that the checks of lesson 3 let an answer make."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exercises.core.exercise import outcome
from exercises.core.processes import PROCESS_SECONDS, FreshProcess
from exercises.core.waiting import wait_until
from lab import child

__all__ = ("BankClosedError", "Payments", "call_elsewhere")

WRITE_SECONDS = 0.1  # of somebody else
MAX_WAIT_SECONDS = 3  # of a call, while another key is paid
MAX_JOIN_SECONDS = 0.5  # for a second call that may itself wait for the first one
UNCLAIMED = "The key has to be in the table, committed, before `pay()` is called."
CLAIMED = (
    "The key was in the table. A row without a receipt is the claim of somebody who is paying, or "
    "has died: do not pay."
)


class BankClosedError(Exception):
    """An error of the bank's own, which no answer can have thought of."""


class Payments:
    """Payments that a student's `pay_once` makes at a bank.

    Each `call_...` is a scene. It raises an AssertionError where a key is paid twice or not at all,
    where a receipt or an error is lost, or where a call waits for another one.

    Attributes:
        paid: The keys that money was moved for, in order.
    """

    def __init__(self, pay_once: Callable[..., Any]) -> None:
        self.pay_once, self.paid = pay_once, []
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.file = str(Path(self._folder.name) / "bank.sqlite")
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute("create table payments (key primary key, receipt)")

        self.receipts: list[str] = []
        self._mark = uuid.uuid4().hex[:6]  # no key of an earlier check comes again

    def key(self, name: str) -> str:
        """Return the key of a payment: any text may be one."""
        return f"{name}'s call_{self._mark}"

    def pay(self, name: str) -> str:
        """Move money and return a receipt."""
        self.paid.append(name)
        self.receipts.append(f"receipt {uuid.uuid4().hex[:6]}")
        return self.receipts[-1]

    def _is_claimed(self, name: str) -> bool:
        """Say whether other processes see a row of this payment."""
        with contextlib.closing(sqlite3.connect(self.file, timeout=0)) as database:
            try:
                rows = database.execute("select * from payments where key = ?", (self.key(name),))
                return rows.fetchone() is not None
            except sqlite3.OperationalError:  # it is locked
                return False

    def call(self, name: str) -> Any:
        """Pay as the lesson says."""
        return self.pay_once(self.file, self.key(name), lambda: self.pay(name))

    def call_while_another_writes(self, name: str) -> None:
        """Call while somebody else writes to the database, for a moment."""
        # Another thread ends what this one has begun.
        writer = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        with contextlib.closing(writer):
            writer.execute("begin immediate")
            answered = threading.Event()

            def let_go() -> None:
                wait_until(answered.is_set, WRITE_SECONDS)
                writer.rollback()

            letting_go = threading.Thread(target=let_go)
            letting_go.start()
            try:
                self.call(name)
            except sqlite3.OperationalError as error:
                raise AssertionError(
                    f"Somebody else wrote to the database for {WRITE_SECONDS} s, and `pay_once` "
                    f"raised `{error}`; expected that it waits for such a moment, as "
                    "`sqlite3.connect(file)` does for 5 s."
                ) from None
            finally:
                answered.set()
                letting_go.join()

    def call_when_the_receipt_is_lost(self) -> None:
        """Call again after a payment whose receipt the database would not take."""

        claims: list[bool] = []  # before the payment, and after the call

        def pay() -> str:
            claims.append(self._is_claimed("lost"))
            with self._open() as database:
                for event in ("update", "insert"):
                    database.execute(
                        f"create trigger no_{event} before {event} on payments "
                        "when new.receipt is not null "
                        "begin select raise(abort, 'the database takes no receipt'); end"
                    )
            return self.pay("lost")

        with contextlib.suppress(Exception):
            self.pay_once(self.file, self.key("lost"), pay)
        assert self.paid, (
            "The table was locked while `pay()` ran. Claim the key, commit, let go, then pay."
        )
        claims.append(self._is_claimed("lost"))
        with self._open() as database:
            database.execute("drop trigger no_update")
            database.execute("drop trigger no_insert")
        with contextlib.suppress(Exception):
            self.call("lost")
        why = "Take the key back when `pay` raises, and only then."
        if claims[0] == claims[-1]:
            why = CLAIMED if claims[0] else UNCLAIMED
        assert len(self.paid) == 1, (
            "`pay` moved the money, and the database would not take the receipt. The next call "
            f"with this key paid again. {why}"
        )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.file, timeout=1)) as database, database:
            yield database

    def call_while_paying(self) -> None:
        """Call a second time while the first call is inside `pay`."""
        second_done, second_paid = threading.Event(), threading.Event()
        got: dict[str, Any] = {}
        claims: list[bool] = []

        def slow_pay() -> str:
            # The first payment lasts until the second call is over - or waits for the first one,
            # as a right answer may: then half a second is enough to see that it has not paid.
            claims.append(self._is_claimed("raced"))
            threading.Thread(target=second, daemon=True).start()
            wait_until(second_done.is_set, MAX_JOIN_SECONDS)
            return self.pay("raced")

        def second() -> None:
            receipt, error = outcome(lambda: self.pay_once(self.file, key, pay_too))
            got["second"] = receipt if error is None else error
            second_done.set()

        def pay_too() -> str:
            second_paid.set()
            return self.pay("raced")

        key = self.key("raced")
        first, error = outcome(lambda: self.pay_once(self.file, key, slow_pay))
        second_done.wait(timeout=10)
        assert not second_paid.is_set(), (
            "While the first call was still paying, a second one with the same key paid as well. "
            f"{CLAIMED if True in claims else UNCLAIMED}"
        )
        if error is not None:  # if both paid, that is what has to be said
            raise error
        assert self.receipts, "A new key, and nothing was paid for it."
        assert [first] == self.receipts, (
            f"The first call returned {first!r}; expected the receipt {self.receipts[0]!r}."
        )
        assert got.get("second") in (None, first), (
            f"The second call, during the first, ended with {got['second']!r}; expected None or "
            f"{first!r}."
        )

    def call_after_failure(self, failure: Exception) -> None:
        """Call again after a payment that raised, alone and while another one goes on."""

        def fail() -> str:
            tries.append(failure)
            if len(tries) > 1:
                return "the receipt of a second try"  # else an answer may try for ever
            raise failure

        def pay_meanwhile() -> str:
            # While this one pays, another payment fails, and must take back its own key only. It
            # has a thread of its own, which may wait for a lock or a transaction of this one.
            other.start()
            other.join(MAX_WAIT_SECONDS)
            waits.append(other.is_alive())
            return self.pay("going on")

        def fail_meanwhile() -> None:
            errors.append(outcome(lambda: expect_failure("failed meanwhile"))[1])

        other = threading.Thread(target=fail_meanwhile, daemon=True)
        tries: list[Exception] = []
        waits: list[bool] = []
        errors: list[BaseException | None] = []

        def expect_failure(name: str) -> None:
            del tries[:]
            key = self.key(name)
            result, raised = outcome(lambda: self.pay_once(self.file, key, fail), type(failure))
            assert raised is not None, (
                f"`pay` raised {type(failure).__name__}, and `pay_once` returned {result!r}; "
                "expected the error: no money has moved."
            )
            assert len(tries) == 1, (
                f"`pay` raised {type(failure).__name__}, and one call of `pay_once` called it "
                f"{len(tries)} times; expected once: raise, and a later call may try again."
            )

        expect_failure("failed")
        self.call("failed")
        assert self.paid == ["failed"], (
            f"`pay` raised {type(failure).__name__} once, no money had moved. The next call with "
            f"this key paid {len(self.paid)} times; expected one payment: take the key back when "
            "`pay` raises."
        )
        again = self.call("failed")
        assert self.paid == ["failed"] and again == self.receipts[0], (
            f"After a failure and a payment, a third call paid {len(self.paid) - 1} more time(s) "
            f"and returned {again!r}; expected the receipt {self.receipts[0]!r}."
        )
        del self.paid[:]
        key = self.key("going on")
        _, error = outcome(lambda: self.pay_once(self.file, key, pay_meanwhile))
        assert True not in waits, (
            f"While `pay()` ran for one key, a call with another key waited for more than "
            f"{MAX_WAIT_SECONDS} s: a lock or a transaction is held while `pay()` runs. Claim the "
            "key, commit, let go, then pay."
        )
        for raised in (error, *errors):
            if raised is not None:  # if the other one waited, that is what has to be said
                raise raised
        self.call("going on")
        assert self.paid == ["going on"], (
            f"While one payment went on, another one failed. Then the first key was called again: "
            f"it paid {len(self.paid)} times, expected once. Take back the failed key, no other."
        )

    def call_and_stop(self) -> None:
        """Press Ctrl-C while `pay` runs: whether money has moved is not known then."""
        tries = []

        def stopped() -> str:
            tries.append(1)
            raise KeyboardInterrupt

        key = self.key("stopped")
        result, raised = outcome(lambda: self.pay_once(self.file, key, stopped), KeyboardInterrupt)
        assert raised is not None, (
            f"`pay` was stopped by a KeyboardInterrupt, and `pay_once` returned {result!r}; "
            "expected that it comes out: somebody wants to end the program."
        )
        assert len(tries) == 1, (
            f"`pay` was stopped by a KeyboardInterrupt, and one call of `pay_once` called it "
            f"{len(tries)} times; expected once."
        )

    def call_from(self, one: FreshProcess, two: FreshProcess) -> None:
        """Pay in one process, and call in another one, during the payment and after it."""
        key = self.key("shared")
        one.send(self.file, key, f"{self._folder.name}/open", False)
        wait_until(lambda: bool(self._ledger()), PROCESS_SECONDS)
        claimed = self._is_claimed("shared")
        two.send(self.file, key, "", False)
        wait_until(lambda: two.has_answered() or len(self._ledger()) > 1, MAX_JOIN_SECONDS)
        Path(self._folder.name, "open").touch()
        (first, error), (second, other) = outcome(one.receive), outcome(two.receive)
        paid = self._ledger()
        assert paid == [f"paid in {key}"], (
            f"Two processes called with the same key, and {len(paid)} payments were made; expected "
            + (
                f"one. {CLAIMED}"
                if claimed
                else "one. What is kept in a variable, or locked in this process, another process "
                "does not see: only the table is shared."
            )
        )
        for raised in (error, other):
            if raised is not None:
                raise raised
        assert second in (None, first), (
            f"The second process got {second!r}; expected None or the first one's {first!r}."
        )
        again = two.ask(self.file, key, "", False)
        assert again == first and self._ledger() == paid, (
            f"Later, in another process, the same key got {again!r}; expected {first!r}."
        )

    def call_after_death(self, one: FreshProcess, two: FreshProcess) -> None:
        """Kill a process after the money moved and before `pay` returned, then call again."""
        if "fork" not in multiprocessing.get_all_start_methods():
            return
        key = self.key("died")
        with contextlib.suppress(EOFError):
            one.ask(self.file, key, "", True)
        claimed = self._is_claimed("died")
        try:
            two.ask(self.file, key, "", False)
        except AssertionError as error:
            raise AssertionError(
                "A process moved the money and was killed inside `pay()`. Then another process "
                f"called with the same key. {error} Expected None (nobody knows the receipt) or an "
                "error, at once: nobody is there any more who would write one."
            ) from None
        assert len(paid := self._ledger()) == 1, (
            f"A process moved the money and was killed inside `pay()`. The next call with the same "
            f"key made payment number {len(paid)}; expected none: nobody knows whether the money "
            f"has moved. {CLAIMED if claimed else UNCLAIMED}"
        )

    def _ledger(self) -> list[str]:
        file = Path(self.file + ".ledger")
        return file.read_text("utf-8").splitlines() if file.exists() else []


def call_elsewhere(pay_once: Callable[..., Any], file: str, key: str, gate: str, dies: bool) -> Any:
    """Pay once; what is paid is noted in a file beside the bank's.

    Args:
        pay_once: The student's.
        file: The bank.
        key: Of the payment.
        gate: A file that the payment waits for; "" if it need not.
        dies: Whether the process is killed once the money has moved.
    """

    def pay() -> str:
        with Path(f"{file}.ledger").open("a", encoding="utf-8") as ledger:
            ledger.write(f"paid in {key}\n")
        if dies:
            child.kill_9()
        if gate:
            wait_until(Path(gate).exists, PROCESS_SECONDS)
        return f"receipt {uuid.uuid4().hex[:6]}"

    return pay_once(file, key, pay)
