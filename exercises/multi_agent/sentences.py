"""What a sentence claims: that a call has worked, or that something is not known."""

from __future__ import annotations

import re

__all__ = ("admits_ignorance", "claims_success")

# Words that say a call has worked, and words that take it back or speak of something else.
CLAIM = re.compile(
    r"\b(done|ok|okay|success\w*|succeeded|completed?|finished|executed|fulfilled|worked|arrives"
    r"|found|sent|refunded|approved|paid|(went|gone) through|already (run|answered)"
    r"|(?<!while it )(?<!while this )ran(?! (into|out))"
    r"|(was|were|been|has|have|had|did) (just )?run(?! (into|out))"
    r"|(^|(?<=[.:;] )|(was|were|been|has|have|already|all|desk|we|I) )(carried (it |this )?out"
    r"|(taken|took) care of|dealt with|settled|sorted|resolved|processed|performed|handled|seen to"
    r"|tracked|looked (it |this )?up)"
    r"(?! by (the )?(refunds|next|new))"
    r"|(is|are) (settled|sorted|resolved)|taken care of this|in hand already|already in hand)\b",
    re.I,
)
DOUBT = re.compile(
    r"\b(no(?! need\b)|not|cannot|none|false|nothing|nobody|neither|nor|never|with(out|held|drawn)"
    r"|un\w+|dis\w+|may|might|could|if|whether|what|until|unless|maybe|perhaps|check|verify"
    r"|probabl\w+|possibl\w+|presumabl\w+|likely|seem\w*|assum\w+|believ\w+|should have"
    r"|again|cancel\w*|skip\w*|lost|pending|handed|hand\w*\W?o(ver|ff)|transfer\w*|reject\w*"
    r"|refus\w*|den\w+|declin\w*|stop\w*|forbid\w*|block\w*|turned down|abort\w*|fail\w*"
    r"|veto\w*)\b|n['’]t|\?",
    re.I,
)
# When it happened, as in "done before the customer was handed over", is no word of doubt.
BEFORE = re.compile(
    r"\b(before|prior to|ahead of)\b[^.,;:?!]*?\b(transfer\w*|handed|hand\w*\W?o(ver|ff))\b", re.I
)
# Nor is the advice to leave a call alone, where it does not say until when.
ADVICE = re.compile(
    r"\b(no need to|(do|must|should|need) not|(do|need)n['’]t) (call|run|repeat|retry|redo|do|ask)"
    r"\b((?!\b(before|until|unless|without)\b)[^.,;:?!])*(?=[.,;:?!]|$)",
    re.I,
)
# Words with which a sentence says that something is not known or was not found out.
IGNORANCE = re.compile(
    r"\b(no|not|never|nothing|nobody|cannot|without|un\w+|in\w+able|im\w+|fail\w*|error\w*|miss\w+"
    r"|lack\w*|problem\w*|trouble\w*|later|pending|open|lost|down|skip\w*|wrong|exception\w*"
    r"|could|sorry|broke\w*|out of|went)\b|n['’]t|\?",
    re.I,
)


def claims_success(text: str) -> bool:
    """Return whether a tool's answer says that the call has worked."""
    said = ADVICE.sub("", BEFORE.sub("before", text.strip()))
    return bool(CLAIM.search(said)) and not DOUBT.search(said)


def admits_ignorance(text: str) -> bool:
    """Return whether a sentence says, in whatever words, that something is not known."""
    return bool(IGNORANCE.search(text))
