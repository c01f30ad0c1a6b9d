"""`workflow`: several executions that depend on each other."""

import itertools
from typing import Annotated

import typer

from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.exits import Exit
from actionrelay_client.command.inputs import read_json
from actionrelay_client.command.showing import Screen
from actionrelay_client.documents import Workflow

WorkflowId = Annotated[str, typer.Argument(metavar="ID", help="The workflowId.")]
_NAMES = {
    "workflowId": "workflow_id",
    "traceId": "trace_id",
    "webhookUrl": "webhook_url",
    "lane": "lane",
    "deadlineSeconds": "deadline_seconds",
    "onFailure": "on_failure",
    "steps": "steps",
}
app = typer.Typer(help="Run several actions that depend on each other.", no_args_is_help=True)


def submit(
    to: Connection,
    definition: Annotated[str, typer.Argument(help="The workflow: a file, or - for standard input.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and show its plan; run nothing.")] = False,
) -> None:
    """Submit a workflow: {"steps": {"name": {"actionId": …, "inputs": …, "dependsOn": […]}}}."""
    document = read_json(definition if definition == "-" else f"@{definition}", "DEFINITION")
    if not isinstance(document, dict) or not isinstance(document.get("steps"), dict):
        raise typer.BadParameter("must be an object with steps", param_hint="DEFINITION")
    if unknown := sorted(document.keys() - _NAMES.keys()):
        raise typer.BadParameter(f"has unknown fields: {', '.join(unknown)}", param_hint="DEFINITION")
    with to.client() as client:
        if dry_run:
            to.screen.document(client.dry_run_workflow(document))
            return
        found = client.workflow(**{_NAMES[name]: value for name, value in document.items()})
        if wait:
            found = client.wait_workflow(found.workflow_id)
    _ended(to.screen, found, judged=wait)


def get(to: Connection, workflow_id: WorkflowId) -> None:
    """Show a workflow and its steps."""
    with to.client() as client:
        show_workflow(to.screen, client.get_workflow(workflow_id))


def wait(
    to: Connection,
    workflow_id: WorkflowId,
    seconds: Annotated[float | None, typer.Option(help="The longest wait; after that exit status 6.", min=0)] = None,
) -> None:
    """Wait until a workflow has ended or is blocked. Exit status 0 only if it completed."""
    with to.client() as client:
        _ended(to.screen, client.wait_workflow(workflow_id, seconds=seconds), judged=True)


def list_(
    to: Connection,
    status: Annotated[str | None, typer.Option(help="Only this status.")] = None,
    limit: Annotated[int, typer.Option(help="The most to list.", min=1)] = 50,
) -> None:
    """List workflows, newest first. With --json, one per line."""
    with to.client() as client:
        found = list(itertools.islice(client.list_workflows(status=status, page_size=min(limit, 100)), limit))
    if to.json:
        for each in found:
            to.screen.document(each.document)
        return
    to.screen.table(
        ("workflow", "started", "status", "ms", "error"),
        (
            (each.workflow_id, each.started_at, each.status, each.latency_ms, each.error.code if each.error else None)
            for each in found
        ),
    )


def retry(
    to: Connection,
    workflow_id: WorkflowId,
    from_step: Annotated[
        str | None, typer.Option("--from", help="Run this step and everything that depends on it.")
    ] = None,
) -> None:
    """Run failed and unknown steps again, with everything that depends on them."""
    with to.client() as client:
        show_workflow(to.screen, client.retry_workflow(workflow_id, from_step=from_step))


def cancel(to: Connection, workflow_id: WorkflowId) -> None:
    """Start no more steps of a workflow."""
    with to.client() as client:
        show_workflow(to.screen, client.cancel_workflow(workflow_id))


def _ended(screen: Screen, workflow: Workflow, *, judged: bool) -> None:
    show_workflow(screen, workflow)
    if judged and workflow.status != "completed":
        raise typer.Exit(Exit.OTHERWISE)


def show_workflow(screen: Screen, workflow: Workflow) -> None:
    """Print one workflow."""
    if screen.as_json:
        screen.document(workflow.document)
        return
    screen.fields(
        (
            ("workflow", workflow.workflow_id),
            ("status", workflow.status),
            ("error", f"{workflow.error.code}: {workflow.error.message}" if workflow.error else None),
            ("started", workflow.started_at),
            ("ended", workflow.completed_at),
            ("latency", None if workflow.latency_ms is None else f"{workflow.latency_ms} ms"),
        )
    )
    screen.table(
        ("step", "status", "after", "waits for", "ms", "error", "execution"),
        (
            (
                name,
                step.status,
                ", ".join(step.depends_on),
                ", ".join(step.waiting_for),
                step.latency_ms,
                step.error.code if step.error else None,
                step.execution_id,
            )
            for name, step in workflow.steps.items()
        ),
    )


def register(root: typer.Typer) -> None:
    """Add the commands."""
    commands = (("submit", submit), ("get", get), ("wait", wait), ("list", list_), ("retry", retry), ("cancel", cancel))
    for name, function in commands:
        app.command(name)(connected(function))
    root.add_typer(app, name="workflow", rich_help_panel="Executions")
