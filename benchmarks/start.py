"""What starting costs: course.py itself, a lesson's imports, the lesson model in a kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from statistics import median

from benchmarks.servers import clean_environment
from benchmarks.verdicts import verdict
from course_layout import ROOT
from tools.install.set_up import is_ready, uses_running_python

__all__ = ("aims", "measure", "table")

# Runs in a fork of a process that has langgraph and langchain_openai, as a lesson's kernel has.
IN_A_FORK = """
import gc, json, os, sys, time
import langchain_openai, langgraph.graph, psutil
gc.collect()
gc.freeze()
for _ in range(int(sys.argv[1])):
    out, into = os.pipe()
    if os.fork() == 0:
        me = psutil.Process()
        memory, wall, cpu = me.memory_full_info().uss, time.perf_counter(), time.process_time()
        import lesson_model
        lesson_model.start()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = me.memory_full_info().uss - memory
        os.write(into, json.dumps({"cpu": cpu, "wall": wall, "memory": memory}).encode())
        os._exit(0)
    os.close(into)
    print(os.read(out, 10_000).decode(), flush=True)
    os.close(out)
    os.wait()
"""
TIMED = "import sys, time\nexec(sys.argv[1])\nprint(time.process_time())"
PRELOAD = "from course_layout import ROOT; from tools.build import preload; preload.load(ROOT)"
MAX_MODEL_CPU_SECONDS, MAX_MODEL_BYTES = 0.060, 12e6  # the aims for import and start()
PACKAGES = (
    *("langgraph.graph", "langchain.agents", "langchain_openai", "matplotlib.pyplot"),
    *("ipywidgets", "course_utils", "lesson_model"),
)


def python(*words: str) -> str:
    """Run Python in the course's folder and return what it prints."""
    command = [sys.executable, *words]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


def lesson_model_start(times: int) -> dict[str, float] | None:
    """Measure `import lesson_model; lesson_model.start()` where lessons do.

    Returns:
        The least of several forks: cpu and wall (seconds), memory (private bytes); None where a
        process cannot fork.
    """
    if not hasattr(os, "fork"):
        return None
    forks = [json.loads(line) for line in python("-c", IN_A_FORK, str(times)).splitlines()]
    return {name: min(fork[name] for fork in forks) for name in forks[0]}


def cpu_of(program: str, times: int) -> float:
    """Return the CPU seconds of a Python process that runs a program, the least of several."""
    return min(float(python("-c", TIMED, program).split()[-1]) for _ in range(times))


def measure(times: int) -> dict:
    """Measure everything a start is made of.

    Args:
        times: How often each is measured.

    Returns:
        course (seconds `course.py` takes before JupyterLab), imports (what: CPU seconds beyond
        bare Python), lesson_model (see lesson_model_start).
    """
    with_course, without = [], []
    # Otherwise course.py would first install what is missing.
    for _ in range(times if is_ready() or uses_running_python() else 0):
        for words, seconds in ((["course.py"], with_course), (["-m", "jupyterlab"], without)):
            began = time.perf_counter()
            python(*words, "--version")
            seconds.append(time.perf_counter() - began)
    pairs = list(zip(with_course, without, strict=True))
    bare = cpu_of("", times)
    programs = {name: f"import {name}" for name in PACKAGES}
    programs["all that lessons import"] = PRELOAD
    return {
        "course": median(a - b for a, b in pairs) if pairs else None,
        "imports": {name: cpu_of(program, times) - bare for name, program in programs.items()},
        "lesson_model": lesson_model_start(times * 3),
    }


def table(results: dict) -> str:
    """Return the results for people to read."""
    lines = ["course.py: not measured, .venv is not what course.py makes; run it once"]
    if results["course"] is not None:
        lines = [f"{results['course']:8.2f} s     course.py, before JupyterLab starts"]
    lines += [f"{cpu:8.2f} s CPU {name}" for name, cpu in results["imports"].items()]
    if start := results["lesson_model"]:
        lines.append(
            f"{start['cpu']:8.3f} s CPU import lesson_model and start() after the others,"
            f" {start['wall']:.3f} s in all, {start['memory'] / 1e6:.1f} MB"
        )
    return "\n".join(lines)


def aims(results: dict) -> list[dict]:
    """Return a verdict for each aim of the lesson model's start."""
    if not (start := results["lesson_model"]):
        return []
    what, most = "import and start() in a kernel", MAX_MODEL_CPU_SECONDS
    return [
        verdict(f"{what}, CPU", start["cpu"] * 1e3, most * 1e3, " ms", False),
        verdict(f"{what}, memory", start["memory"] / 1e6, MAX_MODEL_BYTES / 1e6, " MB", False),
    ]
