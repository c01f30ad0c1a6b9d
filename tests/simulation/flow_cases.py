"""One workflow with every single fault, at every call of the code that runs workflows."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from actionrelay.ledger.execution import Status
from actionrelay.strict_json import Json
from actionrelay.workflows.run import execution_id
from tests.simulation.baton import Crew, Worker
from tests.simulation.deployment import Deployment
from tests.simulation.enumeration import ACTION, CONTRACTS, HOOK, Zombie
from tests.simulation.faults import FAULTS, Call, Move
from tests.simulation.platform import ON_TIME, Answer, Callback
from tests.simulation.scheduler import BrokenError, Scheduler
from tests.simulation.world import World

FLOW = "5a5a5a5a-0000-4000-8000-000000000001"
LATER_MS = 1_800_000
"""When an operator decides; by then an unknown step has long been unknown."""


def step(**more: Any) -> dict[str, Any]:
    return {"actionId": ACTION, "inputs": {}, "cacheResults": False, **more}


def result_of(name: str, path: str = "of") -> dict[str, str]:
    return {"$from": name, "path": path}


DIAMOND = {
    "a": step(),
    "b": step(inputs={"a": result_of("a")}),
    "c": step(dependsOn=["a"]),
    "d": step(inputs={"b": result_of("b"), "c": result_of("c")}),
}
LEAVES = {"a": step(), "b": step(dependsOn=["a"]), "c": step(dependsOn=["a"])}
BACKWARDS = {
    "a": step(inputs={"b": result_of("b"), "c": result_of("c")}),
    "b": step(inputs={"d": result_of("d")}),
    "c": step(dependsOn=["d"]),
    "d": step(),
}
"""A diamond whose steps run in the opposite order."""
FAN = {
    "first": step(),
    "each": step(
        forEach={"$literal": [1, 2, 3]},
        maxConcurrency=2,
        inputs={"n": {"$from": "$item"}, "first": result_of("first")},
    ),
    "last": step(inputs={"each": result_of("each", "[].of")}),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's decision: about the workflow, from a step on, or (``resolve``) about a step's execution."""

    decision: str
    root: str | None = None
    after_ms: int = LATER_MS


