"""Facts about a deployment: plain values, independent of AWS and HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the deployed API."""

    verb: str
    path: str
    """As in the definition, with its braces."""
    authorization: str
    """`AWS_IAM`, `NONE`, or another type that API Gateway knows."""
    needs_key: bool
    integration: str
    """The ARN of its integration; empty if there is none."""

    @property
    def route(self) -> str:
        """Verb and path, such as `GET /executions`."""
        return f"{self.verb} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One response of the API."""

    status: int
    media_type: str
    document: Any = None
    """The body as JSON, or None if it is not JSON."""

    @property
    def code(self) -> str:
        """The problem's code, or an empty string."""
        return str(self.document.get("code", "")) if isinstance(self.document, dict) else ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What invokes a function: an event source, or a method of the API."""

    source: str
    function: str
    """Its logical id."""
    qualifier: str
    """The alias or version that is invoked; empty for `$LATEST`."""
    maximum: int | None = None
    """How many invocations of an event source may run at once, if that is limited."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What invokes the functions, and the version of each alias."""

    triggers: tuple[Trigger, ...]
    aliases: Mapping[str, Mapping[str, str]]
    """By the function's logical id: the version of each alias."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of the stack."""

    name: str
    """Its logical id."""
    is_dead_letter_queue: bool
    dead_letters_to: str
    """The logical id of its dead-letter queue; empty for none."""
    refuses_plain_http: bool
    visibility_seconds: int
    consumer_timeout_seconds: int | None
    """The timeout of the function that reads it; None if no function does."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """The stack's alarms and their topics."""

    topics_of: Mapping[str, tuple[str, ...]]
    """By the alarm's logical id: the ARNs that it notifies."""
    confirmed: Mapping[str, int | None]
    """By topic: how many subscriptions are confirmed; None if there is no such topic."""
    may_be_silent: bool = False
    """Whether alarms without a topic are acceptable, as in a local world."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The account's concurrency, and the most that this stack runs at once in the background."""

    account: int
    background: Mapping[str, int]
    """By function: its ceiling."""
    waiting: int = 0
    """How many requests may wait for an execution's end."""


@dataclass(frozen=True, slots=True)
class SharedToken:
    """The SSM parameter in which workers share the token."""

    name: str
    kind: str | None
    """`SecureString` or another type; None if it does not exist yet."""
    key: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the stack."""

    name: str
    is_protected: bool
    can_be_restored: bool


@dataclass(frozen=True, slots=True)
class Doors:
    """The API's responses to unauthenticated requests."""

    replies: Mapping[str, Reply]
    """By route."""
    unknown_path: Reply = field(default_factory=lambda: Reply(0, ""))
