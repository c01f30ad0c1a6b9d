"""The options of every command: deployment, credentials, output."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from actionrelay_client.client import Client
from actionrelay_client.command.exits import Exit, exit_of
from actionrelay_client.command.showing import Screen
from actionrelay_client.errors import ActionRelayError
from actionrelay_client.repeats import Repeats
from actionrelay_client.settings import Settings, find_settings
from actionrelay_client.transport import Wait

PANEL = "Whom to ask"
PATIENT = Repeats(tries=6, patience_seconds=60.0)
"""A person waits at most a minute, and is shown why."""


@dataclass(frozen=True)
class Connection:
    """The values of those options."""

    url: Annotated[
        str | None,
        typer.Option(help="The stack's output ApiUrl; by default ACTIONRELAY_URL.", rich_help_panel=PANEL),
    ] = None
    api_key: Annotated[
        str | None,
        typer.Option(
            help="An API key. Prefer ACTIONRELAY_API_KEY, since others can see a process's options.",
            rich_help_panel=PANEL,
        ),
    ] = None
    profile: Annotated[str | None, typer.Option(help="The AWS profile that signs.", rich_help_panel=PANEL)] = None
    region: Annotated[
        str | None, typer.Option(help="The API's region, if its URL does not name it.", rich_help_panel=PANEL)
    ] = None
    local: Annotated[
        bool,
        typer.Option("--local", help="Use the local world of `make up` (.local/stack.json).", rich_help_panel=PANEL),
    ] = False
    stack: Annotated[
        Path | None, typer.Option(help="Use the local world of this stack.json.", rich_help_panel=PANEL)
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs; errors go to standard error.")] = False

    @property
    def screen(self) -> Screen:
        """The command's output."""
        return Screen(as_json=self.json)

    def settings(self) -> Settings:
        """Return the settings.

        Raises:
            SettingsError: they do not say whom to ask.
        """
        return find_settings(
            None if self.local or self.stack else self.url,
            api_key=self.api_key,
            profile=self.profile,
            region=self.region,
            local=self.stack or self.local,
        )

    def client(self, repeats: Repeats | None = None) -> Client:
        """Return a client that says why it waits, as patient as a person unless ``repeats`` says otherwise.

        Raises:
            SettingsError: see there.
        """
        screen = self.screen

        def waits(wait: Wait) -> None:
            screen.note(f"{wait.error.detail}; again in {wait.seconds:.1f} s")

        return Client(settings=self.settings(), repeats=repeats or PATIENT, on_wait=waits)


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Connection`, and an exit status for each error.

    The function takes a `Connection` as its first argument.
    """
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]
    options = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(Connection)
    ]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        connection = Connection(**{each.name: given.pop(each.name) for each in options})
        try:
            function(connection, **given)
        except ActionRelayError as error:
            connection.screen.error(error)
            raise typer.Exit(exit_of(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None

    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own] + options
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": None}
    return command
