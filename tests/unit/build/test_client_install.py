"""The README's way to install the client works, in an environment of its own and with types."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.documents import README, ROOT

pytestmark = pytest.mark.registry
UV = ROOT / ".tools/uv/bin/uv"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment in which the README's first line was run, in a copy of the folder."""
    folder = tmp_path_factory.mktemp("consumer")
    shutil.copytree(ROOT / "client", folder / "client", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    [command] = [line for line in README.snippet("install-client").splitlines() if line.startswith("pip ")]
    subprocess.run([UV, "venv", "--quiet", folder / "venv", "--python", "3.13"], check=True)
    subprocess.run(
        [UV, *shlex.split(command), "--quiet", "--constraint", "client/requirements.txt"],
        cwd=folder,
        env={**os.environ, "VIRTUAL_ENV": str(folder / "venv")},
        check=True,
    )
    return folder


def test_the_installed_command_runs(environment: Path) -> None:
    shown = subprocess.run(
        [environment / "venv/bin/actionrelay", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("actionrelay ")


def test_a_consumer_has_types(environment: Path) -> None:
    (environment / "consumer.py").write_text(
        "from actionrelay_client import ActionRelayError, Client, Execution, WrongStateError, verify_webhook\n"
        "def ask(client: Client) -> Execution:\n"
        "    try:\n"
        "        return client.run('a', {'n': 1}, wait_seconds=20)\n"
        "    except WrongStateError as error:\n"
        "        reveal_type(error.allowed)\n"
        "        raise\n"
        "    except ActionRelayError as error:\n"
        "        reveal_type(error.code)\n"
        "        raise\n"
        "for each in Client().list(status=['failed']):\n"
        "    reveal_type(each.error)\n"
        "Client().submit(1, {})\n"
    )
    checked = subprocess.run(
        [
            ROOT / ".venv/bin/mypy",
            "--strict",
            "--config-file=",
            "--python-executable",
            "venv/bin/python",
            "consumer.py",
        ],
        cwd=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    for said in (
        'Revealed type is "tuple[str, ...]"',
        'Revealed type is "str"',
        'Revealed type is "ExecutionError | None"',
        'incompatible type "int"; expected "str"',
    ):
        assert said in checked.stdout.replace("builtins.", "").replace("actionrelay_client.documents.", ""), (
            checked.stdout
        )
    assert "Found 1 error" in checked.stdout


def test_without_the_extra_the_command_says_what_is_missing(environment: Path) -> None:
    subprocess.run(
        [UV, "pip", "uninstall", "--quiet", "--python", environment / "venv/bin/python", "typer"], check=True
    )
    asked = subprocess.run([environment / "venv/bin/actionrelay"], capture_output=True, text=True, check=False)
    assert (asked.returncode, "actionrelay-client[cli]" in asked.stderr) == (1, True)
