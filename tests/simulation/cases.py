"""The enumerated histories, in groups."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from actionrelay.genesys.contract import GenesysApi
from tests.simulation.baton import Crew
from tests.simulation.enumeration import CONTRACTS, Case, Zombie, every_fault, play
from tests.simulation.platform import ON_TIME, Answer, Callback

DATA_ACTIONS, INTEGRATIONS = CONTRACTS["data-actions"], CONTRACTS["integrations"]
IDEMPOTENT = CONTRACTS["integrations, idempotent"]
NONE_OR_LONG = (Zombie.NONE, Zombie.LONG)
LARGE = 600
"""Padding that makes a result too large for its record."""
WEBHOOKS = {
    "on time": ON_TIME,
    "before the answer": (Callback(50),),
    "twice": (Callback(2_000), Callback(2_500)),
    "after the deadline": (Callback(900_000),),
    "contradicting": (Callback(2_000), Callback(3_000, "failed")),
    "contradicting, reordered": (Callback(2_000, "failed"), Callback(400)),
    "failed": (Callback(2_000, "failed"),),
    "never": (),
}
LATER = (Callback(7_203_000),)
"""After an operator's decision, two hours after the beginning, while the second run waits for its own webhook."""
OPERATORS = {
    "runs an unknown one again": Case(INTEGRATIONS, (Answer.RESET_AFTER, Answer.SUCCESS), operator="retry"),
    "runs a failed one again": Case(INTEGRATIONS, (Answer.REFUSED, Answer.SUCCESS), operator="retry"),
    "runs a failed one again, by id": Case(DATA_ACTIONS, (Answer.REFUSED, Answer.SUCCESS), operator="retry"),
    "runs what a webhook ended again": Case(
        DATA_ACTIONS, (Answer.REPORTED, Answer.QUEUED), (Callback(2_000), Callback(2_500)), operator="retry"
    ),
    "runs one again with contradicting webhooks": Case(
        DATA_ACTIONS, (Answer.QUEUED,), (Callback(2_000, "failed"), Callback(7_201_500)), operator="retry"
    ),
    "asks again about an unknown one": Case(DATA_ACTIONS, (Answer.QUEUED, Answer.SUCCESS), (), operator="retry"),
    "gives an unknown one a second run": Case(DATA_ACTIONS, (Answer.QUEUED,), LATER, operator="again"),
    "gives an unknown one a second run, the first has failed": Case(
        DATA_ACTIONS, (Answer.QUEUED,), tuple(replace(each, status="failed") for each in LATER), operator="again"
    ),
    "resolves an unknown one": Case(INTEGRATIONS, (Answer.RESET_BEFORE,), operator="resolve"),
    "cancels": Case(INTEGRATIONS, (Answer.SHED, Answer.SUCCESS), operator="cancel"),
}

# A webhook of the first run is repeated while an operator's second run waits for its own.
STALE = Case(
    DATA_ACTIONS,
    (Answer.QUEUED,),
    (Callback(2_000, "failed"), Callback(7_200_800, "failed"), Callback(7_202_000, "failed")),
    operator="retry",
)
LATE_ONCE = Case(DATA_ACTIONS, (Answer.QUEUED,), (Callback(900_000),), webhook_tries=1)
"""Nothing happens to it any more: the deadline is over, and the sender does not repeat."""
NEVER_ANSWERED = Case(INTEGRATIONS, receiver=(0,))
"""Three days of messages that are each too early; without faults, since ``is gone`` ends the same way."""
RECEIVERS = {
    "is gone": Case(INTEGRATIONS, receiver=(410,)),
    "fails three times": Case(INTEGRATIONS, receiver=(503, 500, 0, 204)),
    "is gone until an operator asks for it again": Case(INTEGRATIONS, receiver=(410, 200), operator="redeliver"),
    "has it until an operator asks for it again": Case(INTEGRATIONS, receiver=(200, 503, 200), operator="redeliver"),
}

DISTINCT = frozenset(
    {
        Answer.QUEUED,
        Answer.REPORTED,
        Answer.THROTTLED,
        Answer.SHED,
        Answer.BROKEN_RAN,
        Answer.REFUSED,
        Answer.NO_TOKEN,
        Answer.UNREACHABLE,
        Answer.LATE,
    }
)
"""One of each kind; the others have the same effect as ``BROKEN_RAN``, and are played without faults."""
AMBIGUOUS_THEN = Case(DATA_ACTIONS, (Answer.RESET_AFTER, Answer.REFUSED))

