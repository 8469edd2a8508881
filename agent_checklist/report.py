"""What was found about an agent: for a notebook or a test, as text, JSON, JUnit and HTML."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from agent_checklist.claims import (
    ACCEPTED,
    CLAIMS,
    COULD_NOT_JUDGE,
    FAIL,
    NOT_APPLICABLE,
    PASS,
    Claim,
)
from agent_checklist.workspace import Settings, shortened

__all__ = ("Outcome", "Verdict", "as_html", "as_json", "as_junit", "check", "explained")
__all__ += ("about_red", "html_table", "section", "terminal")

MAX_SECONDS = 200
SCHEMA = 1
MARKS = {PASS: "✓", FAIL: "✗", NOT_APPLICABLE: "-", COULD_NOT_JUDGE: "?", ACCEPTED: "~"}
WIDTH, INDENT = 100, " " * 28


@dataclass
class Verdict:
    """What was found about one claim."""

    name: str
    verdict: str = COULD_NOT_JUDGE
    reason: str = "It was not looked at."
    evidence: dict = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    @property
    def claim(self) -> Claim:
        """The claim, with its cure and its lesson."""
        return CLAIMS[self.name]


@dataclass(repr=False)
class Outcome:
    """A run's verdicts, and what is known of the agent; it shows itself as a table."""

    target: str
    verdicts: list[Verdict]
    level: str = "graph"
    facts: dict = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    problem: str = ""
    """Why nothing could be judged."""
    max_unjudged: int | None = None

    @property
    def red(self) -> tuple[str, ...]:
        """The names of the claims that do not hold."""
        return tuple(one.name for one in self.verdicts if one.verdict == FAIL)

    @property
    def green(self) -> tuple[str, ...]:
        """The names of the claims that hold."""
        return tuple(one.name for one in self.verdicts if one.verdict == PASS)

    @property
    def exit_code(self) -> int:
        """The command's: 0 (no red), 1 (a red) or 2 (too much unjudged)."""
        if self.red:
            return 1
        levels = ("graph", self.level)
        unjudged = sum(
            one.verdict == COULD_NOT_JUDGE and one.claim.level in levels for one in self.verdicts
        )
        most = sum(one.verdict in (PASS, ACCEPTED) for one in self.verdicts)
        most = most if self.max_unjudged is None else self.max_unjudged
        return 2 if self.problem or unjudged > most else 0

    def __getitem__(self, name: str) -> Verdict:
        """Return what was found about a claim."""
        return next(one for one in self.verdicts if one.name == name)

    def __repr__(self) -> str:
        return terminal(self)

    def _repr_html_(self) -> str:
        return html_table(self)


def check(
    target: str | None = None,
    *,
    folder: str | Path = ".",
    only: Sequence[str] = (),
    level: str | None = None,
) -> Outcome:
    """Look at the LangGraph agent of a folder, in a process of its own.

    Args:
        target: file.py:attribute or module:attribute; None: what langgraph.json names.
        folder: The agent's repository.
        only: Names of claims, or of their groups; all by default.
        level: "graph", or "turn" for the function that pyproject's `turn` names; None: the turn
            where there is one and no target is given.

    Raises:
        ValueError: The target cannot be used.
        RuntimeError: The checklist itself broke.
    """
    root = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "report.json")
        command = [sys.executable, "-m", "agent_checklist", *([target] if target else [])]
        command += [f"--level={level}"] if level else []
        command += ["--json", str(file), *(f"--only={name}" for name in only)]
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=MAX_SECONDS,
        )
        if done.returncode == 4:
            raise ValueError(done.stderr.strip())
        if not file.is_file():
            raise RuntimeError(done.stderr.strip() or "The checklist ended without a report.")
        found = json.loads(file.read_text("utf-8"))
    known = Verdict.__dataclass_fields__
    verdicts = [Verdict(**{key: one[key] for key in known}) for one in found["claims"]]
    same = ("target", "level", "seconds", "cpu_seconds", "problem", "max_unjudged")
    return Outcome(**{key: found[key] for key in same}, verdicts=verdicts, facts=found["agent"])


# How it is shown ----------------------------------------------------------------------------------


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def counts(outcome: Outcome) -> str:
    """Return how many claims have which verdict."""
    found = [verdict.verdict for verdict in outcome.verdicts]
    return ", ".join(f"{found.count(one)} {_words(one)}" for one in MARKS if one in found)


