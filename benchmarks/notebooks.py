"""Strict nbval over both folders, beside the least that running so many notebooks can cost.

The least, the floor: as many kernels, as many at once, each started by plain jupyter_client,
given the import statements of its notebook, and stopped. Only the kernels' CPU is counted there,
all of nbval's here.

Run as a program it measures a floor: notebooks and workers as JSON on standard input.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from benchmarks.start import imports_of
from benchmarks.verdicts import invalid, verdict
from course_layout import ROOT
from tools.build.environment import kernel_environment
from tools.install.stages import STAGES

__all__ = ("aims", "command", "measure", "table")

FOLDERS = ("notebooks", "solutions")
LIMIT = 1.3  # the aim: nbval by the floor
BUDGET = 45  # seconds after which no further round begins
START_SECONDS = 120


def bare_kernel(folder: str, program: str, environment: dict[str, str]) -> None:
    """Start a kernel, run the imports, stop it.

    Raises:
        RuntimeError: The imports failed.
    """
    manager = KernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    manager.start_kernel(cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(START_SECONDS)
        reply = client.execute_interactive(program, timeout=START_SECONDS, output_hook=print)
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{reply['content']['ename']}: {reply['content']['evalue']}")


def floor(notebooks: list[tuple[str, str]], workers: int) -> dict[str, float]:
    """Run a bare kernel for each (folder, imports) pair; return CPU and wall seconds."""
    import resource  # noqa: PLC0415 - Windows has none

    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        environment = kernel_environment(ROOT, Path(scratch))
        began = time.perf_counter()
        jobs = [pool.submit(bare_kernel, *pair, environment) for pair in notebooks]
        for job in jobs:
            job.result()
        wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime, "wall": wall}


def run_floor(notebooks: list[tuple[str, str]], workers: int) -> dict[str, float]:
    """Measure a floor in a process of its own, whose children are the kernels alone."""
    job = json.dumps({"notebooks": notebooks, "workers": workers})
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name],
        input=job,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def command() -> tuple[list[str], int]:
    """Return the words after `python` of `course.py test`'s nbval run, and its workers."""
    words = next(stage for stage in STAGES.values() if "--nbval" in stage)
    words = [word for word in words if word not in FOLDERS]
    workers = re.search(r"(?:^| )-n[ =]?(\d+)", " ".join(words))
    return words, int(workers[1]) if workers else 1


def run_nbval(words: list[str], notebooks: list[Path]) -> dict:
    """Run nbval; return CPU and wall seconds, its status and its last line."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words, "-q", "-p", "no:cacheprovider", *map(str, notebooks)],
            cwd=ROOT,
            stdout=said,
            stderr=said,
        )
        try:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - began
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or ["nothing"]
    cpu = used.ru_utime + used.ru_stime
    return {"cpu": cpu, "wall": wall, "status": process.returncode, "last_line": lines[-1]}


def measure(rounds: int, notebooks: list[Path] | None = None) -> dict:
    """Measure the floor and nbval in turn.

    Args:
        rounds: The most rounds; none begins after 45 s.
        notebooks: The notebooks; without it all of both folders.

    Returns:
        notebooks (their number), workers, floor and nbval (one entry a round), cpu and wall
        (medians of the ratios).
    """
    notebooks = notebooks or [each for name in FOLDERS for each in (ROOT / name).glob("*.ipynb")]
    words, workers = command()
    jobs = [(str(each.parent), imports_of(each)) for each in sorted(notebooks)]
    if jobs:  # compiles what was never imported, reads the disk
        run_floor([(jobs[0][0], "\n".join(imports for _, imports in jobs))], 1)
    floors, runs, began = [], [], time.perf_counter()
    while jobs and len(runs) < rounds and (not runs or time.perf_counter() - began < BUDGET):
        floors.append(run_floor(jobs, workers))
        runs.append(run_nbval(words, notebooks))
    pairs = list(zip(runs, floors, strict=True))
    ratios = {
        name: median(run[name] / least[name] for run, least in pairs) if pairs else None
        for name in ("cpu", "wall")
    }
    return {"notebooks": len(jobs), "workers": workers, "floor": floors, "nbval": runs, **ratios}


def aims(results: dict) -> list[dict]:
    """Return a verdict for CPU and for seconds, unless nbval did not pass."""
    if any(run["status"] for run in results["nbval"]):
        return [invalid("nbval did not pass: its seconds mean nothing")]
    names = {"cpu": "CPU of nbval by the floor's", "wall": "seconds of nbval by the floor's"}
    found = [(what, results[name]) for name, what in names.items() if results[name]]
    return [verdict(what, value, LIMIT, " x", at_least=False) for what, value in found]


def table(results: dict) -> str:
    """Return the results for people to read."""
    lines = [f"{results['notebooks']} notebooks, {results['workers']} at once"]
    for name in ("floor", "nbval"):
        for run in results[name]:
            line = f"  {name}: {run['cpu']:6.1f} s CPU, {run['wall']:6.1f} s in all"
            lines.append(line + (f"   {run['last_line']}" if "last_line" in run else ""))
            if run.get("status"):
                lines.append("  INVALID: nbval did not pass; run python3 course.py test")
    return "\n".join([*lines, "Waits inside the lessons count in nbval's seconds, not its CPU."])


if __name__ == "__main__":
    print(json.dumps(floor(**json.load(sys.stdin))))