type Cases = Iterator[Case]


def _faults(base: Case, crew: Crew, zombies: tuple[Zombie, ...], deliveries: int = 1) -> Cases:
    calls = play(replace(base, deliveries=deliveries), crew).calls
    yield from every_fault(base, calls, deliveries, zombies)


def _main_job(base: Case) -> Callable[[Crew], Cases]:
    """Every fault at every call, for one, two and three deliveries, with every kind of zombie."""

    def cases(crew: Crew) -> Cases:
        yield from _faults(base, crew, NONE_OR_LONG, 1)
        yield from _faults(base, crew, tuple(Zombie), 2)
        yield from _faults(base, crew, NONE_OR_LONG, 3)

    return cases


def _once(base: Case, zombies: tuple[Zombie, ...] = (Zombie.NONE,)) -> Callable[[Crew], Cases]:
    """Every fault at every call of one delivery."""
    return lambda crew: _faults(base, crew, zombies)


def _answers(base: Case) -> Callable[[Crew], Cases]:
    """An answer followed by a success; the same answer every time; and both with faults."""

    def cases(crew: Crew) -> Cases:
        yield base
        yield replace(base, answers=base.answers[:1])
        if base.answers[0] in DISTINCT and base.deployment is not IDEMPOTENT:  # which behaves like data-actions
            yield from _faults(base, crew, NONE_OR_LONG if base.deployment is INTEGRATIONS else (Zombie.NONE,))

    return cases


def groups() -> dict[str, Callable[[Crew], Cases]]:
    """Return all groups by name."""
    found = {f"{name}, done at once": _main_job(Case(setup)) for name, setup in CONTRACTS.items()}
    found["data-actions, done by webhook"] = _main_job(Case(DATA_ACTIONS, (Answer.QUEUED,)))
    found |= {f"{name}, large": _once(Case(replace(setup, padding=LARGE))) for name, setup in CONTRACTS.items()}
    found["webhook, large"] = _once(Case(replace(DATA_ACTIONS, padding=LARGE), (Answer.QUEUED,)), NONE_OR_LONG)
    for name, setup in CONTRACTS.items():
        for answer in Answer:
            if answer is Answer.SUCCESS or (answer is Answer.QUEUED and setup.api is GenesysApi.INTEGRATIONS):
                continue
            found[f"{name}, {answer}"] = _answers(Case(setup, (answer, Answer.SUCCESS)))
    found["the cache answers"] = _once(Case(DATA_ACTIONS, again=True))
    for name, plan in WEBHOOKS.items():
        found[f"webhook {name}"] = _once(Case(DATA_ACTIONS, (Answer.QUEUED,), plan))
    found["webhook late, sent once"] = _once(LATE_ONCE)
    found["webhook again, of the run before"] = _once(STALE)
    found["receiver never answers"] = lambda _: iter((NEVER_ANSWERED,))
    found |= {f"receiver {name}": _once(base) for name, base in RECEIVERS.items()}
    found |= {f"operator {name}": _once(base) for name, base in OPERATORS.items()}
    return found


def suspects(crew: Crew) -> Cases:
    """Yield a few hundred histories that reveal most broken rules."""
    yield Case(IDEMPOTENT, (Answer.BROKEN,))
    yield Case(INTEGRATIONS, (Answer.REFUSED,), again=True)
    yield AMBIGUOUS_THEN
    yield replace(AMBIGUOUS_THEN, operator="cancel")
    yield from (Case(DATA_ACTIONS, (Answer.QUEUED,), plan) for plan in WEBHOOKS.values())
    yield from (STALE, NEVER_ANSWERED, *RECEIVERS.values(), *OPERATORS.values())
    yield from _faults(LATE_ONCE, crew, (Zombie.NONE,))
    yield from _faults(Case(INTEGRATIONS), crew, NONE_OR_LONG)
    yield from _faults(Case(replace(INTEGRATIONS, padding=LARGE)), crew, (Zombie.NONE,))
