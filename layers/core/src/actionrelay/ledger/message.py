"""The messages on the execution queue."""

from dataclasses import dataclass, field
from enum import StrEnum


class MessageKind(StrEnum):
    """What a message on the execution queue asks for."""

    RUN = "run"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Message:
    """A message on the execution queue: names an execution, with hints that spare work. The record is the truth."""

    execution_id: str
    kind: MessageKind = MessageKind.RUN
    version: int | None = field(default=None, compare=False)
    """The record's version when this was sent; its audit entries were paid before."""
    due_at: int | None = field(default=None, compare=False)
    """Its place in the line before the rate gate."""
