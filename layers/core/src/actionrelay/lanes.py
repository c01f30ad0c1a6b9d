"""Who shares the rate: lanes, and the callers within one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

_ASSUMED_ROLE = re.compile(r"(arn:[^:]+:sts::[0-9]*:assumed-role/[^/]+)/.*", re.DOTALL)
_NAME_LENGTH = 16
"""Hexadecimal digits of a caller's name: 64 bits, so that two callers have one name about never."""
_NAME = re.compile(rf"[0-9a-f]{{{_NAME_LENGTH}}}")


class Lane(StrEnum):
    """How much of a hurry an execution is in. Each lane has a queue of its own and a share of the rate."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Flow:
    """The executions of one caller in one lane: what takes turns with the others (RFC 7567, section 4.5)."""

    lane: Lane = Lane.INTERACTIVE
    caller: str = ""
    """As ``caller_name`` has it; nothing for those that nobody knows apart."""


def without_session(caller: str) -> str:
    """Return the ARN of a role for that of one of its sessions: a program that is started again has another session."""
    assumed = _ASSUMED_ROLE.fullmatch(caller)
    return assumed[1] if assumed else caller


def caller_name(caller: str | None) -> str:
    """Name a caller where turns are shared out: a digest that reveals nobody; nothing for nobody.

    ``caller`` is the ARN of who signed, or the id of an API key. All sessions of a role are one caller.
    """
    return sha256(without_session(caller).encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_LENGTH] if caller else ""


def is_caller_name(value: object) -> bool:
    """Whether it looks like the name of a caller."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
