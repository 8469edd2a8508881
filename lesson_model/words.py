"""Words: stems, synonyms, verbs; enough English to tell which tool a request is about."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ("EFFECT", "PURE", "READ", "focus", "grow", "stem", "verbs_of", "words")

STOP = frozenset(
    """a an the to of in on at for and or is are was be it its this that with from by as i me my you
    your we our us please can could would will do does did what which who how when where why use
    using used tool call now just so then than there their them they he she his her not no yes if
    about into out up off give want need current currently value given return returns input output
    function useful result results something anything some any one new go let make has have had been
    am im re ll ve after before also first next finally into per via today right here""".split()
)

# One line, one meaning. A verb with an effect is never carried out on a mere hint.
EFFECT_VERBS = """
delete remove drop wipe erase destroy purge trash clear flush
send email mail message notify text forward tell
refund reimburse
pay charge
buy purchase order
book reserve reservation booking
transfer wire
cancel abort revoke
restart reboot
start launch
stop shutdown kill terminate
deploy rollout
ship deliver dispatch
create open raise file
write save store remember memorize
update edit modify change
set turn switch adjust dim
schedule arrange book plan
approve accept
reject decline
upload publish post
invite
assign escalate
block ban suspend
subscribe
unsubscribe
reset
install
execute run
"""
PURE_VERBS = """
analyze analyse examine inspect scan
classify categorize label
estimate predict guess
recommend suggest
determine identify detect
provide supply
extract parse
validate verify
measure monitor
describe explain
simulate roll flip
add plus sum total
subtract minus difference
multiply product
divide quotient
calculate compute evaluate calculator math mathematical arithmetic calculation solve
convert conversion exchange
translate translation
count
reverse
summarize summarise summary
sort
compare
"""
READ_VERBS = """
search find look lookup research query retrieve google browse
read open load show display view
list show
get fetch check show see track
"""
THINGS = """
weather forecast temperature rain rainy sunny umbrella hot cold warm degree snow wetter météo clima
stock share price trading ticker quote
population people inhabitant
file document path
directory folder
order parcel package delivery
status state progress shipped arrive tracking
money account bank
currency dollar euro usd eur gbp
time clock
database table sql
server machine host
code coder program programmer programming python function script bug plot chart
review reviewer critique
research researcher find information latest
billing invoice charge charged payment refund bill
technical error crash bug broken login
positive love great good correct excellent wonderful happy amazing best enjoy
negative hate terrible bad boring awful worst poor disappointed angry wrong rude incorrect
spam free prize win winner click offer
email mail inbox
employee colleague
hotel room stay accommodation
inventory stock warehouse
meeting appointment event call calendar
ticket issue case
flight plane fly
car vehicle
user customer client account
note memo
reminder alarm
doc documentation manual
"""


def _lines(text: str) -> list[frozenset[str]]:
    return [frozenset(map(stem, line.split())) for line in text.strip().splitlines()]


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


EFFECT, PURE, READ = _lines(EFFECT_VERBS), _lines(PURE_VERBS), _lines(READ_VERBS)
GROUPS = [*EFFECT, *PURE, *READ, *_lines(THINGS)]
OPERATORS = (
    (re.compile(r"(?<=[\d)])\s*[*×]\s*(?=[\d(])|(?<=\d)\s*x\s*(?=\d)"), " multiply math "),
    (re.compile(r"(?<=[\d)])\s*\+\s*(?=[\d(])"), " add math "),
    (re.compile(r"(?<=[\d)])\s*[/÷]\s*(?=[\d(])"), " divide math "),
    (re.compile(r"(?<=[\d)])\s+[-−]\s+(?=[\d(])"), " subtract math "),
    (re.compile(r"(?<=\w)\s+times\s+(?=\w)|\bmultiplied by\b", re.I), " multiply math "),
    (re.compile(r"\bdivided by\b", re.I), " divide math "),
    (re.compile(r"\bmoney back\b|\b(?:euros|dollars|pounds) back\b", re.I), " refund "),
    (re.compile(r"\b(tell|send|give) (?:me|us)\b", re.I), " show "),
    (re.compile(r"\bwho(?:['’]s| is| was)\b", re.I), " person "),
    (re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])|[_-]"), " "),
)
WORD = re.compile(r"[^\W\d_]{2,}")


@lru_cache(maxsize=512)
def words(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning; operators count as verbs."""
    for pattern, replacement in OPERATORS:
        text = pattern.sub(replacement, text)
    return frozenset(stem(w) for w in WORD.findall(text) if w.lower() not in STOP)


@lru_cache(maxsize=4096)
def _kin(word: str) -> frozenset[str]:
    return frozenset().union(*(group for group in GROUPS if word in group), (word,))


def grow(stems: frozenset[str]) -> frozenset[str]:
    """Return the stems and their synonyms."""
    return frozenset().union(*map(_kin, stems))


@lru_cache(maxsize=4096)
def verbs_of(word: str) -> frozenset[str]:
    """Return the verbs that mean the same as this stem, none if it is no known verb."""
    return frozenset().union(*(group for group in (*EFFECT, *PURE, *READ) if word in group))


def focus(text: str, limit: int = 6000) -> str:
    """Return a text short enough to plan by: a request stands at the beginning or at the end."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}\n{text[-half:]}"
