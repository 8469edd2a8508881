"""Settings, read from environment variables once, at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields

__all__ = ("Settings", "Unusable", "read")

PREFIX = "PRODUCTION_AGENT_"
OPENAI = "https://api.openai.com/v1"
TOKEN = re.compile(r"[!-~]{8,}")  # what a header can carry
USER = re.compile(r"[\w.@-]{1,64}")


class Unusable(Exception):
    """What keeps the service from starting: one sentence, the fact and then its cure."""


def number(default: float, least: float, most: float, meaning: str) -> float:
    """Return a field of `Settings` that is read from the environment and has bounds."""
    return field(default=default, metadata={"least": least, "most": most, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What the service is told from outside; `turn_seconds` is PRODUCTION_AGENT_TURN_SECONDS."""

    model: str
    fallback_model: str | None
    base_url: str
    api_key: str = field(repr=False)
    database: str = field(repr=False)  # a file, or a PostgreSQL URL with its password
    users: dict[str, str] = field(repr=False)  # token: user; empty while developing
    approvers: frozenset[str] = frozenset()  # users who decide; empty: each owner decides

    model_seconds: float = number(20.0, 0.1, 600, "silence of the model that counts as a failure")
    model_retries: int = number(2, 0, 10, "times the client tries again: the only retry layer")
    model_calls: int = number(8, 1, 100, "requests to the model in one turn")
    model_bytes: int = number(4_000_000, 10_000, 10**9, "bytes of one answer of the model, framed")
    tool_calls: int = number(10, 1, 100, "tool calls in one turn")
    turn_seconds: float = number(120.0, 0.1, 3600, "time a turn has in all")
    turns_per_minute: int = number(30, 1, 1_000_000, "turns a user may start in a minute")
    threads: int = number(10_000, 1, 10_000_000, "threads a user may have")
    history_tokens: int = number(8000, 100, 10_000_000, "newest tokens of a thread for the model")
    refund_ceiling: int = number(1000, 1, 1_000_000, "euros one refund may have at most")
    approval_seconds: float = number(86400.0, 0.1, 31_536_000, "time a person has to decide")
    rejoin_seconds: float = number(3.0, 0, 60, "time a left turn goes on, for a reload to rejoin")
    grace_seconds: float = number(10.0, 0.1, 600, "time turns have to end after SIGTERM")
    lease_seconds: float = number(15.0, 0.5, 600, "silence of a process that makes its runs lost")
    body_seconds: float = number(10.0, 0.1, 600, "time a request, or a part of an answer, takes")
    connections: int = number(1000, 4, 100_000, "open connections of clients to one process")
    database_connections: int = number(10, 1, 1000, "connections of one process to PostgreSQL")
    database_seconds: float = number(10.0, 0.1, 600, "time a statement or a wait for it takes")
    thread_days: float = number(0.0, 0, 36_500, "days without a turn that end a thread; 0: never")

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
    if re.match(r"(?!postgres(ql)?://)(\w[\w+.-]+://|file:|:memory:)", database):
        raise Unusable(
            f"{PREFIX}DATABASE is neither a file's path nor a URL of PostgreSQL: set it to one, or "
            "to postgresql://user:password@host:5432/database."
        )
    users = _users(get(f"{PREFIX}TOKENS") or "")
    numbers = [one for one in fields(Settings) if one.metadata]
    names = ["DATABASE", "TOKENS", "APPROVERS", *(one.name.upper() for one in numbers)]
    # Kubernetes sets these for Services named production-agent and production-agent-...
    links = r"|(.*_)?SERVICE_(HOST|PORT.*)|(.*_)?PORT(_.*)?"
    known = re.compile(f"(?s)(?!{PREFIX}).*|{PREFIX}({'|'.join(names)}{links})")
    if wrong := [name for name in environment if not known.fullmatch(name)]:
        raise Unusable(f"{wrong[0]} is no setting: correct its name, or remove it.")
    return Settings(
        model=get("OPENAI_MODEL") or "gpt-5-mini",
        fallback_model=get("OPENAI_FALLBACK_MODEL"),
        base_url=base_url or OPENAI,  # its package takes an empty variable for a URL
        api_key=key or "sk-none",  # an endpoint of one's own may need none
        database=database,
        users=users,
        approvers=_approvers(get(f"{PREFIX}APPROVERS") or "", users),
        **{one.name: _number(one, get(PREFIX + one.name.upper())) for one in numbers},
    )


def _users(text: str) -> dict[str, str]:
    users: dict[str, str] = {}
    for number, pair in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        user, colon, token = pair.partition(":")
        if not colon or not USER.fullmatch(user) or not TOKEN.fullmatch(token):
            raise Unusable(
                f"Entry {number} of {PREFIX}TOKENS is not user:token with a token of 8 or more "
                "ASCII characters without spaces: write it like ann:<token>,bob:<token>."
            )
        if token in users:
            raise Unusable(f"Two users share a token in {PREFIX}TOKENS: give each their own.")
        users[token] = user
    if text and not users:
        raise Unusable(f"{PREFIX}TOKENS names no user: write ann:<token>, or remove it.")
    return users


def _approvers(text: str, users: dict[str, str]) -> frozenset[str]:
    names = frozenset(filter(None, map(str.strip, text.split(","))))
    if text and not names:
        raise Unusable(f"{PREFIX}APPROVERS names no user: write ann,bob, or remove it.")
    if unknown := sorted(name for name in names if users and name not in users.values()):
        raise Unusable(
            f"{unknown[0]} of {PREFIX}APPROVERS has no token: add one to {PREFIX}TOKENS."
        )
    return names


def _number(setting: Field, text: str | None) -> float:
    default, least, most = setting.default, setting.metadata["least"], setting.metadata["most"]
    if text is None:
        return default
    try:
        # Python takes 1_0 and digits of other scripts, too.
        number = type(default)(text) if text.isascii() and "_" not in text else None
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        kind = "whole number" if isinstance(default, int) else "number"
        raise Unusable(
            f"{PREFIX}{setting.name.upper()} ({setting.metadata['meaning']}) is not a {kind} from "
            f"{least:g} to {most:g}: mend or remove it (the default is {default:g})."
        )
    return number
