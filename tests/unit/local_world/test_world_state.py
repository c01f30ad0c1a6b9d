"""A world's folder: its contents, and who can read them."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from local.__main__ import _show
from local.world.processes import Handle
from local.world.progress import Progress
from local.world.seed import WorldSecrets, signing_secret
from local.world.state import WorldFolder
from tests.fakes.local_stack import STACK


@pytest.fixture
def folder(tmp_path: Path) -> WorldFolder:
    folder = WorldFolder(tmp_path / "world")
    folder.prepare()
    return folder


def test_stack_json_has_the_documented_fields(folder: WorldFolder) -> None:
    folder.write_stack(STACK)
    recorded = json.loads(folder.stack_file.read_text())
    assert list(recorded) == [
        "apiUrl",
        "endpointUrl",
        "region",
        "accessKeyId",
        "secretAccessKey",
        "genesysUrl",
        "sinkUrl",
        "webhookSecret",
        "deliverySecret",
        "outputs",
        "pids",
    ]
    assert recorded["outputs"] == {"ApiUrl": "https://abc"}


def test_stack_json_has_the_api_keys_where_there_are_some(folder: WorldFolder) -> None:
    keyed = replace(STACK, api_key="a caller's", operator_api_key="an operator's")
    folder.write_stack(keyed)
    recorded = json.loads(folder.stack_file.read_text())
    assert (recorded["apiKey"], recorded["operatorApiKey"]) == ("a caller's", "an operator's")
    assert folder.stack() == keyed


@pytest.mark.parametrize(
    ("key", "proof"),
    [(None, "accessKeyId and secretAccessKey"), ("k", "operatorApiKey, or apiKey as a caller,")],
)
def test_up_says_where_the_console_is_and_what_is_next(folder: WorldFolder, key: str | None, proof: str) -> None:
    written = io.StringIO()
    _show(replace(STACK, api_key=key), folder.path, Progress(Console(file=written, width=200)))
    printed = written.getvalue()
    assert f"{STACK.api_url}/console" in printed
    assert f"with {proof} of {folder.stack_file}" in printed
    assert re.findall(r"(\d)\. ", printed) == ["1", "2", "3"]
    for secret in (STACK.secret_access_key, STACK.webhook_secret):
        assert f" {secret}" not in printed


def test_stack_json_is_read_back_as_it_was_written(folder: WorldFolder) -> None:
    folder.write_stack(STACK)
    assert folder.stack() == STACK


def test_stack_json_is_private_and_replaces_the_last(folder: WorldFolder) -> None:
    folder.stack_file.write_text("old")
    folder.write_stack(STACK)
    assert folder.stack_file.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.path.iterdir() if file.name.startswith(".")] == []


def test_there_is_no_world_in_an_empty_folder(tmp_path: Path) -> None:
    folder = WorldFolder(tmp_path)
    assert folder.stack() is None
    assert folder.processes() == []


def test_processes_are_found_again(folder: WorldFolder) -> None:
    processes = [Handle("emulator", 1, "boot/2")]
    folder.write_processes(processes)
    assert WorldFolder(folder.path).processes() == processes


def test_what_a_world_was_deployed_with_is_read_back(folder: WorldFolder) -> None:
    assert folder.parameters() == {}
    folder.write_parameters({"MaxAttempts": "2"})
    assert WorldFolder(folder.path).parameters() == {"MaxAttempts": "2"}


def test_clearing_leaves_the_logs(folder: WorldFolder) -> None:
    folder.write_stack(STACK)
    folder.write_processes([])
    folder.write_parameters({"MaxAttempts": "2"})
    folder.log("emulator").write_text("said")
    folder.clear()
    assert sorted(file.name for file in folder.path.iterdir()) == ["logs"]
    assert folder.log("emulator").read_text() == "said"


def test_signing_secrets_are_made_in_the_standards_form() -> None:
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", signing_secret())
    assert signing_secret() != signing_secret()


def test_secrets_do_not_show_in_a_representation() -> None:
    made = WorldSecrets()
    assert made.client_secret not in repr(made)
    assert made.webhook not in repr(made)
    assert made.delivery not in repr(made)
