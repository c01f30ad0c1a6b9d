"""Genesys Cloud's list of actions without HTTP, and the catalogue with tables in memory."""

from collections import Counter, deque
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from actionrelay.catalogue.ports import ActionsApi, Answered, Seen, SyncMessage, SyncQueue
from actionrelay.catalogue.state import Reason
from actionrelay.catalogue.store_dynamodb import TableCatalogue
from actionrelay.catalogue.sync import SyncActions
from actionrelay.token.ports import AccessToken
from local.genesys.catalogue import actions_of, listed, schema, shown
from tests.fakes.aws import FakeDynamoDb
from tests.fakes.chance import SettableClock
from tests.fakes.genesys import FixedTokens, ScriptedGate
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class Organisation(ActionsApi):
    """An ``ActionsApi`` with the simulator's actions."""

    known: dict[str, dict[str, Any]] = field(default_factory=lambda: deepcopy(actions_of(0)))
    page_size: int = 25
    says: deque[Seen | None] = field(default_factory=deque)
    """The outcomes of the next calls; None is an ordinary answer."""
    asked: Counter[str] = field(default_factory=Counter)

    def page(self, number: int, token: AccessToken, wait_ms: int) -> Seen:
        entities = [each for known in self.known.values() if (each := listed(known, auth=False)) is not None]
        shown_now = entities[(number - 1) * self.page_size : number * self.page_size]
        pages = -(-len(entities) // self.page_size)
        return self._say("page", {"entities": shown_now, "pageCount": pages, "total": len(entities)})

    def definition(self, action_id: str, token: AccessToken, wait_ms: int) -> Seen:
        known = self.known.get(action_id)
        return self._say("definition", known and shown(known, contract=True, config=True))

    def schema(self, action_id: str, file: str, token: AccessToken, wait_ms: int) -> Seen:
        known = self.known.get(action_id)
        return self._say("schema", known and schema(known, file))

    def change(self, action_id: str, *, version: int | None = None, **parts: Any) -> None:
        """Publish another definition of an action."""
        known = self.known[action_id]
        action = {**known["action"], **({} if version is None else {"version": version})}
        self.known[action_id] = {**known, "action": action, **parts}

    def _say(self, what: str, document: Mapping[str, Any] | None) -> Seen:
        self.asked[what] += 1
        said = self.says.popleft() if self.says else None
        if said is not None:
            return said
        return Seen(Answered.MISSING) if document is None else Seen(Answered.DOCUMENT, dict(document))


@dataclass(slots=True)
class RecordedSyncQueue(SyncQueue):
    """A ``SyncQueue`` that keeps its messages."""

    sent: deque[tuple[SyncMessage, int]] = field(default_factory=deque)
    trouble: Trouble = field(default_factory=Trouble)

    def push(self, message: SyncMessage, delay_ms: int = 0) -> None:
        self.trouble.strike_before("push")
        self.sent.append((message, delay_ms))


@dataclass(slots=True)
class Reading:
    """The function ``catalogue`` in memory."""

    organisation: Organisation = field(default_factory=Organisation)
    dynamodb: FakeDynamoDb = field(default_factory=FakeDynamoDb)
    gate: ScriptedGate = field(default_factory=ScriptedGate)
    tokens: FixedTokens = field(default_factory=FixedTokens)
    queue: RecordedSyncQueue = field(default_factory=RecordedSyncQueue)
    telemetry: RecordedTelemetry = field(default_factory=RecordedTelemetry)
    clock: SettableClock = field(default_factory=SettableClock)

    @property
    def store(self) -> TableCatalogue:
        return TableCatalogue(self.dynamodb, "executions")  # type: ignore[arg-type]  # a fake

    @property
    def sync(self) -> SyncActions:
        return SyncActions(
            self.store, self.organisation, self.gate, self.tokens, self.queue, self.telemetry, self.clock
        )

    def work(self, message: SyncMessage) -> None:
        """Process one message, as an invocation of 90 seconds."""
        self.sync.work(message, self.clock.now() + 90_000)

    def read(self, reason: Reason = Reason.HOURLY) -> int:
        """Read to the end, and return the number of messages that took. Time passes by their delays."""
        self.work(SyncMessage(reason))
        messages = 1
        while self.queue.sent:
            message, delay_ms = self.queue.sent.popleft()
            self.clock.advance(delay_ms)
            self.work(message)
            messages += 1
            assert messages < 1_000, "a reading that does not end"
        return messages

    def ids(self) -> list[str]:
        """Return the ids of the catalogue's actions."""
        listed_now = self.store.state().listed
        return [entry.action_id for page in self.store.pages(listed_now.slot, 0, listed_now.pages) for entry in page]
