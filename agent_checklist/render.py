"""A report as text, JSON, JUnit XML, and one HTML page."""

from __future__ import annotations

import html
import json
import re
import textwrap
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
from agent_checklist.runner import Outcome, Verdict
from agent_checklist.workspace import shortened

__all__ = ("as_html", "as_json", "as_junit", "explained", "section", "terminal")

SCHEMA = 1
MARKS = {PASS: "✓", FAIL: "✗", NOT_APPLICABLE: "-", COULD_NOT_JUDGE: "?", ACCEPTED: "~"}
WORDS = {
    PASS: "pass",
    FAIL: "fail",
    NOT_APPLICABLE: "not applicable",
    COULD_NOT_JUDGE: "could not judge",
    ACCEPTED: "accepted",
}
WIDTH = 100


def counts(outcome: Outcome) -> str:
    """Return how many claims have which verdict."""
    found = [verdict.verdict for verdict in outcome.verdicts]
    return ", ".join(f"{found.count(one)} {WORDS[one]}" for one in MARKS if one in found)


def terminal(outcome: Outcome, code: int, verbose: bool = False) -> str:
    """Return the report for a terminal."""
    lines = [f"{outcome.target} (level: {outcome.level})"]
    if outcome.facts:
        tools = ", ".join(f"{n} ({how})" for n, how in outcome.facts["tools"].items()) or "none"
        lines += textwrap.wrap(f"tools: {tools}", WIDTH, subsequent_indent="    ")
        for name, why in outcome.facts.get("replaced", {}).items():
            told = f"{name} {why} for made-up arguments. It is replaced by one that returns a text."
            lines += textwrap.wrap(told, WIDTH, subsequent_indent="    ")
    if outcome.problem:
        lines += textwrap.wrap(f"Nothing could be judged. {outcome.problem}", WIDTH)
        return "\n".join(lines)
    lines.append("")
    for verdict in outcome.verdicts:
        claim = CLAIMS[verdict.name]
        shown = verdict.reason or claim.promise
        head = f"{MARKS[verdict.verdict]} {verdict.name:<25} "
        if verdict.verdict in (PASS, NOT_APPLICABLE, COULD_NOT_JUDGE) and not verbose:
            if verdict.verdict == PASS:
                shown = claim.promise
            lines += textwrap.wrap(shown, WIDTH, initial_indent=head, subsequent_indent=" " * 28)
            continue
        lines += textwrap.wrap(shown, WIDTH, initial_indent=head, subsequent_indent=" " * 28)
        if verdict.verdict == FAIL:
            lines += _told(claim, verdict, outcome, verbose)
        elif verbose:
            lines += _indented(_evidence(verdict.evidence, verbose))
    lines += [
        "",
        f"{counts(outcome)} in {outcome.seconds:.0f} s ({outcome.cpu_seconds:.0f} CPU s).",
    ]
    if code == 2:
        lines.append("Too much could not be judged: exit code 2.")
    return "\n".join(lines)


def _told(claim: Claim, verdict: Verdict, outcome: Outcome, verbose: bool) -> list[str]:
    """Return what a developer wants to know of a red line."""
    return _indented(
        [
            f"Promise: {claim.promise}",
            f"Done: {claim.done}",
            f"Cure: {claim.cure} Lesson {claim.lesson}.",
            *_evidence(verdict.evidence, verbose),
            f"Again: {again(claim, outcome)}",
        ]
    )


def _evidence(evidence: dict, verbose: bool) -> list[str]:
    """Return what was seen, as lines."""
    texts = []
    if error := evidence.get("exception"):
        raised = [
            line for line in error.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)
        ]
        texts.append(f"Raised: {shortened((raised or [error.strip()])[-1], 300)}")
    if messages := evidence.get("messages"):
        for message in messages[-8 if verbose else -3 :]:
            texts.append(f"  {message}")
    if verbose:
        for request in evidence.get("requests", ()):
            texts.append(f"  request: {request}")
        texts += [f"  effect: {one}" for one in evidence.get("effects", ())]
        texts += [f"  interrupt: {one}" for one in evidence.get("interrupts", ())]
        texts += [f"  log: {one}" for one in evidence.get("log", ())]
    return texts


def _indented(texts: list[str]) -> list[str]:
    indent, lines = " " * 28, []
    for text in texts:
        lines += textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    return lines


def again(claim: Claim, outcome: Outcome) -> str:
    """Return the command that looks at one claim alone, and keeps its files."""
    what = f"{outcome.target} " if outcome.level == "graph" else ""
    return f"python -m agent_checklist {what}--only {claim.name} -v --keep checklist-files"


