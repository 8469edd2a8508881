"""Who asks: a stand-in for your identity provider.

With PRODUCTION_AGENT_TOKENS="ann:<token>,bob:<token>" a request carries `Authorization: Bearer
<token>`. Without it, while developing, nobody has to prove who they are: a request without a token
is the user `developer`, and a token is taken for its user's name. Put the check of your provider's
signed tokens into `user`; everything else only asks for the user's name.
"""

from __future__ import annotations

import hmac
from itertools import compress
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from production_agent.logs import ids
from production_agent.settings import USER

__all__ = ("User",)

bearer = HTTPBearer(auto_error=False, description="A token of PRODUCTION_AGENT_TOKENS")


async def user(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Return the name of the user who asks.

    Raises:
        HTTPException: 401, the token is missing or not known.
    """
    users = request.app.state.settings.users
    token = given.credentials if given else ""
    name = token or "developer"
    if users:  # each is compared to its end, so that the time taken tells nothing
        same = [hmac.compare_digest(one.encode(), token.encode()) for one in users]
        name = next(compress(users.values(), same), "")
    if not USER.fullmatch(name):
        message = "Send a token that is known: Authorization: Bearer <token>."
        raise HTTPException(401, message, {"WWW-Authenticate": "Bearer"})
    ids.set({"user": name})
    return name


User = Annotated[str, Depends(user)]
