"""The command, put together."""

from importlib.metadata import version
from typing import Annotated

import typer

from actionrelay_client.command import bulk, decisions, deployment, doctor, executions, workflows

app = typer.Typer(
    name="actionrelay",
    help="Run Genesys Cloud Data Actions through an actionrelay deployment.",
    epilog="Exit status: 0 done, 1 ended otherwise, 2 wrong usage, 3 refused, 4 no answer, 5 results not written, "
    "6 not ended in time, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"actionrelay {version('actionrelay-client')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Run Genesys Cloud Data Actions through an actionrelay deployment."""


for part in (executions, bulk, workflows, decisions, deployment, doctor):
    part.register(app)
