"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a line of the table ends."""

    OK = "ok"
    WARNING = "warning"
    """Worth knowing, but nothing is broken."""
    FAILED = "failed"
    ABSENT = "not on this emulator"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One outcome, with what was seen and, unless it is ok, what to do."""

    outcome: Outcome
    seen: str
    advice: str = ""


def ok(seen: str) -> Verdict:
    """Everything is as promised."""
    return Verdict(Outcome.OK, seen)


def warning(seen: str, advice: str) -> Verdict:
    """It works, but a person should know."""
    return Verdict(Outcome.WARNING, seen, advice)


def failed(seen: str, advice: str) -> Verdict:
    """A promise is not kept."""
    return Verdict(Outcome.FAILED, seen, advice)


def listed(names: "list[str] | tuple[str, ...]", most: int = 6) -> str:
    """Name at most ``most`` of them, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
