"""One thing that is wrong with a request, in texts that an answer has room for."""

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
"""In characters. With ``MAX_FAULTS`` these keep an answer below 512 KB, however each character is escaped in it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request: where (a JSON pointer, RFC 6901), which rule, and why.

    Both texts may repeat what a caller sent, so they are cut where they are longer than an answer has room for; an
    ellipsis marks the cut.
    """

    pointer: str
    code: FaultCode
    detail: str
    path: tuple[str, ...] | None = None
    """The names on a cycle, closed, for code ``cycle``; of a long one only the first."""

    def __post_init__(self) -> None:
        """Cut what is too long."""
        object.__setattr__(self, "pointer", cut(self.pointer, MAX_POINTER_LENGTH))
        object.__setattr__(self, "detail", cut(self.detail, MAX_DETAIL_LENGTH))


def cut(text: str, length: int) -> str:
    """Return a text of at most ``length`` characters; one that was longer ends in an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"
