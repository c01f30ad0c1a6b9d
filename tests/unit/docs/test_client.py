"""The documents about the client: its commands, their exit statuses, its errors."""

import re

from actionrelay_client.command.app import app
from actionrelay_client.command.exits import Exit

from tests.unit.docs.documents import ROOT, Document

CLIENT = Document(ROOT / "docs/client.md")


def test_every_command_is_listed_and_none_that_is_not_there() -> None:
    named = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    listed = {row[0] for row in CLIENT.section("The command").rows()}
    assert {name for row in listed for name in re.findall(r"`([a-z]+)\b", row)} == named


def test_every_exit_status_is_listed() -> None:
    listed = [int(row[0]) for row in CLIENT.section("The command").rows(1)]
    assert listed == [status.value for status in Exit]
