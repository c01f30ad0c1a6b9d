"""`submit`, `get`, `wait`, `list`, `audit`: executions, one by one."""

import itertools
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from actionrelay_client.bulk.order import run_id_of
from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.exits import Exit
from actionrelay_client.command.inputs import read_inputs, read_json
from actionrelay_client.command.showing import Screen, show_execution
from actionrelay_client.documents import Execution

ExecutionId = Annotated[str, typer.Argument(metavar="ID", help="The executionId.")]


def submit(
    to: Connection,
    action: Annotated[str, typer.Argument(help="The actionId.")],
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INPUT]...", help="name=value for a string, name:=value for JSON: amount:=10.50"),
    ] = None,
    inputs: Annotated[str | None, typer.Option(help="All inputs as JSON, @file, or - for standard input.")] = None,
    execution_id: Annotated[
        str | None,
        typer.Option("--id", help="Your own UUID: the same id and content run once, however often you send them."),
    ] = None,
    trace_id: Annotated[str | None, typer.Option(help="A UUID for logs, audit, Genesys Cloud and webhook.")] = None,
    timeout_ms: Annotated[int | None, typer.Option(help="How long the action may take.", min=1)] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Where to report the end.")] = None,
    references: Annotated[str | None, typer.Option(help="actionReferences as JSON or @file.")] = None,
    lane: Annotated[str | None, typer.Option(help="interactive or bulk.")] = None,
    idempotent: Annotated[bool, typer.Option("--idempotent", help="Running it twice does no harm.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither use nor store a cached result.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate it at the deployment; run nothing.")] = False,
) -> None:
    """Run an action once. With --wait the exit status is 0 only if it completed."""
    request: dict[str, Any] = {
        "execution_id": execution_id,
        "trace_id": trace_id,
        "timeout_ms": timeout_ms,
        "webhook_url": webhook_url,
        "action_references": None if references is None else read_json(references, "--references"),
        "lane": lane,
        "idempotent": True if idempotent else None,
        "cache_results": False if no_cache else None,
    }
    read = read_inputs(inputs, given or [])
    with to.client() as client:
        if dry_run:
            normalised = client.dry_run(action, read, **request)
            to.screen.say("valid; nothing was run")
            to.screen.document(normalised)
            return
        execution = client.run(action, read, **request) if wait else client.submit(action, read, **request)
    ended(to.screen, execution, judged=wait)


def get(to: Connection, execution_id: ExecutionId) -> None:
    """Show an execution's current state."""
    with to.client() as client:
        show_execution(to.screen, client.get(execution_id))


def wait(
    to: Connection,
    execution_id: ExecutionId,
    seconds: Annotated[float | None, typer.Option(help="The longest wait; after that exit status 6.", min=0)] = None,
) -> None:
    """Wait until an execution has ended, and show it. Exit status 0 only if it completed."""
    with to.client() as client:
        ended(to.screen, client.wait(execution_id, seconds=seconds), judged=True)


def list_(
    to: Connection,
    status: Annotated[str | None, typer.Option(help="One status, or several separated by commas.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    name: Annotated[str | None, typer.Option(help="Only this batch: the --name of `actionrelay run`.")] = None,
    trace_id: Annotated[str | None, typer.Option(help="Only this trace id.")] = None,
    webhook_status: Annotated[str | None, typer.Option(help="The webhook's status; failed is given up.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="From this day or time, such as 2026-11-24.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Before this day or time.")] = None,
    limit: Annotated[int, typer.Option(help="The most to list.", min=1)] = 50,
) -> None:
    """List executions, newest first. With --json, one per line."""
    if name is not None:
        trace_id = str(run_id_of(name))
    with to.client() as client:
        found = client.list(
            status=status,
            action_id=action,
            trace_id=trace_id,
            webhook_status=webhook_status,
            from_=from_,
            to=until,
            page_size=min(limit, 100),
        )
        show_list(to.screen, itertools.islice(found, limit))


def audit(
    to: Connection,
    execution_id: ExecutionId,
    verify: Annotated[bool, typer.Option("--verify", help="Verify the trail.")] = False,
) -> None:
    """Show the history of an execution. With --verify, exit status 1 if it is broken."""
    with to.client() as client:
        trail = client.audit(execution_id, verify=True if verify else None)
    screen = to.screen
    if screen.as_json:
        screen.document(trail.document)
    else:
        screen.table(
            ("", "time", "event", "status", "code", "ms", "actor"),
            (
                (each.seq, each.timestamp, each.event, each.status, each.code, each.latency_ms, each.actor)
                for each in trail.entries
            ),
        )
    if trail.verification is not None:
        intact = trail.verification.intact
        text = "the trail is intact" if intact else f"the trail is broken at entry {trail.verification.broken_at}"
        screen.say(f"{text}; {trail.verification.detail}" if trail.verification.detail else text)
        if not intact:
            raise typer.Exit(Exit.OTHERWISE)


def ended(screen: Screen, execution: Execution, *, judged: bool) -> None:
    """Show an execution; if ``judged``, exit with a status that says whether it completed."""
    show_execution(screen, execution)
    if judged and execution.status != "completed":
        raise typer.Exit(Exit.OTHERWISE)


def show_list(screen: Screen, executions: Iterable[Execution]) -> None:
    """Print executions, one per line."""
    if screen.as_json:
        for each in executions:
            screen.document(each.document)
        return
    screen.table(
        ("execution", "created", "status", "action", "attempts", "error"),
        (
            (
                each.execution_id,
                each.created_at,
                each.status,
                each.action_id,
                each.attempts,
                each.error.code if each.error else None,
            )
            for each in executions
        ),
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, function in (("submit", submit), ("get", get), ("wait", wait), ("list", list_), ("audit", audit)):
        app.command(name, rich_help_panel="Executions")(connected(function))
