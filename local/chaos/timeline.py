"""What happened to an execution, or a workflow, as a reader wants it: everything that a witness saw, by time."""

from collections.abc import Iterator
from datetime import UTC, datetime

from local.chaos.cases import Case
from local.chaos.flow_reference import needs
from local.chaos.flows import FlowCase


def timeline(case: Case) -> list[str]:
    """Return the lines: the order, what each witness saw and when, and the final state."""
    order = case.order
    allowed = "may run again" if order.idempotent else "may not run again"
    lines = [f"{order.execution_id} · {order.kind} · {allowed} · trace {order.trace_id}"]
    lines += [f"  {_clock(at)}  {who:<8} {what}" for at, who, what in sorted(_seen(case))]
    lines += [
        f"  {'':<12}  genesys  callback {callback.outcome}: {', '.join(map(str, callback.attempts)) or 'not sent yet'}"
        for callback in case.callbacks
    ]
    final = case.final
    shown = "nothing" if final is None else f"{final['status']}, {final['attempts']} attempts, error {final['error']}"
    return [*lines, f"  at last: {shown}; {case.runs} runs"]


def flow_timeline(case: FlowCase) -> list[str]:
    """Return the lines: the workflow, what was asked, what each step must be and is, and its executions' timelines."""
    order, final = case.order, case.final
    status = final["status"] if final else "nothing"
    lines = [f"{order.workflow_id} · {order.shape} · trace {order.trace_id} · {status}"]
    for entries, asked in ((case.log, "submits it"), (case.retries, "asks for another run")):
        lines += [
            f"  {_clock(entry.at)}  caller   {asked}: {entry.status or 'no answer'} {entry.said}" for entry in entries
        ]
    for name in order.steps:
        shown = case.steps[name]["status"] if case.steps else "nothing"
        after = ", ".join(needs(order, name)) or "nothing"
        lines.append(f"  step {name}, after {after}: {shown}, and must be {case.must_be(name)}")
    for (name, index, run), execution in sorted(case.executions.items(), key=repr):
        lines.append(f"  step {name}, item {index}, run {run}:")
        lines += [f"    {line}" for line in timeline(execution)]
    return lines


def _seen(case: Case) -> Iterator[tuple[float, str, str]]:
    for entry in case.log:
        content = "the rival's content" if entry.rival else "its content"
        yield entry.at, "caller", f"{content}: {entry.status or 'no answer'} {entry.said}"
    for read in case.reads:
        yield read.at, "caller", f"reads: {read.status or 'no answer'} {read.said}"
    for request in case.requests:
        ran = "ran" if request.ran else "found the earlier run" if request.repeat else "did not run"
        fault = f" ({request.fault})" if request.fault else ""
        yield request.at, "genesys", f"request {request.sequence}{fault}: {ran}, {request.status or 'no answer'}"
    for step in case.audit:
        cause = f", {step.code}" if step.code else ""
        yield step.timestamp / 1_000, "audit", f"{step.seq} {step.event}: {step.status}{cause} [{step.attempt}]"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
