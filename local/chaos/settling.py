"""After the kills: wait, as an operator would, until everything on record has ended and nothing is on its way."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from actionrelay.ledger.audit_entry import AuditEntry
from local.chaos.flow_callers import FlowCallers
from local.chaos.history import ENDED
from local.chaos.tables import Tables
from local.chaos.worlds import VISIBILITY_SECONDS

PATIENCE_SECONDS = 4.0 * VISIBILITY_SECONDS
"""A message whose worker was killed twice in a row is seen again after two visibility timeouts."""
LAST_CALLBACK_SECONDS = 6.0
"""A callback that comes after its deadline, and one that is sent again after lost answers, are over by then."""
_LOOK_AGAIN_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Settled:
    """How the waiting ended: what is still open, and how many messages had to be redriven."""

    open: frozenset[str]
    redriven: int


def settle(
    tables: Tables,
    accepted: frozenset[str],
    flows: FlowCallers,
    show: Callable[[str], None],
    *,
    patience: float,
    quiet: float,
) -> Settled:
    """Wait until all of `accepted` have ended with a whole audit trail, and stay so for `quiet` seconds.

    So must the executions of workflows, and each workflow has come to something, and was run again where that is
    planned. Waits at most `patience` seconds in which nothing changes: how long a backlog takes depends on the machine.
    """
    ends = time.monotonic() + patience
    redriven = 0
    shown = -1
    seen: object = None
    quiet_since: float | None = None
    while True:
        redriven += tables.redrive()
        flows.operate()
        # Workflows first: what they begin afterwards is looked at the next time.
        running = under_way(tables.flow_statuses()) | flows.owed
        executions = tables.executions()
        statuses = {each.execution_id: each.status.value for each in executions}
        watched = accepted | {each.execution_id for each in executions if each.workflow is not None}
        # The trail is long: it is looked at once the states are as they should be.
        waiting = running or not_ended(watched, statuses) or behind(watched, statuses, tables.audit())
        now = time.monotonic()
        if seen != (running, statuses):
            seen, ends = (running, statuses), now + patience
        quiet_since = None if waiting else quiet_since or now
        if quiet_since is not None and now - quiet_since >= quiet:
            return Settled(frozenset(), redriven)
        if now > ends:
            return Settled(waiting, redriven)
        if len(waiting) != shown:
            shown = len(waiting)
            show(f"{shown} of {len(watched)} not ended")
        time.sleep(_LOOK_AGAIN_SECONDS)


def under_way(statuses: Mapping[str, str]) -> frozenset[str]:
    """Return the workflows that have not come to anything yet; one that is blocked has."""
    return frozenset(workflow_id for workflow_id, status in statuses.items() if status == "running")


def not_ended(accepted: frozenset[str], statuses: Mapping[str, str]) -> frozenset[str]:
    """Return those that have not ended."""
    return frozenset(execution_id for execution_id in accepted if statuses.get(execution_id) not in ENDED)


def behind(
    accepted: frozenset[str], statuses: Mapping[str, str], audit: Mapping[str, Sequence[AuditEntry]]
) -> frozenset[str]:
    """Return those whose last audit entry does not yet say what the record says."""
    return frozenset(
        execution_id
        for execution_id in accepted
        if not audit.get(execution_id) or audit[execution_id][-1].status != statuses.get(execution_id)
    )
