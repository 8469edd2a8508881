"""The service on a host whose clock is PRODUCTION_AGENT_AHEAD seconds ahead of the others'."""

from __future__ import annotations

import os
import sys
import time

from production_agent.__main__ import main
from production_agent.settings import PREFIX

ahead, real_time, real_time_ns = float(os.environ.pop(f"{PREFIX}AHEAD")), time.time, time.time_ns
time.time = lambda: real_time() + ahead
time.time_ns = lambda: real_time_ns() + round(ahead * 1e9)
sys.exit(main(["--port", "0"]))