def terminal(outcome: Outcome, verbose: bool = False) -> str:
    """Return the report for a terminal."""
    lines = [f"{outcome.target} (level: {outcome.level})"]
    if outcome.facts:
        tools = ", ".join(f"{n} ({how})" for n, how in outcome.facts["tools"].items()) or "none"
        told = [f"tools: {tools}"]
        told += [
            f"{name} {why}. It is replaced by one that returns a text."
            for name, why in outcome.facts["replaced"].items()
        ]
        told += [f"It writes {outcome.facts['written']}"] if outcome.facts["written"] else []
        for text in told:
            lines += textwrap.wrap(text, WIDTH, subsequent_indent="    ")
    if outcome.problem:
        lines += textwrap.wrap(f"Nothing could be judged. {outcome.problem}", WIDTH)
        return "\n".join(lines)
    lines.append("")
    for one in outcome.verdicts:
        promise = one.verdict == PASS and not verbose
        shown = one.claim.promise if promise else one.reason or one.claim.promise
        head = f"{MARKS[one.verdict]} {one.name:<25} "
        lines += textwrap.wrap(shown, WIDTH, initial_indent=head, subsequent_indent=INDENT)
        about = _evidence(one.evidence, verbose) if verbose else []
        for text in about_red(one, outcome, verbose) if one.verdict == FAIL else about:
            lines += textwrap.wrap(
                text, WIDTH, initial_indent=INDENT, subsequent_indent=f"{INDENT}  "
            )
    took = f"{outcome.seconds:.0f} s ({outcome.cpu_seconds:.0f} CPU s)"
    lines += ["", f"{counts(outcome)} in {took}."]
    if outcome.exit_code == 2:
        lines.append("Too much could not be judged: exit code 2.")
    return "\n".join(lines)


def about_red(one: Verdict, outcome: Outcome, verbose: bool = False) -> list[str]:
    """Return the lines under a red one: what was promised, done and seen, and what to do."""
    return [
        f"Promise: {one.claim.promise}",
        f"Done: {one.claim.done}",
        f"Cure: {one.claim.cure} Lesson {one.claim.lesson}.",
        *_evidence(one.evidence, verbose),
        f"Again: {again(one.name, outcome)}",
    ]


def _evidence(evidence: dict, verbose: bool) -> list[str]:
    """Return what was seen, as lines."""
    texts = []
    if error := evidence.get("exception"):
        raised = [
            line for line in error.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)
        ]
        texts.append(f"Raised: {shortened((raised or [error.strip()])[-1], 300)}")
    texts += [f"  {one}" for one in evidence.get("messages", ())[-8 if verbose else -3 :]]
    for key, name in SHOWN.items() if verbose else ():
        texts += [f"  {name}: {one}" for one in evidence.get(key, ())]
    return texts


SHOWN = {"requests": "request", "effects": "effect", "interrupts": "interrupt", "log": "log"}


def again(name: str, outcome: Outcome) -> str:
    """Return the command that looks at one claim alone, and keeps its files."""
    what = f"{outcome.target} " if outcome.level == "graph" else ""
    return f"python -m agent_checklist {what}--only {name} -v --keep checklist-files"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, default=str, ensure_ascii=False)


def as_json(outcome: Outcome) -> str:
    """Return the report as JSON; `schema` is raised when a field changes its meaning."""
    return _json(
        {
            "schema": SCHEMA,
            "target": outcome.target,
            "level": outcome.level,
            "exit_code": outcome.exit_code,
            "problem": outcome.problem,
            "seconds": round(outcome.seconds, 1),
            "cpu_seconds": round(outcome.cpu_seconds, 1),
            "max_unjudged": outcome.max_unjudged,
            "agent": outcome.facts,
            "claims": [
                {**vars(one.claim), **vars(one), "seconds": round(one.seconds, 2)}
                for one in outcome.verdicts
            ],
        }
    )


