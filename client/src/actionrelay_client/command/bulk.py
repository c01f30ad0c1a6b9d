"""`run`: a file of rows, each run once."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from actionrelay_client.bulk.checking import Checked
from actionrelay_client.bulk.contract import TYPES, Contract, contract_of
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.run import PATIENCE_SECONDS, Run
from actionrelay_client.bulk.shape import Shape
from actionrelay_client.bulk.table import open_table
from actionrelay_client.client import Client
from actionrelay_client.command.bar import shown
from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.exits import Exit
from actionrelay_client.command.showing import Screen
from actionrelay_client.command.summary import Summary, show_faults, show_summary
from actionrelay_client.errors import AccessDeniedError, ActionRelayError, NotFoundError, NotServedError
from actionrelay_client.repeats import Repeats

_ONCE = Repeats(tries=1)
"""No repeats by the client: the run itself waits and tries again, and shows it in its bar."""


def run(
    to: Connection,
    file: Annotated[Path, typer.Argument(help="A .csv with a header, or a .jsonl with one object per line.")],
    action: Annotated[str, typer.Option(help="The actionId.")],
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=INPUT", help="This column is that input. With any, other columns are ignored."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="A column that is unique per row. By default the row's content."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The batch: the same name and key run once. By default the file's name.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A .jsonl for the outcomes, one line per row.")] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="INPUT=TYPE", help=f"How a CSV cell is read: {', '.join(TYPES)}."),
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Between a CSV's cells.")] = ",",
    lane: Annotated[str, typer.Option(help="bulk, or interactive for executions that can't wait.")] = "bulk",
    timeout_ms: Annotated[int | None, typer.Option(help="How long the action may take.", min=1)] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Where to report each end.")] = None,
    idempotent: Annotated[bool, typer.Option("--idempotent", help="Running it twice does no harm.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither use nor store a cached result.")] = False,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Run the valid rows even if some are invalid.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all rows; run nothing.")] = False,
    patience: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to continue without any response.", min=0)
    ] = PATIENCE_SECONDS,
) -> None:
    """Run an action for each row of a file, once.

    Every row is checked before the first is sent. Stop it whenever you like: the same command goes on where it
    stopped, and no row runs twice.

    Exit status 0 if all completed, 1 if some need a person, 2 if rows are invalid and nothing was sent.
    """
    order = Order(name or file.stem, action, _options(lane, timeout_ms, webhook_url, idempotent, no_cache))
    screen = to.screen
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with to.client(_ONCE) as asking, to.client() as patient:
        contract = _contract(patient, action, screen)
        shape = Shape(_pairs(mapped, "--map"), key, _types(types), contract)
        table = open_table(file, delimiter=delimiter)
        with Run(asking, table, shape, order, None if dry_run else out, patience_seconds=patience) as run_:
            checked = _check(run_, screen, skip_invalid=skip_invalid)
            if checked.first is not None:
                request = order.request(order.execution_id(checked.first.key), checked.first.inputs)
                patient.send("/executions", request, query={"dryRun": True})
            if dry_run:
                _say_dry(screen, order, checked)
                return
            interrupted = _work(run_, screen)
            summary = Summary.of(order, checked, run_.book, interrupted=interrupted)
    show_summary(screen, summary)
    if interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if summary.needs_a_person:
        raise typer.Exit(Exit.OTHERWISE)


def _check(run_: Run, screen: Screen, *, skip_invalid: bool) -> Checked:
    """Check all rows; exit if some are invalid, unless they are skipped."""
    checked = run_.check()
    if checked.invalid:
        show_faults(screen, checked, sent=skip_invalid)
        if not skip_invalid:
            raise typer.Exit(Exit.USAGE)
    return checked


def _work(run_: Run, screen: Screen) -> bool:
    """Send and follow, with a bar. Return whether it was interrupted."""
    try:
        with shown(screen, run_.progress):
            run_.send_and_follow()
    except KeyboardInterrupt:
        return True
    except ActionRelayError:
        figures = run_.progress.figures()
        screen.note(f"stopped: {figures.accepted} rows are accepted and go on at the deployment; nothing is lost")
        screen.note("when this is mended, the same command goes on")
        raise
    return False


def _say_dry(screen: Screen, order: Order, checked: Checked) -> None:
    if screen.as_json:
        screen.document(
            {"name": order.name, "traceId": str(order.run_id), "rows": checked.rows, "invalid": checked.invalid}
        )
    else:
        screen.say(f"{checked.valid} of {checked.rows} rows are valid; nothing was sent")


def _contract(client: Client, action: str, screen: Screen) -> Contract | None:
    """Return the action's contract, if the deployment has it."""
    try:
        found = contract_of(client.action(action))
    except NotServedError:
        screen.note("this deployment has no catalogue: rows are not checked against the action's contract")
    except NotFoundError:
        screen.note("no contract of this action is known here: rows are not checked against it")
    except AccessDeniedError as error:
        screen.note(f"the catalogue can't be read ({error.code}): rows are not checked against the action's contract")
    else:
        return found
    return None


def _options(
    lane: str, timeout_ms: int | None, webhook_url: str | None, idempotent: bool, no_cache: bool
) -> dict[str, Any]:
    given = {
        "lane": lane,
        "timeout": timeout_ms,
        "webhookUrl": webhook_url,
        "idempotent": True if idempotent else None,
        "cacheResults": False if no_cache else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given or ():
        left, sign, right = each.rpartition("=")
        if not sign or not left or not right:
            raise typer.BadParameter(
                f"{each!r} is not {'COLUMN=INPUT' if option == '--map' else 'INPUT=TYPE'}", param_hint=option
            )
        if left in pairs or (option == "--map" and right in pairs.values()):
            raise typer.BadParameter(f"{each!r} names one twice", param_hint=option)
        pairs[left] = right
    return pairs


def _types(given: Sequence[str] | None) -> dict[str, str]:
    types = _pairs(given, "--type")
    for kind in types.values():
        if kind not in TYPES:
            raise typer.BadParameter(f"{kind!r} is none of {', '.join(TYPES)}", param_hint="--type")
    return types


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", rich_help_panel="Executions")(connected(run))
