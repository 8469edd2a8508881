"""The service of a process that may open PRODUCTION_AGENT_FILES files, connections included."""

from __future__ import annotations

import os
import resource
import sys

from production_agent.__main__ import main
from production_agent.settings import PREFIX

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (int(os.environ.pop(f"{PREFIX}FILES")), hard))
sys.exit(main(["--port", "0"]))
