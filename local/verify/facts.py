"""What can be seen of a deployment: plain values, with nothing of AWS or HTTP in them."""

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
    """The ARN of what it calls; empty where it calls nothing."""

    @property
    def route(self) -> str:
        """Verb and path, as people write it."""
        return f"{self.verb} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the API."""

    status: int
    media_type: str
    document: Any = None
    """The body as JSON, or None where it is none."""

    @property
    def code(self) -> str:
        """The problem's code, or nothing."""
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
    """How many invocations of an event source may run at once, where that is limited."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Who is invoked, and what each alias of these functions points to."""

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
    """The timeout of the function that reads it; None where no function does."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """The stack's alarms, and the topics that they go to."""

    topics_of: Mapping[str, tuple[str, ...]]
    """By the alarm's logical id: the ARNs of what it notifies."""
    confirmed: Mapping[str, int | None]
    """By topic: how many subscriptions are confirmed; None where there is no such topic."""
    may_be_silent: bool = False
    """Nobody is on call: a local world."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """What the account lets run at once, and what this stack runs at once at most in the background."""

    account: int
    background: Mapping[str, int]
    """By function: its own ceiling."""
    waiting: int = 0
    """How many requests may wait for an execution's end."""


@dataclass(frozen=True, slots=True)
class SharedToken:
    """The SSM parameter in which workers share the token."""

    name: str
    kind: str | None
    """`SecureString`, or what else it is; None where it is not made yet."""
    key: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the stack."""

    name: str
    is_protected: bool
    can_be_restored: bool


@dataclass(frozen=True, slots=True)
class Doors:
    """How the API answers to who proves nothing."""

    replies: Mapping[str, Reply]
    """By route."""
    unknown_path: Reply = field(default_factory=lambda: Reply(0, ""))
