"""`retry`, `resolve`, `cancel`, `redeliver`, `acknowledge`: what an operator decides."""

from collections.abc import Iterator
from typing import Annotated

import typer

from actionrelay_client.bulk.order import run_id_of
from actionrelay_client.client import Client
from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.executions import ExecutionId
from actionrelay_client.command.exits import exit_of
from actionrelay_client.command.inputs import read_json
from actionrelay_client.command.showing import Screen, show_execution
from actionrelay_client.errors import ActionRelayError, ConflictError


def retry(
    to: Connection,
    execution_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The executionId.")] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Run an unknown one again instead of repeating its request: it may run twice."),
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="All failed ones of a batch.")] = False,
    name: Annotated[str | None, typer.Option(help="The batch: the --name of `actionrelay run`.")] = None,
) -> None:
    """Run a failed or unknown execution again; or all failed ones of a batch: --failed --name BATCH."""
    if execution_id is not None and not failed and name is None:
        with to.client() as client:
            show_execution(to.screen, client.retry(execution_id, again=True if again else None))
        return
    if execution_id is not None or not failed or name is None or again:
        raise typer.BadParameter("give an ID, or --failed and --name")
    with to.client() as client:
        _retry_failed(client, to.screen, name)


def _retry_failed(client: Client, screen: Screen, name: str) -> None:
    """Run all failed ones of a batch again, except those that were decided meanwhile."""
    retried = left = 0
    try:
        for execution_id in _failed(client, name):
            try:
                client.retry(execution_id)
            except ConflictError:
                left += 1
            else:
                retried += 1
    except ActionRelayError as error:
        screen.say(f"{retried} are queued again; the same command goes on with the rest")
        screen.error(error)
        raise typer.Exit(exit_of(error)) from None
    if screen.as_json:
        screen.document({"name": name, "retried": retried, "left": left})
    else:
        screen.say(f"{retried} are queued again" + (f"; {left} had been decided otherwise" if left else ""))
        screen.say("`actionrelay run` with the same file and name follows them", "dim")


def _failed(client: Client, name: str) -> Iterator[str]:
    """Return the ids of a batch's failed executions: all pages first, since a retry moves one off the list."""
    ids = [each.execution_id for each in client.list(trace_id=str(run_id_of(name)), status="failed", page_size=100)]
    yield from ids


def resolve(
    to: Connection,
    execution_id: ExecutionId,
    status: Annotated[str, typer.Option(help="How it ended: completed or failed.")],
    result: Annotated[str | None, typer.Option(help="What it returned, as JSON or @file.")] = None,
    error: Annotated[str | None, typer.Option(help="Why it failed, in a sentence.")] = None,
    note: Annotated[str | None, typer.Option(help="How you know, for the audit trail.")] = None,
) -> None:
    """Record how an unknown execution ended."""
    if status not in {"completed", "failed"}:
        raise typer.BadParameter("must be completed or failed", param_hint="--status")
    found = None if result is None else read_json(result, "--result")
    with to.client() as client:
        show_execution(to.screen, client.resolve(execution_id, status, result=found, error=error, note=note))


def cancel(to: Connection, execution_id: ExecutionId) -> None:
    """Stop a queued execution."""
    with to.client() as client:
        show_execution(to.screen, client.cancel(execution_id))


def redeliver(to: Connection, execution_id: ExecutionId) -> None:
    """Deliver to the caller's webhook again, or make the next try now."""
    with to.client() as client:
        show_execution(to.screen, client.redeliver(execution_id))


def acknowledge(
    to: Connection,
    execution_id: ExecutionId,
    note: Annotated[str | None, typer.Option(help="What you found, for the audit trail.")] = None,
) -> None:
    """Take an execution off the lists of what needs attention."""
    with to.client() as client:
        show_execution(to.screen, client.acknowledge(execution_id, note=note))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (retry, resolve, cancel, redeliver, acknowledge):
        app.command(function.__name__, rich_help_panel="Decisions")(connected(function))
