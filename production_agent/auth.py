"""Who asks: a stand-in for your identity provider.

With PRODUCTION_AGENT_TOKENS="ann:<token>,bob:<token>" a request carries `Authorization: Bearer
<token>`. Without it, while developing, nobody has to prove who they are: a request without a token
is the user `developer`, and a token is taken for its user's name. Put the check of your provider's
signed tokens into `user`; everything else only asks for the user's name.
"""

from __future__ import annotations

import hmac
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
    name = None
    if users and given:
        # Each is compared to its end, so that the time taken tells nothing.
        token = given.credentials.encode()
        names = [name for one, name in users.items() if hmac.compare_digest(one.encode(), token)]
        name = names[0] if names else None
    elif not users and not given:
        name = "developer"
    elif not users and USER.fullmatch(given.credentials):
        name = given.credentials
    if name is None:
        message = "Send a token that is known: Authorization: Bearer <token>."
        raise HTTPException(401, message, {"WWW-Authenticate": "Bearer"})
    ids.set({"user": name})
    return name


User = Annotated[str, Depends(user)]
