"""Use case: look up an action for a request that names it.

A process reads an action at most once a minute, together with the catalogue's state, and compiles its contract when a
request is first checked by it. Both are remembered for ``MOST_REMEMBERED`` actions.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from actionrelay.catalogue.defaults import Learned, learn
from actionrelay.catalogue.judgement import Contract, compile_contract
from actionrelay.catalogue.ports import CatalogueReader, Look, SyncMessage, SyncQueue
from actionrelay.catalogue.state import Reason
from actionrelay.errors import QueueUnavailableError
from actionrelay.fault import Fault
from actionrelay.genesys.contract import ContractCheck
from actionrelay.json_text import to_text
from actionrelay.ports import Clock, Telemetry

REMEMBERED_MS = 60_000
MOST_REMEMBERED = 100
"""Actions with their compiled contracts: about 10 MB with the largest schemas that are kept."""


@dataclass(slots=True)
class _Known:
    look: Look
    read_at: int
    contract: Contract | None = None
    compiled: bool = False


@dataclass(slots=True)
class KnowActions:
    """Knows the organisation's actions."""

    catalogue: CatalogueReader
    queue: SyncQueue
    check: ContractCheck
    telemetry: Telemetry
    clock: Clock
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict, repr=False)
    _asked_at: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def learned(self, action_id: str) -> Learned:
        """Return the defaults of an action.

        Raises:
            StoreUnavailableError: the catalogue can't be read.
        """
        action = self._look(action_id).look.action
        return learn(action.entry if action else None)

    def faults(self, action_id: str, inputs: dict[str, Any]) -> list[Fault]:
        """Return what inputs break of an action's contract; nothing if it is not known, or contracts are not checked.

        Raises:
            StoreUnavailableError: the catalogue can't be read.
        """
        if self.check is ContractCheck.OFF:
            return []
        known = self._look(action_id)
        if known.look.action is None:
            if known.look.state.proves_absence(self.clock.now()):
                return [Fault("/actionId", "unknown_action", "the organisation has no action with this id")]
            return []
        contract = self._contract(known)
        return contract.faults(inputs, len(to_text(inputs).encode())) if contract else []

    def _contract(self, known: _Known) -> Contract | None:
        with self._lock:
            if not known.compiled:
                action = known.look.action
                schema = action.input_schema if action and action.problem is None else None
                made = compile_contract(schema) if schema else None
                known.contract = made if isinstance(made, Contract) else None
                known.compiled = True
        return known.contract

    def _look(self, action_id: str) -> _Known:
        now = self.clock.now()
        with self._lock:
            known = self._known.get(action_id)
            if known is not None and 0 <= now - known.read_at < REMEMBERED_MS:
                self._known.move_to_end(action_id)
                return known
        fresh = _Known(self.catalogue.look(action_id), now)
        with self._lock:
            if known is not None and known.compiled and known.look.action == fresh.look.action:
                fresh.contract, fresh.compiled = known.contract, True
            self._known[action_id] = fresh
            self._known.move_to_end(action_id)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        if fresh.look.action is None:
            self._ask_for_reading(fresh.look, now)
        return fresh

    def _ask_for_reading(self, look: Look, now: int) -> None:
        """Start a reading, since an action is not in the catalogue: at most once a minute per process. Never raises."""
        with self._lock:
            soon = self._asked_at is not None and 0 <= now - self._asked_at < REMEMBERED_MS
            if soon or not look.state.wants(Reason.UNKNOWN, now):
                return
            self._asked_at = now
        try:
            self.queue.push(SyncMessage(Reason.UNKNOWN))
        except QueueUnavailableError as error:
            self.telemetry.event("catalogue_not_asked", code=error.code)
