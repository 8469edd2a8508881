"""The server under test answers pages at any moment."""

from __future__ import annotations

import json
import threading
import urllib.error

from tests.browser.lab_server import Lab


def test_pages_may_ask_for_kernels_while_one_starts(lab: Lab) -> None:
    """Without `CONFIG` a quarter of the answers are 500."""
    refused, started = [], threading.Event()

    def ask() -> None:
        while not started.is_set():
            try:
                lab._ask("GET", "api/kernels")
            except urllib.error.HTTPError as error:
                refused.append(error.code)

    pages = [threading.Thread(target=ask) for _ in range(3)]
    for page in pages:
        page.start()
    kernel = json.loads(lab._ask("POST", "api/kernels"))["id"]
    started.set()
    for page in pages:
        page.join()
    lab._ask("DELETE", f"api/kernels/{kernel}")
    assert refused == []
