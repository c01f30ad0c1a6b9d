"""What taking a request in needs to know about the action that it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, override

from actionrelay.errors import Fault
from actionrelay.ledger.execution import LearnedDefault


@dataclass(frozen=True, slots=True)
class ActionDefaults:
    """What takes the place of fields that a request leaves out."""

    idempotent: LearnedDefault
    cache_results: LearnedDefault
    timeout: LearnedDefault | None = None
    """In ms; None where it is the usual one."""
    never_cached: bool = False
    """``cache_results`` holds whatever the request says."""


class KnownActions(Protocol):
    """What is known about actions before they are run. Each call may raise ``DependencyError``."""

    @property
    def enforced(self) -> bool:
        """Whether a request that breaks its action's contract is refused, and not only warned about."""
        ...

    def faults(self, action_id: str, inputs: dict[str, Any]) -> Sequence[Fault]:
        """What a request breaks, of a bounded number; pointers are those of the request. No detail repeats a value."""
        ...

    def defaults(self, action_id: str) -> ActionDefaults | None:
        """What is learned from the action's definition; None where a request's own defaults hold."""
        ...


class NothingKnown(KnownActions):
    """A contract of Genesys Cloud that has no list of actions."""

    @property
    @override
    def enforced(self) -> bool:
        return False

    @override
    def faults(self, action_id: str, inputs: dict[str, Any]) -> Sequence[Fault]:
        return ()

    @override
    def defaults(self, action_id: str) -> ActionDefaults | None:
        return None
