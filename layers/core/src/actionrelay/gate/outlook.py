"""What operators and callers see of the rate gate: which lanes wait, and about how long."""

from actionrelay.gate.ports import GateView
from actionrelay.gate.rate import GateState
from actionrelay.gate.turns import Sharing, is_waiting
from actionrelay.lanes import Lane


def view_of(state: GateState, now: int) -> GateView:
    """Return the part of the gate's state that is shown."""
    waiting = [each.flow.lane for each in state.flows if is_waiting(each, now)]
    return GateView(
        paused_until=state.paused_until,
        in_flight=state.in_flight(now),
        callers_waiting={lane: waiting.count(lane) for lane in Lane},
    )


def worked_off_at(sharing: Sharing, view: GateView, lane: Lane, messages: int, now: int) -> int | None:
    """Estimate when all messages of a lane have had a permit, in ms, at the lane's present pace.

    None while the number of actions in flight bounds the pace: when those end is not known.
    """
    if view.in_flight >= sharing.max_in_flight:
        return None
    share = sharing.percent(lane) if view.waits_beside(lane) else 100
    return max(now, view.paused_until) + messages * sharing.rate.interval_us * 100 // (share * 1_000)
