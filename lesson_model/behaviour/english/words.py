"""Words: stems, synonyms and verbs; enough English to tell which tool a request is about."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = (
    "EFFECT",
    "GROUPS",
    "LOOK",
    "focus",
    "is_free_text",
    "stem",
    "stems_in_order",
    "synonyms_of",
    "stems_of",
)

STOP = frozenset(
    """a an the to of in on at for and or is are was be it its this that with from by as i me my you
    your we our us please can could would will do does did what which who how when where why use
    using used tool call now just so then than there their them they he she his her not no yes if
    about into out up off give want need current currently value given return returns input output
    function useful result results something anything some any one new go let make has have had been
    am im re ll ve after before also first next finally into per via today right here
    know""".split()
)
# Words between two semicolons mean the same. What has an effect is never done on a mere hint.
EFFECTS = """
write save store remember; delete remove drop wipe erase destroy clear; refund reimburse; pay charge
send email mail message notify text tell write draft compose; buy purchase order; transfer wire
book reserve schedule arrange plan; cancel revoke; restart reboot; start launch; stop shutdown kill
deploy ship; create open schedule; update edit modify change; set turn switch; approve accept
reject decline; upload publish post; execute run"""
LOOKS = """
search find look lookup research query retrieve google; read open load show contain; list show
get fetch check show see track"""
THINGS = """
add sum; subtract difference; multiply product; calculate compute evaluate calculator math
weather forecast temperature rain sunny umbrella hot cold warm snow; stock share price trading
population people; inventory stock; server machine host; email mail; flight fly; ticket issue
coder code python function plot; researcher research find information latest
billing invoice charge payment refund; shipping package arrive; doc documentation
technical error crash bug broken login update screen; meeting appointment event calendar
positive love great good happy; negative hate terrible bad boring"""


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a word in lower case without its ending: refunded, refunds -> refund."""
    word = word.lower()
    if len(word) > 4 and word.endswith("y"):
        word = word[:-2] if word[-2] == word[-3] else word[:-1]
    for ending in ("ing", "ies", "ied", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word[: -len(ending)]
            if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "sl":
                bare = bare[:-1]
            return bare.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word


def _groups(text: str) -> list[frozenset[str]]:
    groups = text.strip().replace("\n", ";").split(";")
    return [frozenset(map(stem, group.split())) for group in groups]


GROUPS = [*_groups(EFFECTS), *_groups(LOOKS), *_groups(THINGS)]
EFFECT = frozenset().union(*_groups(EFFECTS))
LOOK = frozenset().union(*_groups(LOOKS))
SIGNS = {"*": "multiply math", "×": "multiply math", "x": "multiply math", "+": "add math",
         "/": "divide math", "÷": "divide math", "-": "subtract math", "times": "multiply math",
         "plus": "add math", "minus": "subtract math", "divided": "divide math",
         "who": "person"}  # fmt: skip
WORD = re.compile(r"(?<=[\d)])\s*[*×x+/÷]\s*(?=[\d(])|(?<=[\d)]) - (?=[\d(])|[^\W\d_]{2,}")
FREE_TEXTS = """
query question q input text message prompt body content task topic subject description reason
request keyword term note comment summary thought title instruction fact details"""
FREE_TEXT = frozenset(map(stem, FREE_TEXTS.split()))


@lru_cache(maxsize=512)
def stems_of(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning; a sign between numbers is a word too."""
    said = (w.strip().lower() for w in WORD.findall(text))
    return frozenset(stem(w) for s in said for w in SIGNS.get(s, s).split() if w not in STOP)


def stems_in_order(text: str) -> list[str]:
    """Return the stems of all words in their order."""
    return [stem(word) for word in WORD.findall(text)]


@lru_cache(maxsize=4096)
def _synonyms(word: str) -> frozenset[str]:
    return frozenset((word,)).union(*(group for group in GROUPS if word in group))


def synonyms_of(stems: frozenset[str]) -> frozenset[str]:
    """Return the stems and their synonyms."""
    return frozenset().union(*map(_synonyms, stems))


def is_free_text(name: str) -> bool:
    """Whether a parameter of this name takes the user's own words."""
    return bool({stem(part) for part in name.lower().split("_")} & FREE_TEXT)


def focus(text: str, limit: int = 6000) -> str:
    """Return a text short enough to plan by: a request stands at the beginning or at the end."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}\n{text[-half:]}"
