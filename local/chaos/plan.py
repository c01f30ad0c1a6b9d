"""Which execution meets what, from one seed: the same seed always gives the same plan."""

import random
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from local.chaos.faults import CALM, LARGE, LARGE_RESULT_BYTES, STORM, FaultKind, kinds
from local.chaos.history import Order

_ACTION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
_PUBLISHED_ACTION = f"custom_-_{_ACTION}"
_CALM_SHARE = 0.2
_IDEMPOTENT_SHARE = 0.3
_TOGETHER_SHARE = 0.1
_RIVAL_SHARE = 0.08
_TWIN_SHARE = 0.5
_WEBHOOK_SHARE = 0.15
_COPIES = 3
_STORM = 5
"""So many 429s follow one another: one alone is no storm."""


def plan(contract: str, number: int, seed: int) -> tuple[Order, ...]:
    """Plan `number` executions of a contract: every kind of fault gets its share, in a shuffled order."""
    source = random.Random(f"{seed}/{contract}")  # noqa: S311 - a plan, no secret
    calm = round(number * _CALM_SHARE)
    every = kinds(contract)
    faulty = [every[index % len(every)] for index in range(number - calm)]
    drawn = [CALM] * calm + faulty
    source.shuffle(drawn)
    return tuple(_order(contract, kind, index, source) for index, kind in enumerate(_with_storms(drawn, source)))


def script(contract: str, orders: Sequence[Order]) -> list[Mapping[str, Any]]:
    """Return the simulator's script for them: each fault names the one execution that it is for."""
    name = "executionId" if contract == "data-actions" else "traceId"
    return [
        {**fault, name: order.execution_id if contract == "data-actions" else order.trace_id}
        for order in orders
        for fault in order.faults
    ]


def _with_storms(drawn: Sequence[FaultKind], source: random.Random) -> list[FaultKind]:
    """Move the throttled ones together, `_STORM` at a time."""
    throttled = [kind for kind in drawn if kind.name == STORM]
    ordered = [kind for kind in drawn if kind.name != STORM]
    for first in range(0, len(throttled), _STORM):
        place = source.randrange(len(ordered) + 1)
        ordered[place:place] = throttled[first : first + _STORM]
    return ordered


def _order(contract: str, kind: FaultKind, index: int, source: random.Random) -> Order:
    integrations = contract == "integrations"
    twin = kind is CALM and source.random() < _TWIN_SHARE
    mode = {} if integrations else {"mode": "queued" if kind.by_callback else source.choice(("queued", "completed"))}
    number = f"twin {index % 3}" if twin else index
    faults = [{**fault, **mode} for fault in kind.faults or ({},)]
    return Order(
        execution_id=drawn_uuid(source),
        trace_id=drawn_uuid(source),
        action_id=_PUBLISHED_ACTION if integrations else _ACTION,
        inputs={"order": number, "note": f"{kind.name}, ünïcode"},
        kind=kind.name,
        faults=tuple(fault for fault in faults if fault),
        idempotent=source.random() < _IDEMPOTENT_SHARE,
        copies=_COPIES if source.random() < _TOGETHER_SHARE else 1,
        rival_inputs={"order": index, "note": "a rival"} if source.random() < _RIVAL_SHARE else None,
        result_bytes=LARGE_RESULT_BYTES if kind.name == LARGE else 0,
        cached=twin,
        webhook=source.random() < _WEBHOOK_SHARE,
    )


def drawn_uuid(source: random.Random) -> str:
    """Return the next UUID of a seed."""
    return str(uuid.UUID(int=source.getrandbits(128), version=4))
