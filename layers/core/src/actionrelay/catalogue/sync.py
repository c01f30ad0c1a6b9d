"""Use case: read the organisation's actions, in parts.

Each part is a message. It calls Genesys Cloud until its permits, its time or its number of calls is used up, records
its progress and queues the next part. If two workers have the same message, the one that writes first goes on. A
reading that fails leaves the catalogue unchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from actionrelay.catalogue.action import Action, Entry, SchemaProblem
from actionrelay.catalogue.ports import ActionsApi, Answered, CatalogueStore, Seen, SyncMessage, SyncQueue
from actionrelay.catalogue.reading import Page, Schema, read_definition, read_page
from actionrelay.catalogue.schema_limits import problem_of
from actionrelay.catalogue.state import FRESH_MS, CatalogueState, Phase, Problem, Reason, Run
from actionrelay.errors import DependencyError, QueueUnavailableError, TokenError
from actionrelay.gate.ports import Ask, RateGate
from actionrelay.genesys.verdict import pause_ms
from actionrelay.lanes import Flow, Lane
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count, Duration
from actionrelay.strict_json import Json
from actionrelay.token.ports import AccessToken, TokenSource

MAX_ACTIONS = 3_000
"""More are not kept: an answer of 6 MB has room for this many with the longest texts."""
MAX_PAGES = 120
"""Pages of the list: enough for ``MAX_ACTIONS`` with the usual 25 per page."""
PART_CALLS = 30
"""Calls of one part, so that a reading loses little when its worker dies."""
STOP_BEFORE_MS = 30_000
"""An invocation begins no call this close to its end."""
CALL_WAIT_MS = 20_000
GONE_AT_ONCE = 200
MOST_FAILURES = 3
"""Calls for one definition that may fail before the action is left out."""
MOST_LEFT_OUT = 10
MOST_LIST_FAILURES = 6
FIRST_DELAY_MS = 5_000
LONGEST_DELAY_MS = 300_000
SERVICE_DELAY_MS = 30_000
UNREAD = 0
"""``read_at`` of a definition that can't be read: long ago, so the next reading tries again."""
_FLOW = Flow(Lane.BULK, "catalogue")
"""It takes turns like a caller of the bulk lane, so that a reading does not slow executions down."""

type Call = Callable[[AccessToken, int], Seen]
"""Makes one request, with a token and the ms to wait for the response."""


@dataclass(frozen=True, slots=True)
class SyncActions:
    """Reads the catalogue."""

    store: CatalogueStore
    api: ActionsApi
    gate: RateGate
    tokens: TokenSource
    queue: SyncQueue
    telemetry: Telemetry
    clock: Clock

    def work(self, message: SyncMessage, ends_at: int) -> None:
        """Do what is due for a message; ``ends_at`` (ms) is when this invocation is cut off.

        When a service fails, a new, delayed message replaces this one.

        Raises:
            QueueUnavailableError: the new message can't be sent, so this one must be received again.
        """
        try:
            state = self._begun(message.reason) if message.reason else self.store.state()
            run = state.run if state else None
            if state is None or run is None or message.run not in {None, run.number}:
                return
            message = replace(message, reason=None, run=run.number)
            _Part(self, state, run, message, ends_at).work()
        except QueueUnavailableError:
            raise
        except DependencyError as error:
            self.telemetry.count(Count.MESSAGES_POSTPONED, error.code)
            self.queue.push(message, SERVICE_DELAY_MS)

    def _begun(self, reason: Reason) -> CatalogueState | None:
        """Begin a reading; None if there is no need for one, or another worker was first."""
        state, now = self.store.state(), self.clock.now()
        if reason is Reason.HOURLY:
            self.telemetry.duration(Duration.CATALOGUE_AGE, state.age_ms(now))
        return self.store.swap(state, state.begun(reason, now)) if state.wants(reason, now) else None


class _StopError(Exception):
    """Ends this part; the next one begins after a delay."""

    def __init__(self, delay_ms: int = 0, *, waited: bool = False) -> None:
        super().__init__()
        self.delay_ms = delay_ms
        self.waited = waited