def as_junit(outcome: Outcome) -> str:
    """Return the report as JUnit XML: a claim is a test case."""
    skipped = len(outcome.verdicts) - len(outcome.green) - len(outcome.red)
    suite = ElementTree.Element(
        "testsuite",
        name="agent_checklist",
        tests=str(len(outcome.verdicts)),
        failures=str(len(outcome.red)),
        skipped=str(skipped),
        errors="0",
        time=f"{outcome.seconds:.1f}",
    )
    for one in outcome.verdicts:
        group, _, name = one.name.partition(".")
        about = {"classname": f"agent_checklist.{group}", "name": name}
        case = ElementTree.SubElement(suite, "testcase", **about, time=f"{one.seconds:.2f}")
        if one.verdict == FAIL:
            told = ElementTree.SubElement(case, "failure", message=_clean(one.reason))
            told.text = _clean("\n".join([one.reason, *about_red(one, outcome, verbose=True)]))
        elif one.verdict != PASS:
            why = _clean(f"{_words(one.verdict)}: {one.reason}")
            ElementTree.SubElement(case, "skipped", message=why)
    return ElementTree.tostring(suite, "unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return "".join(each for each in text if each >= " " or each in "\n\t")


def html_table(outcome: Outcome) -> str:
    """Return the verdicts as a table."""
    rows = []
    for one in outcome.verdicts:
        about = html.escape(one.reason or one.claim.promise)
        if one.evidence and one.verdict in (FAIL, ACCEPTED):
            about += (
                f"<p>{html.escape(one.claim.done)} <b>Cure:</b> {html.escape(one.claim.cure)} "
                f"Lesson {one.claim.lesson}.</p><p><code>{html.escape(again(one.name, outcome))}"
                "</code></p><details><summary>What was seen</summary><pre>"
                f"{html.escape(_json(one.evidence))}</pre></details>"
            )
        rows.append(
            f"<tr class='{one.verdict}'><td>{MARKS[one.verdict]} {_words(one.verdict)}</td>"
            f"<th scope='row'>{one.name}</th><td style='text-align:left'>{about}</td></tr>"
        )
    return (
        f"<table><caption>{html.escape(outcome.target)}: {counts(outcome)}. "
        f"{html.escape(outcome.problem)}</caption><thead><tr><th>verdict</th><th>claim</th>"
        f"<th>what was seen</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def as_html(outcome: Outcome) -> str:
    """Return the report as one page, which loads nothing."""
    style = (
        "body{font:15px/1.45 system-ui;margin:2em auto;max-width:70em;padding:0 1em}"
        "td,th{text-align:left;vertical-align:top;padding:.35em .6em;border-top:1px solid #ccc}"
        ".fail td:first-child{color:#a40000;font-weight:bold}.pass td:first-child{color:#176217}"
        "pre{white-space:pre-wrap;background:#f4f4f4;padding:.6em}"
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Production checklist</title>"
        f"<style>{style}</style><h1>Production checklist</h1>{html_table(outcome)}"
        f"<p>Exit code {outcome.exit_code}.</p></html>"
    )


def explained(claim: Claim) -> str:
    """Return what a claim promises, what is done, and how it is mended."""
    level = {
        "graph": "",
        "turn": "Red only where pyproject names a turn: a server may cure what its graph lacks.",
        "declared": "Red only where [tool.agent_checklist] of pyproject.toml has "
        f'promises = ["{claim.name}"].',
    }[claim.level]
    parts = [
        claim.name,
        f"Promise: {claim.promise}",
        f"What is done: {claim.done}",
        f"A cure: {claim.cure} Lesson {claim.lesson}.",
        level,
    ]
    return "\n".join(part for part in parts if part)


def _as_toml(value: object) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{_as_key(key)} = {_as_toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return '""' if value is None else json.dumps(value, ensure_ascii=False)


def _as_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _as_toml(key)


def section(outcome: Outcome, settings: Settings) -> str:
    """Return the section of pyproject.toml that fits an agent, with questions.

    Args:
        outcome: What was found.
        settings: What pyproject says today; all of it is kept.
    """
    facts = outcome.facts or {"tools": {}, "models": [], "risky": []}
    asks = [name for name, how in facts["tools"].items() if how == "asks"]
    risky = facts["risky"] or asks
    others = [name for name in facts["tools"] if name not in risky]
    said = {key: value for key, value in vars(settings).items() if value not in (None, [], {})}
    said["turn" if outcome.level == "turn" else "graph"] = outcome.target
    accepted = said.pop("accept", {})

    def line(key: str, proposed: object) -> str:
        mark = "" if key in said else "# "
        return f"{mark}{key} = {_as_toml(said.pop(key, proposed))}"

    def note(words: str) -> str:
        return f"# {' '.join(words.split())}"

    lines = ["[tool.agent_checklist]"]
    lines += [line(key, "") for key in ("graph", "turn", "effects") if key in said]
    if outcome.problem:
        proposed = facts.get("input") or {"messages": [["user", "{text}"]]}
        lines += [note(outcome.problem), line("input", proposed)]
    if facts.get("beyond"):
        lines.append(note(facts["beyond"]))
    today = " These ask today:" if asks and "risky" not in said else ""
    lines.append(f"# Which tools may not run without a person?{today}")
    said |= {"risky": said.get("risky", risky)} if risky else {}
    lines.append(line("risky", []))
    if others:
        lines.append(f"# Also offered: {', '.join(others)}. Are they harmless?")
    lines.append(f"# Models asked in a plain turn: {', '.join(facts['models']) or 'none'}.")
    lines.append("# Is there a second model for when the first is down?")
    lines.append(line("fallback", len(facts["models"]) > 1))
    lines.append("# How many tokens may a request have, and how long may a turn take?")
    lines += [line("context_window", 128000), line("turn_seconds", 60)]
    lines.append("# Which of these do you promise? They are red only then:")
    promised = [claim.name for claim in CLAIMS.values() if claim.level == "declared"]
    lines.append(line("promises", promised))
    lines += [line(key, "") for key in list(said)]
    mark = "" if accepted else "# "
    lines.append(f"{mark}[tool.agent_checklist.accept]")
    for name, why in (accepted or {"streaming.torn": "why, until 2027-01-31"}).items():
        lines.append(f"{mark}{_as_key(name)} = {_as_toml(why)}")
    return "\n".join(lines)
