"""One campaign: a plan on one world, callers and killer at once, then the history that the witnesses report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from local.chaos import witnesses
from local.chaos.callers import TIMEOUT_MS, Callers
from local.chaos.cases import ACCEPTED
from local.chaos.flow_callers import FlowCallers
from local.chaos.flow_plan import flow_script, plan_flows
from local.chaos.flow_reference import planned
from local.chaos.history import History, Order
from local.chaos.killer import Killer
from local.chaos.plan import plan, script
from local.chaos.settling import LAST_CALLBACK_SECONDS, PATIENCE_SECONDS, settle
from local.chaos.tables import Tables
from local.chaos.together import together
from local.genesys.remote import RemoteSimulator
from local.world.deploy import STACK_NAME
from local.world.state import Stack, WorldFolder

_ACTION_MS = 500
"""An action takes up to so long, and kills therefore meet workers that wait for an answer."""
_KILLING_ON_SECONDS = 6.0
"""The killer goes on for so long after the last request: the queue is not empty by then."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is to be done on one world. `requests_per_second` bounds the callers, `kills_per_second` is an average."""

    contract: str
    executions: int
    seed: int
    kills_per_second: float
    requests_per_second: float
    patience: float = PATIENCE_SECONDS


def run(campaign: Campaign, stack: Stack, folder: Path, show: Callable[[str], None]) -> History:
    """Run a campaign on a world that is up; `show` follows its progress."""
    begun = time.monotonic()
    orders = plan(campaign.contract, campaign.executions, campaign.seed)
    flows = plan_flows(campaign.contract, campaign.executions, campaign.seed, TIMEOUT_MS)
    tables, callers, flow_callers = Tables(stack), Callers(stack), FlowCallers(stack, flows)
    tables.see_again_soon(STACK_NAME)
    killer = Killer(
        tables.functions(STACK_NAME),
        WorldFolder(folder).temporary,
        per_second=campaign.kills_per_second,
        seed=campaign.seed,
    )
    with RemoteSimulator(stack.genesys_url) as genesys:
        genesys.patch_scenario({"rate": {"enabled": False}, "latency": {"minMs": 50, "maxMs": _ACTION_MS}})
        genesys.script(*script(campaign.contract, orders), *flow_script(campaign.contract, flows))
        show(f"{len(orders)} executions, {len(flows)} workflows, {campaign.kills_per_second:g} kills a second")
        with killer:
            together([flow_callers.send, lambda: _send(callers, orders, campaign.requests_per_second, genesys)])
            flow_callers.operate_for(_KILLING_ON_SECONDS if campaign.kills_per_second else 0)
        log = callers.log()
        accepted = frozenset(entry.execution_id for entry in log if entry.status in ACCEPTED and not entry.read)
        show(f"{killer.kills().total} workers killed; waiting until all have ended")
        quiet = LAST_CALLBACK_SECONDS if campaign.contract == "data-actions" else 0.0
        settled = settle(tables, accepted, flow_callers, show, patience=campaign.patience, quiet=quiet)
        show(f"{len(settled.open)} not ended, {settled.redriven} redriven; asking the witnesses")
        history = History(
            contract=campaign.contract,
            orders=orders,
            log=(*log, *flow_callers.log),
            flows=flows,
            retries=flow_callers.retries,
            finals={},
            runs=witnesses.genesys_runs(genesys, by_execution_id=campaign.contract == "data-actions"),
            requests=witnesses.genesys_requests(genesys),
            callbacks=witnesses.genesys_callbacks(genesys),
            audit=tables.audit(),
            delivered=witnesses.delivered(stack),
            kills=killer.kills(),
            redriven=settled.redriven,
            seconds=time.monotonic() - begun,
        )
    history = replace(
        history,
        finals=witnesses.finals(stack, planned(history)),
        flow_finals=witnesses.flow_finals(stack, [flow.workflow_id for flow in flows]),
    )
    return replace(history, counted=witnesses.counted(stack, history))


def _send(callers: Callers, orders: Sequence[Order], per_second: float, genesys: RemoteSimulator) -> None:
    half = len(orders) // 2
    callers.send(orders[:half], per_second)
    _take_tokens_away(genesys)
    callers.send(orders[half:], per_second)


def _take_tokens_away(genesys: RemoteSimulator) -> None:
    """Half-way: every token is refused from now on, and the token endpoint itself is out for two requests."""
    genesys.script({"on": "token", "status": 503}, {"on": "token", "reset": "before_run"})
    genesys.revoke_tokens()
