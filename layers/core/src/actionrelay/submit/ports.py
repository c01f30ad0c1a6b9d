"""What is known about an action when a request for it is submitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, override

from actionrelay.fault import Fault
from actionrelay.ledger.execution import LearnedDefault


@dataclass(frozen=True, slots=True)
class ActionDefaults:
    """Defaults for fields that a request omits."""

    idempotent: LearnedDefault
    cache_results: LearnedDefault
    timeout: LearnedDefault | None = None
    """In ms; None for the usual default."""
    never_cached: bool = False
    """Whether ``cache_results`` is false whatever the request says."""


class KnownActions(Protocol):
    """What is known about actions before they run. Each call may raise ``DependencyError``."""

    @property
    def enforced(self) -> bool:
        """Whether a request that breaks its action's contract is refused instead of warned about."""
        ...

    def faults(self, action_id: str, inputs: dict[str, Any]) -> Sequence[Fault]:
        """Return how inputs break the action's contract, a bounded number of faults with the request's pointers.

        No detail repeats a value of the inputs.
        """
        ...

    def defaults(self, action_id: str) -> ActionDefaults | None:
        """Return the defaults that are learned from the action's definition; None if the usual ones apply."""
        ...


class NothingKnown(KnownActions):
    """``KnownActions`` for the contract that has no list of actions."""

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
