"""One check of the preflight, as its error carries it."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """The result of one check of the preflight."""

    OK = "ok"
    WARNING = "warning"
    """Something is wrong or unknown, but actions can be executed."""
    FAILED = "failed"
    """No action can be executed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the preflight, with advice if it is not ``ok``."""

    name: str
    status: CheckStatus
    detail: str
    advice: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether no action can be executed."""
        return self.status is CheckStatus.FAILED
