"""What can be said about those that wait before the rate gate: whether their lane does, and about how long."""

from actionrelay.gate.ports import GateView
from actionrelay.gate.rate import GateState
from actionrelay.gate.turns import Sharing, is_waiting
from actionrelay.lanes import Lane


def view_of(state: GateState, now: int) -> GateView:
    """Return what of the gate's state is worth showing."""
    waiting = [each.flow.lane for each in state.flows if is_waiting(each, now)]
    return GateView(
        paused_until=state.paused_until,
        in_flight=state.in_flight(now),
        callers_waiting={lane: waiting.count(lane) for lane in Lane},
    )


def worked_off_at(sharing: Sharing, view: GateView, lane: Lane, messages: int, now: int) -> int | None:
    """Return about when all messages of a lane have had a permit (ms), at the pace that it has now.

    None where actions take so long that their number bounds the pace, and nobody knows when they end.
    """
    if view.in_flight >= sharing.max_in_flight:
        return None
    share = sharing.percent(lane) if view.waits_beside(lane) else 100
    return max(now, view.paused_until) + messages * sharing.rate.interval_us * 100 // (share * 1_000)
