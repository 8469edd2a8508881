"""What addresses, dates, codes, names and the like look like in the user's words."""

from __future__ import annotations

import re

__all__ = ("CODE", "DATE", "EMAIL", "KINDS", "NAME", "PATH", "QUOTED", "URL")

QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`|(?<!\w)'[^'\n]*(?:'\w[^'\n]*)*'(?!\w)")
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"https?://[^\s\"'<>]*[^\s\"'<>.,;:!?)]")
PATH = re.compile(r"(?<![\w@./:-])(?:[~.]{0,2}/[\w./-]*\w|[\w-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,4})\b")
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
    rf"|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?: \d{{4}}\b)?"
    r"|\b(?i:(?:next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tonight|tomorrow)\b"
)
TIME = re.compile(r"\b\d{1,2}:\d\d(?:\s*[ap]m\b)?|\b\d{1,2}\s*[ap]m\b|\bnoon\b|\bmidnight\b")
CODE = re.compile(  # +55 (12) 3923-5555, A-17, web-01, 555-0192, #42
    r"\+\d[\d ().-]{5,20}\d\b|\(\d{2,4}\) ?\d[\d -]{4,12}\d\b|"
    r"\b(?=[\w-]{0,30}\d)(?:[A-Z]{1,6}-?\d[\w-]*|[a-z]+[-_]\d[\w-]*|\d+(?:-\d+)+)\b|(?<=#)\w+"
)
UPPER = r"[A-ZÀ-ÖØ-ÞŁŚŠŽĐČĆ]"
PIECE = rf"(?:(?:Dr|Mr|Mrs|Ms|St)\.|{UPPER}[\w'’-]*|[^\W\d_A-Za-zÀ-ɏ]+)"
NAME = re.compile(rf"\b{PIECE}(?:\s+(?:(?:de|del|da|of|van|von|la|le|the)\s+)*{PIECE})*")
KINDS = (  # words in a parameter's name -> what its value looks like
    ({"email", "mail"}, EMAIL),
    ({"url", "link", "website"}, URL),
    ({"repo", "repository"}, re.compile(r"(?<![\w./-])[\w-]+/[\w.-]*\w")),
    ({"version", "ip"}, re.compile(r"\bv?\d+(?:\.\d+)+(?:-\w+)?\b")),
    ({"date", "day", "when", "deadline"}, DATE),
    ({"time", "hour"}, TIME),
    ({"path", "file", "filename", "directory", "folder"}, PATH),
    ({"expression", "formula", "equation"}, re.compile(r"[\d(][\d\s+\-*/().^%×÷]*[\d)]")),
)
