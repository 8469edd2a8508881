"""Settings, read from environment variables once, at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ("Settings", "Unusable", "read")

PREFIX = "PRODUCTION_AGENT_"
NUMBERS = {  # name: (default, smallest, largest, what it is)
    "MODEL_SECONDS": (20.0, 0.1, 600, "silence of the model that counts as a failure"),
    "MODEL_RETRIES": (2, 0, 10, "times the model's client tries again: the only retry layer"),
    "MODEL_CALLS": (8, 1, 100, "requests to the model in one turn"),
    "TOOL_CALLS": (10, 1, 100, "tool calls in one turn"),
    "TURN_SECONDS": (120.0, 0.1, 3600, "time a turn has in all"),
    "TURNS_PER_MINUTE": (30, 1, 1_000_000, "turns a user may start in a minute"),
    "HISTORY_TOKENS": (8000, 100, 10_000_000, "of a thread, the newest that the model is sent"),
    "APPROVAL_SECONDS": (86400.0, 0.1, 31_536_000, "time a person has to decide"),
    "GRACE_SECONDS": (10.0, 0.1, 600, "time that turns have to end when the service is ended"),
    "LEASE_SECONDS": (15.0, 0.5, 600, "silence of a process after which its run counts as lost"),
}
USER = re.compile(r"[\w.@-]{1,64}")


class Unusable(Exception):
    """What keeps the service from starting: one sentence, the fact and then its cure."""


@dataclass(frozen=True)
class Settings:
    """What the service is told from outside; `numbers` are in seconds, tokens or times."""

    model: str
    fallback_model: str | None
    base_url: str | None
    api_key: str = field(repr=False)
    database: str = field(repr=False)  # a file, or a PostgreSQL URL with its password
    users: dict[str, str] = field(repr=False)  # token: user; empty while developing
    numbers: Mapping[str, float] = field(default_factory=dict)

    def __getattr__(self, name: str) -> float:
        # settings.turn_seconds is the number TURN_SECONDS.
        try:
            return self.__dict__["numbers"][name.upper()]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def is_postgres(self) -> bool:
        """Whether the database is PostgreSQL, which several processes on any machine share."""
        return self.database.startswith(("postgresql://", "postgres://"))

    @property
    def secrets(self) -> list[str]:
        """What must never be shown, the longest first."""
        password = re.search(r"://[^/@]*?:([^@]*)@", self.database)
        found = [self.api_key, *self.users, *([password.group(1)] if password else [])]
        return sorted({secret for secret in found if len(secret) > 3}, key=len, reverse=True)


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings.

    Raises:
        Unusable: One of them makes no sense; the sentence names it and not its value if secret.
    """

    def get(name: str) -> str | None:
        return environment.get(name, "").strip() or None

    base_url, key = get("OPENAI_BASE_URL") or get("OPENAI_API_BASE"), get("OPENAI_API_KEY")
    if base_url and not re.match(r"https?://[^\s/]", base_url):
        raise Unusable("OPENAI_BASE_URL is not a URL: set it like https://host/v1, or remove it.")
    if not key and not base_url:
        raise Unusable("OPENAI_API_KEY is not set: set it to the key of your model's provider.")
    database = get(f"{PREFIX}DATABASE") or "production_agent.sqlite"
    scheme = re.match(r"(\w[\w+.-]+)://", database)
    if scheme and scheme.group(1) not in ("postgresql", "postgres"):
        raise Unusable(
            f"{PREFIX}DATABASE is a URL, but not one of PostgreSQL: set it to a file's path, or "
            "to postgresql://user:password@host:5432/database."
        )
    return Settings(
        model=get("OPENAI_MODEL") or "gpt-5-mini",
        fallback_model=get("OPENAI_FALLBACK_MODEL"),
        base_url=base_url,
        api_key=key or "sk-none",  # an endpoint of one's own may need none
        database=database,
        users=_users(get(f"{PREFIX}TOKENS") or ""),
        numbers={name: _number(name, get(PREFIX + name)) for name in NUMBERS},
    )


def _users(text: str) -> dict[str, str]:
    users: dict[str, str] = {}
    for number, pair in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        user, colon, token = pair.partition(":")
        if not colon or not USER.fullmatch(user) or len(token) < 8 or not token.isprintable():
            raise Unusable(
                f"Entry {number} of {PREFIX}TOKENS is not user:token with a token of 8 characters "
                "or more: write it like ann:<token>,bob:<token>."
            )
        if token in users:
            raise Unusable(f"Two users share a token in {PREFIX}TOKENS: give each their own.")
        users[token] = user
    return users


def _number(name: str, text: str | None) -> float:
    default, least, most, meaning = NUMBERS[name]
    if text is None:
        return default
    try:
        number = type(default)(text)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        kind = "whole number" if isinstance(default, int) else "number"
        raise Unusable(
            f"{PREFIX}{name} ({meaning}) is not a {kind} from {least:g} to {most:g}: "
            f"mend or remove it (the default is {default:g})."
        )
    return number
