"""Prompts a student might write, each with the sensible thing to expect.

Every third case of the first collection is held out. The other sets were written later, one after
another, each before the behaviour had been tried on it. UNSEEN, VARIATIONS and LAST_LOOK look for
the odd; ORDINARY and SECOND_LOOK hold what students type. Right at first look, before any repair:
HELD_OUT 70 of 80, FRESH 48 of 57, UNSEEN 36 of 51, VARIATIONS 33 of 47, LAST_LOOK 30 of 40,
ORDINARY 60 of 76. Then the behaviour was rewritten; SECOND_LOOK 29 of 30.
PROMISED holds what must work in every case.
"""

from __future__ import annotations

from .case import Case
from .chained import CHAINED
from .chat import CHAT
from .fresh import FRESH
from .last_look import LAST_LOOK
from .no_call import NO_CALL
from .one_call import ONE_CALL
from .one_more_call import ONE_MORE_CALL
from .ordinary import ORDINARY
from .promised import PROMISED
from .second_look import SECOND_LOOK
from .several_calls import SEVERAL_CALLS
from .structured import STRUCTURED
from .unseen import UNSEEN
from .variations import VARIATIONS

__all__ = (
    "ALL",
    "DEVELOP",
    "FRESH",
    "HELD_OUT",
    "LAST_LOOK",
    "ORDINARY",
    "PROMISED",
    "SECOND_LOOK",
    "UNSEEN",
    "VARIATIONS",
    "Case",
)

ALL = (*ONE_CALL, *ONE_MORE_CALL, *SEVERAL_CALLS, *CHAINED, *NO_CALL, *CHAT, *STRUCTURED)
DEVELOP = tuple(case for i, case in enumerate(ALL) if i % 3 != 2)
HELD_OUT = tuple(case for i, case in enumerate(ALL) if i % 3 == 2)
