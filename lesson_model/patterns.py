"""What addresses, dates, codes, names and the like look like in the user's words."""

from __future__ import annotations

import re

__all__ = (
    "ABOUT",
    "ADDRESSED",
    "AFTER_VERB",
    "CALLED",
    "CODE",
    "CURRENCY",
    "CURRENCY_CODES",
    "DATE",
    "DETERMINER",
    "EMAIL",
    "ENDS",
    "IDENTIFIER",
    "IP",
    "LANGUAGE",
    "MEASURED",
    "NAME",
    "NAMED_PLACE",
    "NOT_NUMBERS",
    "OBJECT",
    "OF",
    "PATH",
    "PLACE",
    "PLAIN_PLACE",
    "PREPOSITION",
    "REPOSITORY",
    "SAID",
    "SEARCHED",
    "SMALL",
    "TIME",
    "URL",
    "VERSION",
)

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"https?://[^\s\"'<>]+[^\s\"'<>.,;:!?)]")
PATH = re.compile(
    r"(?<![\w@./:-])(?:~?\.{0,2}/[\w./-]*\w|/(?=\s|$)|[\w-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,4})\b/?"
)
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b"
    rf"|\b{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\b(?:\s+\d{{4}}\b)?"
    r"|\b(?:(?:next|this)\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
    r"|\b(?:today|tonight|tomorrow|yesterday|next (?:week|month|year))\b",
    re.I,
)
TIME = re.compile(
    r"\b\d{1,2}:\d\d(?:\s*[ap]\.?m\b)?|\b\d{1,2}\s*[ap]\.?m\b|\bnoon\b|\bmidnight\b", re.I
)
IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
VERSION = re.compile(r"\bv?\d+(?:\.\d+)+(?:-\w+)?\b|\bv\d+\b")
CODE = re.compile(r"\b(?=[\w-]{0,30}\d)(?:[A-Z]{1,6}-?\d[\w-]*|[a-z]+[-_]\d[\w-]*)\b|(?<=#)\w+")
NOT_NUMBERS = re.compile(
    "|".join(p.pattern for p in (EMAIL, URL, CODE))
    + r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b|/[\w./-]*\d[\w./-]*",
)
MEASURED = re.compile(  # numbers that are no codes
    r"[$€£]\s?\d[\d.,]*|\d[\d.,]*\s*(?:dollar|euro|pound|usd|eur|gbp|%|day|night)s?"
    rf"|{DATE.pattern}",
    re.I,
)
UPPER = r"[A-ZÀ-ÖØ-ÞĀŁŚŠŽĐČĆ]"
PIECE = (
    rf"(?:(?:Dr|Mr|Mrs|Ms|St|Prof)\.|{UPPER}[\w'’-]*|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+)"
)
NAME = re.compile(rf"\b{PIECE}(?:\s+(?:(?:de|del|da|do|of|van|von|la|le|the)\s+)*{PIECE})*")
NAMED_PLACE = re.compile(rf"\b(?:in|at|near|for|to)\s+(?:the\s+)?({NAME.pattern})")
PLAIN_PLACE = re.compile(
    r"\b(?:in|at|near|for|to)\s+(?:the\s+|my\s+)?(?!the\b|my\b|a\b|an\b|this\b|me\b"
    r"|it\b)([^\W\d_]+(?:\s[^\W\d_]+){0,2}?)"
    r"(?=\s*(?:[?.!,;]|$|\b(?:please|today|tomorrow|now|right|like|on|in|at|and|for|this)\b))"
)
CURRENCY = {"$": "USD", "€": "EUR", "£": "GBP", "dollar": "USD", "euro": "EUR", "pound": "GBP",
            "yen": "JPY", "franc": "CHF", "rupee": "INR"}  # fmt: skip
CURRENCY_CODES = (
    "USD|EUR|GBP|JPY|CHF|INR|CNY|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|TRY|BRL|MXN|ZAR|SGD|HKD|KRW"
)
LANGUAGE = re.compile(
    r"\b(?:English|French|German|Spanish|Italian|Portuguese|Dutch|Polish|Russian|Chinese|Mandarin"
    r"|Japanese|Korean|Arabic|Hindi|Turkish|Greek|Swedish|Danish|Finnish|Norwegian|Czech|Latin)\b",
    re.I,
)
PLACE = frozenset("city location place country town room region area state zone address".split())
ENDS = (
    r"(?=\s+(?:with|saying|that says|and|on|at|for|from|to|because|please|right now|right away|now"
    r"|today|immediately|again|first|by|as|back|up|down)\b|[.?!,;:]|$)"
)
OBJECT = re.compile(
    rf"\b(?:the|a|an|my|our|this)\s+([\w'’-]+(?:\s+(?!of\b|between\b)[\w'’-]+){{0,3}}?){ENDS}", re.I
)
IDENTIFIER = re.compile(r"(?<![\w-])[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+(?![\w-])")
CALLED = re.compile(
    rf"\b(?:named|called|titled|entitled)\s+(?:\"([^\"]+)\"|“([^”]+)”|'(.+?)'(?!\w)"
    rf"|({NAME.pattern}))"
)
OF = re.compile(rf"\bof\s+(?:the\s+|my\s+|our\s+)?([\w-]+(?:\s[\w-]+)?){ENDS}", re.I)
REPOSITORY = re.compile(r"(?<![\w./-])[\w-]+/[\w.-]*\w")
AFTER_VERB = re.compile(rf"^\W*(?:please\s+|can you\s+|could you\s+)?\w+\s+([\w-]+){ENDS}", re.I)
ADDRESSED = "tell|inform|remind|notify|message|email|mail|text|ask|contact"
SAID = re.compile(
    r"\b(?:saying|that says|telling (?:him|her|them|\w+)|(?:tell|inform|remind|let)\s+(?!me\b"
    r"|us\b)\w+"
    r"(?:\s+know)?)\s+(?:that\s+|to\s+)?(.+)",
    re.I | re.S,
)
SEARCHED = re.compile(
    r"\b(?:search(?:ing)?|look(?:ing)?|find|research|google|query|browse)\b"
    r"(?:\s+(?:me|up|for|out|the web|the internet|the docs|the documentation|online|on|about"
    r"|into|what|who))*"
    r"\s+(.+?)(?:\s+(?:in|on)\s+the\s+(?:web|internet|docs|documentation))?[\s.?!]*$",
    re.I | re.S,
)
ABOUT = re.compile(
    r"\b(?:about|regarding|concerning|on the topic of)\s+(.+?)(?=\s+(?:with|saying|that says"
    r"|and|on|at|for)\b|[.?!,;:]|$)",
    re.I,
)
DETERMINER = re.compile(r"\s+(?:the|a|an|my|our|your|all|this|that|these|those|me|us)\b", re.I)
PREPOSITION = re.compile(r"\s+(?:at|in|on|with|to|about|for|by|from)\b", re.I)
SMALL = frozenset(
    """i what who when where why how which is are was were do does did has have can could will would
    please the a an and or if my your it in on at for to of from with then now also hi hello hey use
    called named titled extract subject body compare tell give email invoice retrieved user
    return reply json""".split()
)
