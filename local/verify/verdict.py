"""What a check comes to."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a line of the table ends."""

    OK = "ok"
    WARNING = "warning"
    """Worth knowing; the promises are kept."""
    FAILED = "failed"
    ABSENT = "not on this emulator"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One outcome, with what was seen and, unless it is well, what to do."""

    outcome: Outcome
    seen: str
    advice: str = ""


def ok(seen: str) -> Verdict:
    """All is as promised."""
    return Verdict(Outcome.OK, seen)


def warning(seen: str, advice: str) -> Verdict:
    """It works, and somebody should know."""
    return Verdict(Outcome.WARNING, seen, advice)


def failed(seen: str, advice: str) -> Verdict:
    """A promise is not kept."""
    return Verdict(Outcome.FAILED, seen, advice)


def listed(names: "list[str] | tuple[str, ...]", most: int = 6) -> str:
    """Name so many of them, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
