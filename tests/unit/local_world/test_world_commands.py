"""The two commands, up to the point where they start something."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from local.__main__ import main
from local.world.deploy import api_id, api_url, parameter_names
from local.world.down import down
from local.world.errors import WorldError
from local.world.ports import wait_until
from local.world.processes import Handle, start_mark
from local.world.progress import Progress
from local.world.state import WorldFolder
from local.world.up import up
from tests.fakes.local_stack import STACK


@pytest.fixture
def aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back what `main` changes of the environment."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.setenv(name, "before")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "before")


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(output: io.StringIO) -> Progress:
    return Progress(Console(file=output, width=200))


def test_down_without_a_world_does_nothing(tmp_path: Path) -> None:
    assert down(tmp_path / "nowhere") == 0
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.usefixtures("aws_settings")
def test_down_from_the_terminal_says_that_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--state", str(tmp_path)]) == 0
    assert "there is no world to end" in capsys.readouterr().out


def test_an_unknown_parameter_is_refused_before_anything_starts(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(WorldError, match="no parameter Nope, Other"):
        up(tmp_path / "world", genesys_url=None, parameters={"Other": "1", "Nope": "1"}, progress=progress)
    assert not (tmp_path / "world").exists()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorldFolder:
    """A world that is up; its one process is this one."""
    folder = WorldFolder(tmp_path)
    folder.prepare()
    folder.write_processes([Handle("emulator", os.getpid(), start_mark(os.getpid()) or "")])
    folder.write_parameters({"MaxAttempts": "2", "GenesysApiUrl": STACK.genesys_url})
    folder.write_stack(STACK)
    monkeypatch.setattr("local.world.up.api_answers", lambda *_: True)
    return folder


@pytest.mark.usefixtures("aws_settings")
@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--parameter", "MaxAttempts=3"], "--parameter MaxAttempts=3"),
        (["--parameter", "MaxBacklog=5"], "--parameter MaxBacklog=5"),
        (["--genesys-url", "http://127.0.0.1:9"], "--genesys-url http://127.0.0.1:9"),
        (
            ["--parameter", "MaxAttempts=2", "--parameter", "MaxBacklog=5", "--genesys-url", "http://127.0.0.1:9"],
            "--parameter MaxBacklog=5, --genesys-url http://127.0.0.1:9",
        ),
    ],
)
def test_up_refuses_what_a_running_world_was_not_deployed_with(
    running: WorldFolder, capsys: pytest.CaptureFixture[str], given: list[str], named: str
) -> None:
    assert main(["up", "--state", str(running.path), *given]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert f"deployed without {named}: stop it with `down` first" in shown
    assert running.stack() == STACK


@pytest.mark.usefixtures("aws_settings")
@pytest.mark.parametrize(
    "given", [[], ["--parameter", "MaxAttempts=2"], ["--genesys-url", STACK.genesys_url], ["--parameter=MaxAttempts=2"]]
)
def test_up_leaves_a_world_as_it_was_deployed(
    running: WorldFolder, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    assert main(["up", "--state", str(running.path), *given]) == 0
    assert "this world is up already" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["up", "--parameter", "NoValue"], ["up", "--parameter", "=x"], ["sideways"], []])
def test_wrong_arguments_exit_with_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_parameters_are_read_from_the_template() -> None:
    assert {"GenesysApi", "AllowPrivateWebhooks", "ApiBaseUrl"} <= parameter_names()


def test_the_api_is_reached_by_its_id() -> None:
    outputs = {"ApiUrl": "https://a1b2c3.execute-api.us-east-1.amazonaws.com/v1"}
    assert api_url("http://127.0.0.1:1", api_id(outputs)) == "http://127.0.0.1:1/_aws/execute-api/a1b2c3/v1"


def test_a_failure_shows_the_end_of_the_right_log(tmp_path: Path, progress: Progress, output: io.StringIO) -> None:
    folder = WorldFolder(tmp_path)
    folder.prepare()
    folder.log("deploy").write_text("\n".join(["first", *["line"] * 40, "[last]"]))
    failure = WorldError("sam deploy failed", folder.log("deploy"))
    progress.failed(failure.message, failure.log_tail())
    assert "sam deploy failed" in output.getvalue()
    assert "[last]" in output.getvalue()
    assert "first" not in output.getvalue()


def test_progress_has_the_seconds_in_front(progress: Progress, output: io.StringIO) -> None:
    progress.step("sam build")
    assert output.getvalue().strip().endswith("s  sam build")


def test_waiting_ends_when_the_process_has_ended() -> None:
    assert not wait_until(lambda: False, alive=lambda: False, seconds=60)