class _GivenUpError(Exception):
    """Ends the reading without a result."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


@dataclass(slots=True)
class _Part:
    sync: SyncActions
    state: CatalogueState
    run: Run
    message: SyncMessage
    ends_at: int
    _calls: int = 0
    _waited: bool = field(init=False)
    _entries: list[Entry] = field(default_factory=list)
    """The page whose definitions are being read."""
    _changed: bool = False

    def __post_init__(self) -> None:
        self._waited = self.message.waited

    def work(self) -> None:
        try:
            if self.run.phase is Phase.LISTING:
                self._list()
            if self.run.phase is Phase.DEFINITIONS:
                self._define()
            self._close()
        except _StopError as stop:
            self._save_page()
            run = replace(self.run, moved_at=self.sync.clock.now())
            if self.sync.store.swap(self.state, replace(self.state, run=run)) is not None:
                self.sync.queue.push(SyncMessage(run=run.number, waited=stop.waited), stop.delay_ms)
        except _GivenUpError as given_up:
            self._save_page()
            if self.sync.store.swap(self.state, self.state.abandoned(given_up.problem)) is not None:
                self.sync.telemetry.count(Count.CATALOGUE_READINGS_FAILED, given_up.problem)
        else:
            if self.sync.store.swap(self.state, self.state.ended(self.run)) is not None:
                self.sync.telemetry.count(Count.CATALOGUE_READINGS)
                self.sync.telemetry.event("catalogue_read", actions=self.run.count, left_out=self.run.left_out)

    # -- The list -----------------------------------------------------------------------------------------------

    def _list(self) -> None:
        store, known = self.sync.store, self._known_before()
        while True:
            page = self._page()
            entries = [self._as_known(entry, known.get(entry.action_id)) for entry in page.entries]
            store.put_page(self.run.slot, self.run.pages, entries)
            self.run = replace(self.run, pages=self.run.pages + 1, count=self.run.count + len(entries), failures=0)
            full = not page.last and (self.run.pages >= MAX_PAGES or self.run.count >= MAX_ACTIONS)
            if page.last or full:
                break
        listed = {entry.action_id for part in store.pages(self.run.slot, 0, self.run.pages) for entry in part}
        complete = not full and (page.total is None or len(listed) >= page.total)
        self.run = replace(self.run, phase=Phase.DEFINITIONS, count=len(listed), complete=complete)

    def _page(self) -> Page:
        seen = self._ask(lambda token, wait_ms: self.sync.api.page(self.run.pages + 1, token, wait_ms))
        page = read_page(seen.document, self.run.pages + 1) if seen.answered is Answered.DOCUMENT else None
        if page is None:
            self._failed(MOST_LIST_FAILURES)
            raise _GivenUpError(Problem.UNREACHABLE)
        return page

    def _known_before(self) -> dict[str, Entry]:
        listed = self.state.listed
        pages = self.sync.store.pages(listed.slot, 0, listed.pages)
        return {entry.action_id: entry for page in pages for entry in page}

    def _as_known(self, entry: Entry, before: Entry | None) -> Entry:
        """Keep what was read of an action's definition, if it can't have changed since."""
        if before is None or before.read_at is None or self.run.afresh:
            return entry
        if entry.version is None or entry.version != before.version or self.run.begun_at - before.read_at >= FRESH_MS:
            return entry
        return replace(
            entry,
            secure=entry.secure or before.secure,
            request_type=before.request_type,
            timeout_seconds=before.timeout_seconds,
            read_at=before.read_at,
        )

    # -- The definitions ----------------------------------------------------------------------------------------

    def _define(self) -> None:
        while self.run.place < self.run.pages:
            pages = self.sync.store.pages(self.run.slot, self.run.place, 1)
            self._entries = [entry for page in pages for entry in page]
            for entry in tuple(self._entries):
                if entry.read_at is None:
                    self._read(entry)
            self._save_page()
            self.run = replace(self.run, place=self.run.place + 1)
        self.run = replace(self.run, phase=Phase.CLOSING, place=0)

    def _read(self, entry: Entry) -> None:
        seen = self._ask(lambda token, wait_ms: self.sync.api.definition(entry.action_id, token, wait_ms))
        now = self.sync.clock.now()
        if seen.answered is Answered.MISSING:
            self._replace(entry, None)  # deleted after it was listed
            return
        definition = read_definition(seen.document, entry, now) if seen.answered is Answered.DOCUMENT else None
        if definition is None:
            self._failed(MOST_FAILURES)
            self._leave_out(entry)
            return
        inputs, output = self._schema(entry, definition.inputs), self._schema(entry, definition.output)
        if SchemaProblem.UNREADABLE in (inputs, output):
            self._leave_out(entry)
            return
        problem = problem_of(inputs) if isinstance(inputs, dict) else inputs
        action = Action(
            definition.entry,
            input_schema=None if problem in {SchemaProblem.MISSING, SchemaProblem.TOO_LARGE} else _object(inputs),
            output_schema=None if problem_of(_object(output) or {}) is SchemaProblem.TOO_LARGE else _object(output),
            problem=problem,
        )
        self.sync.store.put_action(action, now)
        self._replace(entry, definition.entry)

    def _schema(self, entry: Entry, schema: Schema) -> dict[str, Json] | SchemaProblem:
        """Return a schema, which may be in a file of its own."""
        if schema.document is not None:
            return schema.document
        if schema.file is None:
            return SchemaProblem.MISSING
        file = schema.file
        seen = self._ask(lambda token, wait_ms: self.sync.api.schema(entry.action_id, file, token, wait_ms))
        if seen.answered is Answered.FAILED:
            self._failed(MOST_FAILURES)
            return SchemaProblem.UNREADABLE
        return seen.document if isinstance(seen.document, dict) else SchemaProblem.MISSING

    def _leave_out(self, entry: Entry) -> None:
        """Go on without a definition; one that was read before stays."""
        left_out = self.run.left_out + 1
        if left_out > MOST_LEFT_OUT:
            raise _GivenUpError(Problem.UNREACHABLE)
        if self.sync.store.look(entry.action_id).action is None:
            self.sync.store.put_action(Action(entry, problem=SchemaProblem.UNREADABLE), self.sync.clock.now())
        self.run = replace(self.run, left_out=left_out)
        self._replace(entry, replace(entry, read_at=UNREAD))

    def _replace(self, entry: Entry, after: Entry | None) -> None:
        changed = ((after if each.action_id == entry.action_id else each) for each in self._entries)
        self._entries = [each for each in changed if each is not None]
        self.run = replace(self.run, failures=0, count=self.run.count - (after is None))
        self._changed = True

    def _save_page(self) -> None:
        if self._changed:
            self.sync.store.put_page(self.run.slot, self.run.place, self._entries)
        self._changed = False

    # -- The end ------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Remove the actions that only the previous list has."""
        store = self.sync.store
        now_there = {entry.action_id for page in store.pages(self.run.slot, 0, self.run.pages) for entry in page}
        gone = sorted(self._known_before().keys() - now_there) if self.run.complete else []
        for action_id in gone[self.run.place : self.run.place + GONE_AT_ONCE]:
            store.put_gone(action_id, self.sync.clock.now())
        self.run = replace(self.run, place=self.run.place + GONE_AT_ONCE)
        if self.run.place < len(gone):
            raise _StopError

    # -- One call -----------------------------------------------------------------------------------------------

    def _ask(self, call: Call) -> Seen:
        """Make one request to Genesys Cloud, with a token and a permit.

        Raises:
            _StopError: it must wait.
            _GivenUpError: the client lacks the permission.
        """
        sync = self.sync
        left = self.ends_at - STOP_BEFORE_MS - sync.clock.now()
        if self._calls >= PART_CALLS or left <= 0:
            raise _StopError
        try:
            token = sync.tokens.token()
        except TokenError:
            self._failed(MOST_LIST_FAILURES)
            raise _GivenUpError(Problem.UNREACHABLE) from None
        ask = Ask(_FLOW, self._waited)
        batch = sync.gate.for_batch([ask])
        if wait_ms := batch.take(sync.clock.now(), ask, self.ends_at):
            raise _StopError(wait_ms, waited=True)
        self._calls, self._waited = self._calls + 1, False
        try:
            seen = call(token, min(CALL_WAIT_MS, left))
        finally:
            batch.finished()
        if seen.answered is Answered.FORBIDDEN:
            raise _GivenUpError(Problem.PERMISSION_MISSING)
        if seen.answered is Answered.TOKEN_REFUSED:
            sync.tokens.refuse(token.version)
            self._failed(MOST_LIST_FAILURES)
            raise _GivenUpError(Problem.UNREACHABLE)
        if seen.answered is Answered.THROTTLED:
            now = sync.clock.now()
            wait_ms = pause_ms(seen.retry_after, now)
            sync.telemetry.count(Count.THROTTLED)
            sync.gate.pause(now + wait_ms)
            raise _StopError(wait_ms)
        return seen

    def _failed(self, most: int) -> None:
        """Count a failure; try again later unless there were ``most``.

        Raises:
            _StopError: it is tried again later.
        """
        failures = self.run.failures + 1
        self.run = replace(self.run, failures=failures)
        if failures < most:
            raise _StopError(min(FIRST_DELAY_MS << (failures - 1), LONGEST_DELAY_MS))


def _object(value: object) -> dict[str, Json] | None:
    return value if isinstance(value, dict) else None
