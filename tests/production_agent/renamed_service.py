"""The service after a deploy in which the node `approve` has another name.

PRODUCTION_AGENT_MAPPED=1: the new version knows the old name.
"""

from __future__ import annotations

import importlib.util
import os
import sys

import production_agent
from production_agent.settings import PREFIX

spec = importlib.util.find_spec("production_agent.graph")
source = spec.loader.get_source(spec.name).replace('"approve"', '"review"')
if os.environ.pop(f"{PREFIX}MAPPED", None):
    source = source.replace("] = {}  # old node", '] = {"approve": "review"}  # old node')
module = importlib.util.module_from_spec(spec)
exec(compile(source, spec.origin, "exec"), module.__dict__)
sys.modules[spec.name] = production_agent.graph = module
# What has imported the graph before is imported again.
for name in ("runs", "routes", "service", "server", "__main__"):
    sys.modules.pop(f"production_agent.{name}", None)

from production_agent.__main__ import main  # noqa: E402

sys.exit(main(["--port", "0"]))
