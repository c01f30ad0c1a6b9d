"""Lambda, the event source mappings, callers, operators and the clock: what starts workers, and in which order."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from actionrelay.errors import ActionRelayError, ExecutionNotFoundError, IllegalTransitionError, RequestError
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.message import DeliveryMessage, Message, MessageKind, WorkflowMessage
from actionrelay.strict_json import Json, canonical
from actionrelay.webhooks.signatures import ID_HEADER
from tests.simulation.baton import Worker
from tests.simulation.deployment import INVOCATION_MS
from tests.simulation.queues import Lineage, Parcel, SimulatedQueue
from tests.simulation.world import World

CALLER_WAITS_MS = 30_000
PERSISTENT = 60
"""Callers, operators and Genesys Cloud repeat an unanswered request for longer than any failure lasts."""
TURNS = 20_000
"""A longer history counts as one that does not come to rest."""


class BrokenError(AssertionError):
    """A rule is broken; the message is the history that shows it."""


@dataclass(slots=True)
class Scheduler:
    """Runs a world. ``choose`` picks one of the events that could happen now."""

    world: World
    choose: Callable[[int], int] = lambda _: 0
    batch_size: Callable[[], int] = lambda: 1
    workers: list[Worker] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    """Executions that were answered with 2xx: they must end."""
    answered_flows: set[str] = field(default_factory=set)
    """Workflows that were answered with 2xx."""
    pausing: frozenset[str] = frozenset({"submit", "execute", "receive", "deliver", "operate", "advance"})
    """Roles whose workers may pause."""
    webhook_tries: int = PERSISTENT
    """How often Genesys Cloud tries to send a webhook."""
    _serial: int = 0

    # -- What comes from outside --

    def submit(self, document: dict[str, Json], tries: int = PERSISTENT) -> None:
        """Let a caller send a request, and repeat it until it is answered."""
        name = str(document["executionId"])
        body = canonical(document)

        def done(worker: Worker) -> None:
            if worker.error is None and not worker.died:
                self.answered.add(name)

        self._persist("submit", name, lambda: self.world.use_cases.submitting.submit(body), done=done, tries=tries)

    def operate(self, decision: str, name: str) -> None:
        """Let an operator decide, and repeat it until it is answered."""

        def decide() -> None:
            match decision:
                case "retry":
                    self.world.use_cases.operating.retry(name, "ops")
                case "again":
                    self.world.use_cases.operating.retry(name, "ops", b'{"again":true}')
                case "resolve":
                    self.world.use_cases.operating.resolve(name, b'{"status":"failed","note":"looked it up"}', "ops")
                case "redeliver":
                    self.world.use_cases.operating.redeliver(name, "ops")
                case _:
                    self.world.use_cases.operating.cancel(name, "ops")

        self._persist(f"operate {decision}", name, decide)

    def submit_flow(self, document: dict[str, Json]) -> None:
        """Let a caller send a workflow, and repeat it until it is answered."""
        name = str(document["workflowId"])
        body = canonical(document)
        self.world.flow_rules.submitted[name] = document

        def done(worker: Worker) -> None:
            if worker.error is None and not worker.died:
                self.answered_flows.add(name)

        self._persist("submit", name, lambda: self.world.use_cases.submitting_flows.submit(body), done=done)

    def operate_flow(self, decision: str, name: str, root: str | None = None) -> None:
        """Let an operator decide about a workflow, and repeat it until it is answered."""
        operating = self.world.use_cases.operating_flows

        def decide() -> None:
            if decision == "cancel":
                operating.cancel(name, "ops")
            else:
                operating.retry(name, "ops", canonical({"from": root}) if root else b"")

        self._persist(f"operate flow-{decision}", name, decide)

    def call_back(self, sent_as: str, status: str, message: str) -> None:
        """Let Genesys Cloud send a webhook, and repeat it, if it does that, until it is answered."""
        document: dict[str, Json] = {"executionId": sent_as, "status": status}
        if status == "completed":
            document["result"] = self.world.platform.result(sent_as)
        body = canonical(document)
        headers = {ID_HEADER: (f"msg_{sent_as}_{message}",)}
        name = next((name for name, ids in self.world.platform.ids.items() if sent_as in ids), sent_as)

        def done(worker: Worker) -> None:
            if isinstance(worker.error, ExecutionNotFoundError):
                self.world.rules.say(name, "a webhook found no execution")

        self._persist(
            f"receive {message}",
            name,
            lambda: self.world.use_cases.receiving.receive(headers, body),
            done=done,
            tries=self.webhook_tries,
            wait_ms=10_000,
        )

    def _persist(
        self,
        role: str,
        name: str,
        task: Callable[[], object],
        *,
        done: Callable[[Worker], None] | None = None,
        tries: int = PERSISTENT,
        wait_ms: int = CALLER_WAITS_MS,
    ) -> None:
        """Start a worker, and another one while there is no answer."""
        answered = False

        def after(worker: Worker) -> None:
            nonlocal answered
            if worker.died:
                return
            if worker.error is None or isinstance(worker.error, RequestError):
                answered = True
            if done is not None:
                done(worker)

        def attempt(left: int) -> None:
            if answered or not left:
                return
            self._start(role, (name,), lambda: _discard(task()), after)
            self.world.later(wait_ms, partial(attempt, left - 1))

        self.world.later(0, partial(attempt, tries))

    # -- What happens next --

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Run until nothing is left to do, or nothing is due now and ``until`` holds."""
        for _ in range(TURNS):
            ready = self._ready()
            if ready:
                ready[self.choose(len(ready))]()
                self._judge()
            elif until() or not self._wait():
                return
        self.world.rules.broken.append("the history does not come to rest")
        self._judge()

    def _ready(self) -> list[Callable[[], None]]:
        now, ready = self.world.time, list[Callable[[], None]]()
        for worker in self.workers:
            if worker.wake_at is not None and worker.wake_at <= now:
                ready.append(partial(self.turn, worker))
        for item in self.world.agenda:
            if item[0] <= now:
                ready.append(partial(self._due, item))
        if (runs := self.world.queue.queue).parcels and (messages := runs.visible(now)):
            ready.append(partial(self._poll_runs, messages))
        if (deliveries := self.world.deliveries.queue).parcels and (parcels := deliveries.visible(now)):
            ready.append(partial(self._poll_deliveries, parcels))
        if (flows := self.world.flow_messages.queue).parcels and (changes := flows.visible(now)):
            ready.append(partial(self._poll_flows, changes))
        return ready

    def _wait(self) -> bool:
        """Let time pass until something is due."""
        times = [item[0] for item in self.world.agenda]
        times += [worker.wake_at for worker in self.workers if worker.wake_at is not None]
        nexts = (
            self.world.queue.queue.next_at(),
            self.world.deliveries.queue.next_at(),
            self.world.flow_messages.queue.next_at(),
        )
        times += [at for at in nexts if at]
        if not times:
            return False
        self.world.time = max(self.world.time, min(times))
        return True

    def _due(self, item: tuple[int, int, Callable[[], None]]) -> None:
        self.world.agenda.remove(item)
        item[2]()

    def _poll_runs(self, visible: Sequence[Parcel[Message]]) -> None:
        """Invoke ``execute`` with a batch, one thread for each message."""
        taken = self._take(self.world.queue.queue, visible, self.batch_size())
        executing = self.world.use_cases.executing.for_batch([parcel.body for parcel in taken])
        self._invoke("execute", self.world.queue.queue, taken, executing.work)

    def _poll_deliveries(self, visible: Sequence[Parcel[DeliveryMessage]]) -> None:
        taken = self._take(self.world.deliveries.queue, visible, 1)
        use_cases = self.world.use_cases

        def work(message: DeliveryMessage, _: int) -> None:
            of_flow = message.kind is MessageKind.WORKFLOW
            delivering = use_cases.delivering_flows if of_flow else use_cases.delivering
            delivering.deliver(message.subject_id, message.version)

        self._invoke("deliver", self.world.deliveries.queue, taken, work)

    def _poll_flows(self, visible: Sequence[Parcel[WorkflowMessage]]) -> None:
        queue = self.world.flow_messages.queue
        taken = self._take(queue, visible, self.batch_size())
        again = {id(parcel.body) for parcel in taken if parcel.receives > 1}

        def work(message: WorkflowMessage, ends_at: int) -> None:
            seen = replace(message, place=None, again=True) if id(message) in again else message  # as it is read
            self.world.use_cases.advancing.advance(seen, ends_at)

        self._invoke("advance", queue, taken, work)

    def _take[Body: (Message, DeliveryMessage, WorkflowMessage)](
        self, queue: SimulatedQueue[Body], visible: Sequence[Parcel[Body]], size: int
    ) -> list[Parcel[Body]]:
        left, taken = list(visible), list[Parcel[Body]]()
        while left and len(taken) < size:
            parcel = left.pop(self.choose(len(left)))
            queue.receive(parcel, self.world.time)
            taken.append(parcel)
        return taken

    def _invoke[Body: (Message, DeliveryMessage, WorkflowMessage)](
        self,
        role: str,
        queue: SimulatedQueue[Body],
        taken: Sequence[Parcel[Body]],
        work: Callable[[Body, int], None],
    ) -> None:
        """Run one invocation: its messages are deleted when all its threads are done; none is if it dies."""
        crew: list[Worker] = []
        receipts = [parcel.receives for parcel in taken]

        def after(worker: Worker) -> None:
            if worker.died:
                for other in crew:
                    if not other.ended and not other.doomed:
                        self.world.rules.unstored.update(other.subjects)
                        other.troubled = True
                        self._end(other)
            elif all(other.ended for other in crew) and not any(other.died for other in crew):
                for other, parcel, receipt in zip(crew, taken, receipts, strict=True):
                    if other.error is None:
                        queue.delete(parcel, receipt)

        ends_at = self.world.time + INVOCATION_MS
        for parcel in taken:
            task = partial(work, parcel.body, ends_at)
            worker = self._start(role, (_subject(parcel.body),), task, after, ends_at)
            worker.lineage = _lineage(role, taken)
            crew.append(worker)

    # -- Workers --

    def _start(
        self,
        role: str,
        subjects: tuple[str, ...],
        task: Callable[[], None],
        after: Callable[[Worker], None],
        ends_at: int = 0,
    ) -> Worker:
        self._serial += 1
        pauses = role.split(maxsplit=1)[0] in self.pausing
        worker = Worker(
            f"{role} {self._serial}", task, self.world.time, ends_at, subjects=subjects, pauses=pauses, after=after
        )
        self.workers.append(worker)
        return worker

    def turn(self, worker: Worker) -> None:
        """Give one worker the baton."""
        self.world.crew.turn(worker)
        if worker.ended:
            self._over(worker)

    def _end(self, worker: Worker) -> None:
        self.world.crew.end(worker)
        self._over(worker)

    def _over(self, worker: Worker) -> None:
        self.workers.remove(worker)
        if worker.error is not None and (
            not isinstance(worker.error, ActionRelayError) or isinstance(worker.error, IllegalTransitionError)
        ):
            self.world.rules.say(worker.subjects[0], f"{worker.name} met a bug: {worker.error!r}")
        if worker.after is not None:
            worker.after(worker)

    # -- The end --

    def settle_down(self) -> None:
        """End all faults: wake the zombies, wait, redrive the DLQs, wait, and check."""
        self.run()
        world = self.world
        queues = (world.queue.queue.redrive, world.deliveries.queue.redrive, world.flow_messages.queue.redrive)
        while sum(redrive(world.time) for redrive in queues):
            self.run()
        for name in sorted(self.answered):
            record = self.world.ledger.records.get(name)
            if record is None:
                world.rules.say(name, "accepted, and not on record")
            else:
                self._at_rest(record)
        for name in sorted(self.answered_flows):
            for record in [each for each in world.ledger.records.values() if each.workflow]:
                self._at_rest(record)
            world.flow_rules.at_rest(name, world.receiver.accepted, world.dead_letters.letters)
        self._judge()

    def _at_rest(self, record: Execution) -> None:
        world = self.world
        world.rules.at_rest(record, world.audit, world.payloads, world.receiver.accepted, world.dead_letters.letters)

    def _judge(self) -> None:
        broken = self.world.rules.broken
        if broken:
            self.abandon()
            names = self.world.rules.suspects or self.world.ledger.records.keys()
            raise BrokenError("\n".join((*dict.fromkeys(broken), "", self.world.timeline(names))))

    def abandon(self) -> None:
        """End all workers that still sleep, so that they leave nothing behind."""
        for worker in tuple(self.workers):
            self.world.crew.end(worker)
        self.workers.clear()


def _subject(body: Message | DeliveryMessage | WorkflowMessage) -> str:
    match body:
        case Message():
            return body.execution_id
        case DeliveryMessage():
            return body.subject_id
    return body.workflow_id


def _lineage[Body: (Message, DeliveryMessage, WorkflowMessage)](role: str, taken: Sequence[Parcel[Body]]) -> Lineage:
    """Return the lineage of an invocation with these messages: their longest chains, and this invocation."""
    longest: Counter[str] = Counter()
    for parcel in taken:
        longest |= Counter(parcel.lineage)
    return longest + Counter({role: 1})


def _discard(_: object) -> None:
    """Ignore a result."""
