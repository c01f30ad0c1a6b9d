"""Lanes, and the callers within them, which share the rate."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_ASSUMED_ROLE = re.compile(r"(arn:[^:]+:sts::[0-9]*:assumed-role/[^/]+)/.*", re.DOTALL)
_NAME_LENGTH = 16
"""Hexadecimal digits of a caller's name: 64 bits, so a collision of two callers is practically impossible."""
_NAME = re.compile(rf"[0-9a-f]{{{_NAME_LENGTH}}}")


class Lane(StrEnum):
    """How urgent an execution is. Each lane has its own queue and a share of the rate."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Flow:
    """The executions of one caller in one lane, which take turns with other flows (RFC 7567, section 4.5)."""

    lane: Lane = Lane.INTERACTIVE
    caller: str = ""
    """A ``caller_name``; empty for callers that are not distinguished."""


def without_session(caller: str) -> str:
    """Return the ARN of the role for the ARN of one of its sessions, which changes when a program restarts."""
    assumed = _ASSUMED_ROLE.fullmatch(caller)
    return assumed[1] if assumed else caller


def caller_name(caller: str | None) -> str:
    """Return the digest that names a caller where the rate is shared; an empty text for no caller.

    ``caller`` is the ARN that signed the request, or the id of an API key. All sessions of a role are one caller.
    """
    return sha256(without_session(caller).encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_LENGTH] if caller else ""


def is_caller_name(value: object) -> bool:
    """Return whether a value has the form of a ``caller_name``."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
