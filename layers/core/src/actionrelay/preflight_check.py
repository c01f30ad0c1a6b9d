"""One check of the preflight, as its error carries it."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How one check of the preflight went."""

    OK = "ok"
    WARNING = "warning"
    """Not as it should be, or not known; executions go on."""
    FAILED = "failed"
    """No action can be executed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the preflight looked at, and what to do about it where it is not ``ok``."""

    name: str
    status: CheckStatus
    detail: str
    advice: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether no action can be executed because of it."""
        return self.status is CheckStatus.FAILED
