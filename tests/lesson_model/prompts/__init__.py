"""Prompts a student might write, each with the sensible thing to expect.

Every third case is held out: it is not used while the behaviour is improved.
"""

from __future__ import annotations

from .case import Case
from .chained import CHAINED
from .chat import CHAT
from .no_call import NO_CALL
from .one_call import ONE_CALL
from .one_more_call import ONE_MORE_CALL
from .several_calls import SEVERAL_CALLS
from .structured import STRUCTURED

__all__ = ("ALL", "DEVELOP", "HELD_OUT", "Case")

ALL = (*ONE_CALL, *ONE_MORE_CALL, *SEVERAL_CALLS, *CHAINED, *NO_CALL, *CHAT, *STRUCTURED)
DEVELOP = tuple(case for i, case in enumerate(ALL) if i % 3 != 2)
HELD_OUT = tuple(case for i, case in enumerate(ALL) if i % 3 == 2)
