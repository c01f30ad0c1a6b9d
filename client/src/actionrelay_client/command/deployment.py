"""`metrics`, `actions`: counts and latency, and the organisation's actions."""

from typing import Annotated, Any

import typer

from actionrelay_client.bulk.contract import contract_of
from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.showing import Screen
from actionrelay_client.documents import Action


def metrics(
    to: Connection,
    from_: Annotated[str | None, typer.Option("--from", help="From this day, such as 2026-11-24.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Up to this day, included.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
) -> None:
    """Show counts, success rate and latency."""
    with to.client() as client:
        found = client.metrics(from_=from_, to=until, action_id=action)
    screen = to.screen
    if screen.as_json:
        screen.document(found.document)
        return
    rate = found.success_rate
    screen.fields(
        (
            ("executions", found.total_executions),
            ("completed", found.successful_executions),
            ("failed", found.failed_executions),
            ("unknown", found.unknown_executions),
            ("cancelled", found.cancelled_executions),
            ("under way", found.in_progress_executions),
            ("from the cache", found.cache_hits),
            ("refused as invalid", found.rejected_requests),
            ("success rate", None if rate is None else f"{rate:.2%}"),
            ("latency", None if found.average_latency_ms is None else f"{found.average_latency_ms:.0f} ms on average"),
            ("", ", ".join(f"{name} {value} ms" for name, value in found.latency_ms.items() if value is not None)),
        )
    )
    days = [each for each in found.days if isinstance(each, dict)] if isinstance(found.days, list) else []
    if days:
        names = ("date", "totalExecutions", "successfulExecutions", "failedExecutions", "unknownExecutions")
        screen.table(
            ("day", "executions", "completed", "failed", "unknown"),
            ([each.get(name) for name in names] for each in days),
        )


def actions(
    to: Connection,
    action_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this action's contract.")] = None,
    name: Annotated[str | None, typer.Option(help="Part of the name.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
) -> None:
    """List the organisation's data actions, or show one's contract."""
    screen = to.screen
    with to.client() as client:
        if action_id is not None:
            _show(screen, client.action(action_id))
            return
        found = client.actions(name=name, category=category)
        if screen.as_json:
            for each in found:
                screen.document(each.document)
            return
        screen.table(
            ("action", "name", "category", "type", "timeout"),
            ((each.action_id, each.name, each.category, each.request_type, each.timeout_seconds) for each in found),
        )


def _show(screen: Screen, action: Action) -> None:
    if screen.as_json:
        screen.document(action.document)
        return
    screen.fields(
        (
            ("action", action.action_id),
            ("name", action.name),
            ("category", action.category),
            ("type", action.request_type),
            ("version", action.version),
            ("timeout", None if action.timeout_seconds is None else f"{action.timeout_seconds} s"),
            ("read", action.checked_at),
        )
    )
    contract = contract_of(action)
    if contract is None:
        screen.say("the catalogue does not say what it takes")
        return
    screen.table(
        ("input", "type", "required", "description"),
        (
            (name, kind, "yes" if name in contract.required else "", _description(contract.rules.get(name, {})))
            for name, kind in contract.types.items()
        ),
    )


def _description(rule: Any) -> str | None:
    value = rule.get("description")
    return value if isinstance(value, str) else None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (metrics, actions):
        app.command(function.__name__, rich_help_panel="The deployment")(connected(function))