def as_json(outcome: Outcome, code: int) -> str:
    """Return the report as JSON; `schema` is raised when a field changes its meaning."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "target": outcome.target,
            "level": outcome.level,
            "exit_code": code,
            "problem": outcome.problem,
            "seconds": round(outcome.seconds, 1),
            "cpu_seconds": round(outcome.cpu_seconds, 1),
            "agent": outcome.facts,
            "claims": [
                {
                    "name": verdict.name,
                    "verdict": verdict.verdict,
                    "reason": verdict.reason,
                    "promise": CLAIMS[verdict.name].promise,
                    "done": CLAIMS[verdict.name].done,
                    "cure": CLAIMS[verdict.name].cure,
                    "lesson": CLAIMS[verdict.name].lesson,
                    "level": CLAIMS[verdict.name].level,
                    "seconds": round(verdict.seconds, 2),
                    "evidence": verdict.evidence,
                }
                for verdict in outcome.verdicts
            ],
        },
        indent=1,
        default=str,
        ensure_ascii=False,
    )


def as_junit(outcome: Outcome, code: int) -> str:
    """Return the report as JUnit XML: a claim is a test case."""
    found = [verdict.verdict for verdict in outcome.verdicts]
    skipped = len(found) - found.count(PASS) - found.count(FAIL)
    suite = ElementTree.Element(
        "testsuite",
        name="agent_checklist",
        tests=str(len(found)),
        failures=str(found.count(FAIL)),
        skipped=str(skipped),
        errors="0",
        time=f"{outcome.seconds:.1f}",
    )
    for verdict in outcome.verdicts:
        group, _, name = verdict.name.partition(".")
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"agent_checklist.{group}",
            name=name,
            time=f"{verdict.seconds:.2f}",
        )
        if verdict.verdict == FAIL:
            told = ElementTree.SubElement(case, "failure", message=_clean(verdict.reason))
            told.text = _clean(json.dumps(verdict.evidence, indent=1, default=str))
        elif verdict.verdict != PASS:
            words = f"{WORDS[verdict.verdict]}: {verdict.reason}"
            ElementTree.SubElement(case, "skipped", message=_clean(words))
    return ElementTree.tostring(suite, "unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return "".join(each for each in text if each >= " " or each in "\n\t")


def as_html(outcome: Outcome, code: int) -> str:
    """Return the report as one page, which loads nothing."""
    rows = []
    for verdict in outcome.verdicts:
        claim = CLAIMS[verdict.name]
        details = ""
        if verdict.evidence and verdict.verdict in (FAIL, ACCEPTED):
            inside = html.escape(
                json.dumps(verdict.evidence, indent=1, default=str, ensure_ascii=False)
            )
            details = (
                f"<p>{html.escape(claim.done)} <b>Cure:</b> {html.escape(claim.cure)} "
                f"Lesson {claim.lesson}.</p><p><code>{html.escape(again(claim, outcome))}</code>"
                f"</p><details><summary>What was seen</summary><pre>{inside}</pre></details>"
            )
        rows.append(
            f"<tr class='{verdict.verdict}'><td>{MARKS[verdict.verdict]} "
            f"{WORDS[verdict.verdict]}</td><th scope='row'>{verdict.name}</th><td>"
            f"{html.escape(verdict.reason or claim.promise)}{details}</td></tr>"
        )
    style = (
        "body{font:15px/1.45 system-ui;margin:2em auto;max-width:70em;padding:0 1em}"
        "td,th{text-align:left;vertical-align:top;padding:.35em .6em;border-top:1px solid #ccc}"
        ".fail td:first-child{color:#a40000;font-weight:bold}.pass td:first-child{color:#176217}"
        "pre{white-space:pre-wrap;background:#f4f4f4;padding:.6em}"
    )
    title = html.escape(f"Production checklist: {outcome.target}")
    problem = f"<p>{html.escape(outcome.problem)}</p>" if outcome.problem else ""
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title>"
        f"<style>{style}</style><h1>{title}</h1>{problem}<p>{counts(outcome)}; exit code {code}."
        "</p><table><thead><tr><th>verdict</th><th>claim</th><th>what was seen</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></html>"
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
        inside = ", ".join(f"{key} = {_as_toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return '""' if value is None else json.dumps(value, ensure_ascii=False)


def section(outcome: Outcome) -> str:
    """Return the section of pyproject.toml that fits an agent, with questions."""
    facts = outcome.facts or {"tools": {}, "models": [], "risky": []}
    asks = [name for name, how in facts["tools"].items() if how == "asks"]
    risky = facts["risky"] or asks
    others = [name for name in facts["tools"] if name not in risky]
    lines = ["[tool.agent_checklist]", f'graph = "{outcome.target}"']
    if outcome.problem:
        proposed = facts.get("input") or {"messages": [["user", "{text}"]]}
        lines += [f"# {outcome.problem}", f"# input = {_as_toml(proposed)}"]
    lines.append("# Which tools may not run without a person? These ask today:")
    lines.append(f"risky = {json.dumps(risky)}")
    if others:
        lines.append(f"# Also offered: {', '.join(others)}. Are they harmless?")
    lines.append(f"# Models asked in a plain turn: {', '.join(facts['models']) or 'none'}.")
    lines.append("# Is there a second model for when the first is down?")
    lines.append(f"# fallback = {'true' if len(facts['models']) > 1 else 'false'}")
    lines.append("# How many tokens may a request have, and how long may a turn take?")
    lines += ["# context_window = 128000", "# turn_seconds = 60"]
    lines.append("# Which of these do you promise? They are red only then:")
    promised = [claim.name for claim in CLAIMS.values() if claim.level == "declared"]
    lines.append(f"# promises = {json.dumps(promised)}")
    lines += ["# [tool.agent_checklist.accept]", '# "streaming.torn" = "why, until 2027-01-31"']
    return "\n".join(lines)
