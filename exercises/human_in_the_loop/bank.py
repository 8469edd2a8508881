"""The bank at which the checks of lesson 3 make an answer pay."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ("Bank",)


class Bank:
    """A bank whose payments a student's `pay_once` makes.

    Attributes:
        paid: The keys that money was moved for, in order.
    """

    def __init__(self, pay_once: Callable[..., Any]) -> None:
        self.pay_once, self.paid = pay_once, []
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.file = str(Path(self._folder.name) / "bank.sqlite")
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute("create table payments (key primary key, receipt)")

    def pay(self, key: str) -> str:
        """Move money and return a receipt."""
        self.paid.append(key)
        return f"receipt {len(self.paid)} for {key}"

    def call(self, key: str) -> Any:
        """Pay as the lesson says."""
        return self.pay_once(self.file, key, lambda: self.pay(key))

    def call_while_paying(self) -> None:
        """Call a second time while the first call is inside `pay`.

        Raises:
            AssertionError: Both paid, or a receipt is wrong.
        """
        second_done, second_paid = threading.Event(), threading.Event()
        got: dict[str, Any] = {}

        def slow_pay() -> str:
            # The first payment lasts until the second call is over - or waits for the first one,
            # as a right answer may: then half a second is enough to see that it has not paid.
            threading.Thread(target=second, daemon=True).start()
            second_done.wait(timeout=0.5)
            return self.pay("raced")

        def second() -> None:
            try:
                got["second"] = self.pay_once(self.file, "raced", pay_too)
            except Exception as error:
                got["second"] = error
            second_done.set()

        def pay_too() -> str:
            second_paid.set()
            return self.pay("raced")

        error = None
        try:
            first = self.pay_once(self.file, "raced", slow_pay)
        except Exception as caught:  # if both paid, that is what has to be said
            error = caught
        second_done.wait(timeout=10)
        assert not second_paid.is_set(), (
            "While the first call was still paying, a second one with the same key paid as well. "
            "The key has to be in the table, committed, before `pay()` is called."
        )
        if error is not None:
            raise error
        assert first == "receipt 1 for raced", f"The first call returned {first!r}."
        assert got.get("second") in (None, first), (
            f"The second call, during the first, ended with {got['second']!r}; expected None or "
            f"{first!r}."
        )

    def call_after_failure(self) -> None:
        """Call again after a payment that raised.

        Raises:
            AssertionError: The error is lost, or the second call does not pay.
        """

        def fail() -> str:
            raise ConnectionError("the bank does not answer")

        try:
            result = self.pay_once(self.file, "failed", fail)
        except ConnectionError:
            pass
        else:
            raise AssertionError(
                f"`pay` raised a ConnectionError, and `pay_once` returned {result!r}. The caller "
                "believes that the money is on its way."
            )
        receipt = self.call("failed")
        assert self.paid == ["failed"] and receipt == "receipt 1 for failed", (
            f"`pay` raised once, no money had moved. The next call with this key paid "
            f"{len(self.paid)} times and returned {receipt!r}; expected a payment: take the key "
            "back when `pay` raises."
        )
