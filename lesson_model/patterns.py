"""What addresses, dates, codes, names and the like look like in the user's words."""

from __future__ import annotations

import re

__all__ = (
    "BARE_NUMBER",
    "CODE",
    "CURRENCIES",
    "CURRENCY",
    "DATE",
    "EMAIL",
    "KINDS",
    "NAME",
    "PATH",
    "URL",
)

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"https?://[^\s\"'<>]*[^\s\"'<>.,;:!?)]")
PATH = re.compile(r"(?<![\w@./:-])(?:[~.]{0,2}/[\w./-]*\w|[\w-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,4})\b")
REPOSITORY = re.compile(r"(?<![\w./-])[\w-]+/[\w.-]*\w")
DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
    rf"|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?: \d{{4}}\b)?"
    r"|\b(?:next )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:today|tonight|tomorrow|yesterday|next (?:week|month|year))\b",
    re.I,
)
TIME = re.compile(r"\b\d{1,2}:\d\d(?:\s*[ap]m\b)?|\b\d{1,2}\s*[ap]m\b|\bnoon\b|\bmidnight\b", re.I)
DOTTED = re.compile(r"\bv?\d+(?:\.\d+)+(?:-\w+)?\b")
CODE = re.compile(
    r"\b(?=[\w-]{0,30}\d)(?:[A-Z]{1,6}-?\d[\w-]*|[a-z]+[-_]\d[\w-]*|\d+(?:-\d+)+)\b|(?<=#)\w+"
)
BARE_NUMBER = re.compile(r"(?<![\w.$€£-])\d+(?![\w.]|\s*(?:dollar|euro|usd|eur|%|day|night))", re.I)
EXPRESSION = re.compile(r"[\d(][\d\s+\-*/().^%×÷]*[\d)]")
CURRENCY = re.compile(r"\b(?:[A-Z]{3}(?!-)|(?:dollar|euro|pound|yen)s?)\b|[$€£]")
CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "dollar": "USD", "euro": "EUR", "pound": "GBP",
              "yen": "JPY"}  # fmt: skip
LANGUAGE = re.compile(
    r"\b(?:English|French|German|Spanish|Italian|Portuguese|Dutch|Polish|Russian|Chinese|Japanese"
    r"|Korean|Arabic|Hindi|Turkish|Greek|Swedish|Latin)\b",
    re.I,
)
UPPER = r"[A-ZÀ-ÖØ-ÞŁŚŠŽĐČĆ]"
PIECE = rf"(?:(?:Dr|Mr|Mrs|Ms|St)\.|{UPPER}[\w'’-]*|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+)"
NAME = re.compile(rf"\b{PIECE}(?:\s+(?:(?:de|del|da|of|van|von|la|le|the)\s+)*{PIECE})*")
KINDS = (  # words in a parameter's name -> what its value looks like
    ({"email", "mail"}, EMAIL),
    ({"repo", "repository"}, REPOSITORY),
    ({"url", "link", "website"}, URL),
    ({"version", "ip"}, DOTTED),
    ({"date", "day", "when", "deadline", "due"}, DATE),
    ({"time", "hour"}, TIME),
    ({"path", "file", "filename", "dir", "directory", "folder"}, PATH),
    ({"language", "lang"}, LANGUAGE),
    ({"expression", "formula", "equation"}, EXPRESSION),
    ({"currency"}, CURRENCY),
)
