"""The result of a chaos run: the table, the figures, the offenders' timelines; and the same as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from local.chaos.cases import Case, Violation, cases
from local.chaos.flows import flow_cases
from local.chaos.history import History
from local.chaos.outcomes import says_result_is_lost
from local.chaos.timeline import flow_timeline, timeline

_STATUSES = ("completed", "failed", "unknown")
_OFFENDERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One campaign's history, and what the checker says about it."""

    history: History
    violations: Sequence[Violation]


def figures(result: Result) -> dict[str, int | float]:
    """Return the numbers of a campaign by name."""
    history = result.history
    joined = cases(history)
    entries = [entry for case in joined for entry in case.audit]
    alone = [case for case in joined if case.order.step is None]
    return {
        "executions": len(alone),
        "accepted": sum(case.accepted for case in alone),
        "never accepted": sum(not case.accepted for case in alone),
        "workflows": len(history.flows),
        "executions of workflows": len(joined) - len(alone),
        "workflows run again by an operator": len(history.retries),
        "requests by callers": len(history.log),
        "answered 5xx or not at all": sum(entry.status is None or entry.status >= 500 for entry in history.log),
        "conflicts (409)": sum(entry.status == 409 for entry in history.log),
        "requests to Genesys Cloud": len(history.requests),
        "runs": sum(history.runs.values()),
        "callbacks": len(history.callbacks),
        "workers killed": history.kills.total,
        "attempts taken over from dead workers": sum(entry.code == "worker_lost" for entry in entries),
        "retries planned": sum(entry.event == "retry_planned" for entry in entries),
        "unknown made clear by a late webhook": sum(_made_clear(case) for case in joined),
        "large results lost with their worker": sum(says_result_is_lost(case) for case in joined),
        "webhook conflicts": sum(entry.event == "webhook_conflict" for entry in entries),
        "webhooks delivered": sum(len(statuses) for statuses in history.delivered.values()),
        "messages redriven from the DLQ": history.redriven,
        "audit entries": len(entries),
        "seconds": round(history.seconds, 1),
        "violations": len(result.violations),
    }


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table of each campaign, its figures, and what the first offenders went through."""
    for result in results:
        console.print(_outcomes(result))
        console.print(_figures(result))
        _show_violations(result, console)


def document(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return everything as JSON: figures, counts by kind and status, violations, and what happened to each."""
    return [
        {
            "contract": result.history.contract,
            "figures": figures(result),
            "killed": dict(result.history.kills.by_function),
            "outcomes": {kind: dict(counts) for kind, counts in outcomes(result.history).items()},
            "violations": [
                {"broken": each.broken.value, "executionId": each.execution_id, "detail": each.detail}
                for each in result.violations
            ],
            "timelines": {case.order.execution_id: timeline(case) for case in cases(result.history)},
            "workflows": {case.order.workflow_id: flow_timeline(case) for case in flow_cases(result.history)},
        }
        for result in results
    ]


def outcomes(history: History) -> Mapping[str, Counter[str]]:
    """Count the final statuses by kind of fault; what was never accepted and is not on record counts as `none`."""
    counts: dict[str, Counter[str]] = {}
    for case in cases(history):
        counts.setdefault(case.order.kind, Counter())[case.status or "none"] += 1
    return dict(sorted(counts.items()))


def _outcomes(result: Result) -> Table:
    table = Table(title=f"{result.history.contract}: what they met, and how they ended", title_justify="left")
    table.add_column("fault")
    for status in (*_STATUSES, "other"):
        table.add_column(status, justify="right")
    totals: Counter[str] = Counter()
    for kind, counts in outcomes(result.history).items():
        totals += counts
        table.add_row(kind, *_row(counts))
    table.add_section()
    table.add_row("all", *_row(totals))
    return table


def _row(counts: Counter[str]) -> list[str]:
    other = counts.total() - sum(counts[status] for status in _STATUSES)
    return [str(number or "·") for number in (*(counts[status] for status in _STATUSES), other)]


def _figures(result: Result) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, number in figures(result).items():
        table.add_row(name, str(number))
    killed = ", ".join(f"{name} {number}" for name, number in sorted(result.history.kills.by_function.items()))
    table.add_row("killed", killed or "none")
    return table


def _show_violations(result: Result, console: Console) -> None:
    if not result.violations:
        console.print(f"{result.history.contract}: no promise was broken", style="green")
        return
    for broken, number in Counter(each.broken for each in result.violations).most_common():
        console.print(f"{number} times: {broken}", style="red")
    for case in _offenders(result)[:_OFFENDERS_SHOWN]:
        console.print()
        for each in result.violations:
            if each.execution_id == case.order.execution_id:
                console.print(f"{each.broken}: {each.detail}", style="red", markup=False)
        console.print("\n".join(timeline(case)), markup=False, soft_wrap=True)
    for flow in flow_cases(result.history):
        found = [each for each in result.violations if each.execution_id == flow.order.workflow_id]
        for each in found:
            console.print(f"{each.broken}: {each.detail}", style="red", markup=False)
        if found:
            console.print("\n".join(flow_timeline(flow)), markup=False, soft_wrap=True)


def _offenders(result: Result) -> list[Case]:
    named = {each.execution_id for each in result.violations}
    return [case for case in cases(result.history) if case.order.execution_id in named]


def _made_clear(case: Case) -> bool:
    return case.status in {"completed", "failed"} and any(entry.status == "unknown" for entry in case.audit)
