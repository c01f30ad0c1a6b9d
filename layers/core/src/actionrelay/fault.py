"""One fault of a request, in texts that fit into an answer."""

from dataclasses import dataclass
from typing import Literal

type FaultCode = Literal[
    "schema",
    "depth",
    "cycle",
    "webhook_url",
    "malformed_json",
    "moment",
    "cursor",
    "unknown_step",
    "expression",
    "too_many",
    "contract",
    "unknown_input",
    "unknown_action",
]
"""Part of the API."""

MAX_FAULTS = 100
"""The most faults that one answer names."""
MAX_POINTER_LENGTH = 256
MAX_DETAIL_LENGTH = 512
"""In characters. With ``MAX_FAULTS`` these keep an answer below 512 KB, even if each character is escaped."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: where (a JSON pointer, RFC 6901), which rule, and why.

    Both texts may repeat what a caller sent, so they are cut to a length; an ellipsis marks the cut.
    """

    pointer: str
    code: FaultCode
    detail: str
    path: tuple[str, ...] | None = None
    """The names on a cycle, closed, for code ``cycle``; only the first ones of a long cycle."""

    def __post_init__(self) -> None:
        """Cut texts that are too long."""
        object.__setattr__(self, "pointer", cut(self.pointer, MAX_POINTER_LENGTH))
        object.__setattr__(self, "detail", cut(self.detail, MAX_DETAIL_LENGTH))


def cut(text: str, length: int) -> str:
    """Return a text of at most ``length`` characters; one that was longer ends in an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"
