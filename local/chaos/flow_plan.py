"""Which workflow meets what, from one seed. Each shape gets its turn."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from local.chaos.faults import CALM, LARGE, FaultKind, kinds
from local.chaos.flow_reference import execution_id
from local.chaos.history import FlowOrder
from local.chaos.plan import drawn_uuid

EXECUTIONS_PER_FLOW = 10
"""One workflow for so many executions that are submitted alone."""
FEWEST = 2
_CALM_SHARE = 0.3
_IDEMPOTENT_SHARE = 0.3
_QUICK = frozenset({"400", "401", "429 storm", "503 shed", "503 ran", "500", "reset after", "slow", "callback early"})
"""What a step meets that waits for another one: what takes long is met by first steps, all at the same time."""

type Steps = dict[str, dict[str, Any]]


def plan_flows(contract: str, executions: int, seed: int, timeout_ms: int) -> tuple[FlowOrder, ...]:
    """Plan the workflows that go with so many executions; the contracts begin with different shapes."""
    source = random.Random(f"{seed}/{contract}/flows")  # noqa: S311 - a plan, no secret
    number = max(FEWEST, executions // EXECUTIONS_PER_FLOW)
    carries_id = contract == "data-actions"
    shapes = ["refused", "fan", "apart", "skips", "chain"] if carries_id else ["diamond", "list", "apart", "chain"]
    return tuple(_flow(contract, shapes[index % len(shapes)], source, timeout_ms) for index in range(number))


def flow_script(contract: str, flows: Sequence[FlowOrder]) -> list[Mapping[str, Any]]:
    """Return the simulator's script for them: each fault names the one execution, or step, that it is for."""
    return [
        {**fault, **_named(contract, flow, name)}
        for flow in flows
        for name, faults in flow.faults.items()
        for fault in faults
    ]


def _named(contract: str, flow: FlowOrder, name: str) -> Mapping[str, str]:
    if contract == "data-actions":
        index = 0 if "forEach" in flow.steps[name] else None
        return {"executionId": execution_id(flow.workflow_id, name, index, 1)}
    return {"traceId": flow.trace_id, "actionId": flow.steps[name]["actionId"]}


def _flow(contract: str, shape: str, source: random.Random, timeout_ms: int) -> FlowOrder:
    steps = _SHAPES[shape]()
    for step in steps.values():
        action = drawn_uuid(source)
        step |= {
            "actionId": action if contract == "data-actions" else f"custom_-_{action}",
            "timeout": timeout_ms,
            "cacheResults": False,
            "idempotent": source.random() < _IDEMPOTENT_SHARE,
        }
    met = {name: _kind(contract, step, source) for name, step in steps.items()}
    if shape == "refused":
        met["b"] = next(kind for kind in kinds(contract) if kind.name == "400")
    return FlowOrder(
        workflow_id=drawn_uuid(source),
        trace_id=drawn_uuid(source),
        shape=shape,
        steps=steps,
        kinds={name: kind.name for name, kind in met.items()},
        faults={name: _faults(contract, kind, source) for name, kind in met.items()},
        retried=shape == "refused",
        webhook=source.random() < 0.5,
    )


def _kind(contract: str, step: Mapping[str, Any], source: random.Random) -> FaultKind:
    is_first = not step.get("dependsOn") and "$from" not in repr(step)
    fits = [kind for kind in kinds(contract) if is_first or kind.name in _QUICK]
    # Which item of a list meets the fault is a matter of order, and so is whose result is large.
    if "forEach" in step:
        fits = [kind for kind in fits if kind.name != LARGE]
    drawn = source.choice(fits)
    return CALM if source.random() < _CALM_SHARE else drawn


def _faults(contract: str, kind: FaultKind, source: random.Random) -> tuple[Mapping[str, Any], ...]:
    mode = {}
    if contract == "data-actions":
        mode = {"mode": "queued" if kind.by_callback else source.choice(("queued", "completed"))}
    return tuple(fault for fault in ({**each, **mode} for each in kind.faults or ({},)) if fault)


# -- Shapes: actions echo their inputs, so that a result says which results it was made from ------------------------


def _echo(name: str, path: str) -> dict[str, str]:
    return {"$from": name, "path": f"echo.{path}"}


def _chain() -> Steps:
    return {
        "a": {"inputs": {"n": 1, "deep": {"list": [1, 2.5, "ü"]}}},
        "b": {"inputs": {"a": _echo("a", "deep")}},
        "c": {"inputs": {"b": _echo("b", "a.list"), "note": "last"}, "dependsOn": ["a"]},
    }


def _diamond() -> Steps:
    return {
        "a": {"inputs": {"n": 1}},
        "b": {"inputs": {"a": _echo("a", "n"), "side": "left"}},
        "c": {"inputs": {"side": "right"}, "dependsOn": ["a"]},
        "d": {"inputs": {"b": _echo("b", "side"), "c": _echo("c", "side"), "a": _echo("b", "a")}},
    }


def _fan() -> Steps:
    return {
        "first": {"inputs": {"orders": ["x", "y", "z"]}},
        "each": {
            "forEach": _echo("first", "orders"),
            "maxConcurrency": 2,
            "inputs": {"order": {"$from": "$item"}, "number": {"$from": "$index"}},
        },
        "last": {"inputs": {"all": {"$from": "each"}}},
    }


def _list() -> Steps:
    return {
        "each": {"forEach": [10, 20, 30], "maxConcurrency": 3, "inputs": {"item": {"$from": "$item"}}},
        "none": {"forEach": {"$literal": []}, "inputs": {"item": {"$from": "$item"}}},
        "last": {"inputs": {"all": {"$from": "each"}, "nothing": {"$from": "none"}}},
    }


def _skips() -> Steps:
    return {
        "a": {"inputs": {"wanted": False}},
        "b": {"inputs": {"n": 2}, "when": _echo("a", "wanted")},
        "c": {"inputs": {"b": {"$from": "b"}, "n": 3}},
    }


def _apart() -> Steps:
    return {
        "a": {"inputs": {"n": 1}},
        "b": {"inputs": {"a": _echo("a", "n")}},
        "c": {"inputs": {"n": 3}},
        "d": {"inputs": {"c": _echo("c", "n")}},
    }


_SHAPES = {
    "chain": _chain,
    "diamond": _diamond,
    "refused": _diamond,
    "fan": _fan,
    "list": _list,
    "skips": _skips,
    "apart": _apart,
}