@dataclass(frozen=True, slots=True)
class FlowCase:
    """One history."""

    steps: Mapping[str, Any]
    deployment: Deployment = field(default_factory=lambda: CONTRACTS["data-actions"])
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    """By step, request by request; the last one repeats. A step that is not named succeeds."""
    callbacks: tuple[Callback, ...] = ON_TIME
    decisions: tuple[Decision, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    at: int = -1
    """The number of the call of the code that runs workflows, from 0, with the ``fault``."""
    fault: Move = Move.PROCEED
    ends: str = "completed"
    """The outcome with any single fault; empty if it depends on the order of events."""
    copies: int = 1
    zombie: Zombie = Zombie.NONE


def is_of_flows(call: Call) -> bool:
    """Return whether the code that runs workflows makes or receives this call."""
    role, _, about = call.worker.name.partition(" ")
    return (
        call.port.startswith(("flow.", "notify."))
        or role == "advance"
        or (role in {"submit", "deliver", "operate"} and (call.worker.subjects[:1] == (FLOW,) or "flow" in about))
    )


def play(case: FlowCase, crew: Crew) -> World:
    """Play one case to its end; raise ``BrokenError`` with the history if a rule is broken."""
    world = World(crew, case.deployment)
    world.flow_rules.prompt, world.flow_rules.decided = True, bool(case.decisions)
    scheduler = Scheduler(world)
    sleepers: list[Worker] = []
    numbers: dict[int, int] = {}

    def plan(call: Call) -> Move:
        if not is_of_flows(call):
            return Move.PROCEED
        if call.index not in numbers:  # a suspended worker calls this again for the same call
            numbers[call.index] = len(numbers)
            world.flow_calls.append(call.port)
        if numbers[call.index] != case.at:
            return Move.PROCEED
        if case.zombie is not Zombie.NONE and not sleepers:
            sleepers.append(call.worker)
            call.worker.troubled = True
            world.rules.unstored.update(call.worker.subjects)
            return Move.SUSPEND
        return case.fault

    world.plan = plan
    _set_up(case, world, scheduler)
    if case.zombie is Zombie.NONE:
        scheduler.pausing = frozenset({"execute"})
    elif case.zombie is Zombie.BRIEF:
        scheduler.run(until=lambda: bool(sleepers))
    else:
        scheduler.run()
    for worker in sleepers:
        worker.wake_at = world.time
    scheduler.settle_down()
    status = world.flows.runs[FLOW].status.value
    if case.ends and status != case.ends:
        raise BrokenError(f"it is {status}, and has to be {case.ends}\n\n{world.timeline({FLOW})}")
    return world


def _set_up(case: FlowCase, world: World, scheduler: Scheduler) -> None:
    asked = Counter[str]()

    def answer(name: str, _: int) -> Answer:
        place = world.ledger.records[name].workflow
        assert place is not None
        key = place.step if place.index is None else f"{place.step}{place.index}"
        answers = case.answers.get(key, (Answer.SUCCESS,))
        asked[key] += 1
        return answers[min(asked[key], len(answers)) - 1]

    world.platform.answer = answer
    world.platform.callbacks = lambda _: case.callbacks
    world.platform.call_back = scheduler.call_back
    world.flow_messages.copies = lambda message: case.copies if message.watch is None else 1
    document: dict[str, Json] = {"workflowId": FLOW, "steps": dict(case.steps), "webhookUrl": HOOK, **case.fields}
    scheduler.submit_flow(document)
    for each in case.decisions:
        world.later(each.after_ms, deciding(each, world, scheduler))


def deciding(decision: Decision, world: World, scheduler: Scheduler) -> Callable[[], None]:
    """Return a function that lets an operator decide, if there is something to decide about."""

    def decide() -> None:
        if decision.decision in {"retry-execution", "resolve"}:
            name = execution_id(FLOW, decision.root or "", None, 1)
            found = world.ledger.records.get(name)
            if found is not None and found.status in {Status.UNKNOWN, Status.FAILED}:
                scheduler.operate(decision.decision.partition("-")[0], name)
        else:
            scheduler.operate_flow(decision.decision, FLOW, decision.root)

    return decide


INTEGRATIONS = CONTRACTS["integrations"]
FAILS_ONCE = (Answer.REFUSED, Answer.SUCCESS)
DOUBTFUL = (Answer.RESET_BEFORE, Answer.SUCCESS)
CASES = {
    "a diamond": FlowCase(DIAMOND),
    "a fan": FlowCase(FAN),
    "two leaves": FlowCase(LEAVES),
    "a step fails": FlowCase(DIAMOND, answers={"b": FAILS_ONCE}, ends="failed"),
    "a step fails and is retried": FlowCase(DIAMOND, answers={"b": FAILS_ONCE}, decisions=(Decision("retry"),)),
    "the first step fails and is retried": FlowCase(DIAMOND, answers={"a": FAILS_ONCE}, decisions=(Decision("retry"),)),
    "an item fails and is retried": FlowCase(FAN, answers={"each1": FAILS_ONCE}, decisions=(Decision("retry"),)),
    "all is run again": FlowCase(DIAMOND, decisions=(Decision("retry", "a"),)),
    "all is run again, backwards": FlowCase(BACKWARDS, decisions=(Decision("retry", "d"),)),
    "half is run again": FlowCase(DIAMOND, decisions=(Decision("retry", "b"),)),
    "a fan is run again": FlowCase(FAN, decisions=(Decision("retry", "each"),)),
    "a failed execution is run again": FlowCase(
        DIAMOND, answers={"b": FAILS_ONCE}, decisions=(Decision("retry-execution", "b"),)
    ),
    "unknown, no decision": FlowCase(
        DIAMOND, INTEGRATIONS, {"b": DOUBTFUL}, fields={"deadlineSeconds": 1_800}, ends="failed"
    ),
    "unknown, resolved": FlowCase(
        DIAMOND, INTEGRATIONS, {"b": DOUBTFUL}, decisions=(Decision("resolve", "b"),), ends="failed"
    ),
    "unknown, run again": FlowCase(
        DIAMOND, INTEGRATIONS, {"b": DOUBTFUL}, decisions=(Decision("retry-execution", "b"),)
    ),
    "unknown, asked about again": FlowCase(DIAMOND, INTEGRATIONS, {"b": DOUBTFUL}, decisions=(Decision("retry"),)),
    "unknown, a late webhook": FlowCase(DIAMOND, answers={"b": (Answer.QUEUED,)}, callbacks=(Callback(900_000),)),
    "an unknown item, asked about again": FlowCase(
        FAN, INTEGRATIONS, {"each1": DOUBTFUL}, decisions=(Decision("retry"),)
    ),
    "stop at the first failure": FlowCase(
        {**DIAMOND, "e": step(dependsOn=["c"])},
        answers={"b": (Answer.REFUSED,)},
        fields={"onFailure": "stop"},
        ends="failed",
    ),
    "stop at the first item that fails": FlowCase(
        {"each": step(forEach={"$literal": [1, 2, 3]}, maxConcurrency=1), "last": step(dependsOn=["each"])},
        answers={"each0": (Answer.REFUSED,)},
        fields={"onFailure": "stop"},
        ends="failed",
    ),
    "cancelled": FlowCase(DIAMOND, decisions=(Decision("cancel", after_ms=400),), ends=""),
    "a fan is cancelled": FlowCase(FAN, decisions=(Decision("cancel", after_ms=900),), ends=""),
    "skipped by when": FlowCase({**DIAMOND, "b": step(inputs={"a": result_of("a")}, when={"$literal": False})}),
}
MAIN = ("a diamond", "a fan", "two leaves")
"""These get every fault at every call, and zombies, with one copy of each message and with two."""
_WRITES = ("flow.create", "flow.save", "flow.release", "notify.", "ledger.", "queue.", "deliveries.", "payloads.re")
"""Calls that change something; reads are the same in every case."""


def histories(name: str, crew: Crew) -> Iterator[FlowCase]:
    """Yield all histories of one group."""
    base = CASES[name]
    yield base
    yield replace(base, copies=3)
    if name not in MAIN:
        yield from _each(base, _calls(base, crew, _WRITES), (Move.DIE_AFTER, Move.ERROR))
        return
    yield from _each(base, _calls(base, crew), FAULTS)
    for zombie, copies in ((Zombie.BRIEF, 1), (Zombie.LONG, 2)):
        sleeping = replace(base, copies=copies)
        yield from _each(replace(sleeping, zombie=zombie), _calls(sleeping, crew), (Move.PROCEED, Move.DIE_AFTER))


def _calls(base: FlowCase, crew: Crew, ports: tuple[str, ...] = ("",)) -> list[int]:
    """Return the numbers of a case's calls of these ports."""
    world = play(base, crew)
    return [number for number, port in enumerate(world.flow_calls) if port.startswith(ports)]


def _each(base: FlowCase, calls: list[int], faults: tuple[Move, ...]) -> Iterator[FlowCase]:
    for at in calls:
        for fault in faults:
            yield replace(base, at=at, fault=fault)
