"""The simulator, and beside it a process with Genesys Cloud's published SDK that calls it."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from local.genesys import SimulatorConfig, create_app
from local.genesys.remote import RemoteSimulator
from local.genesys.serving import running

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / ".tools" / "genesys-sdk"
CLIENT = ["local-client", "local-secret"]


@dataclass(frozen=True)
class Read:
    """A 200 in the SDK: the class, the response's JSON, and the JSON in its models."""

    type: str
    body: Any
    read: Any


@dataclass(frozen=True)
class Refused:
    """An error of the SDK."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class PublishedSdk:
    """The SDK in its process."""

    asked: IO[str]
    answers: IO[str]

    def login(self) -> None:
        """Set the token of later calls."""
        self._ask(login=CLIENT)

    def call(self, api: str, call: str, **arguments: Any) -> Read:
        """Make a call with the SDK and return its result."""
        answer = self._ask(api=api, call=call, arguments=arguments)
        assert "status" not in answer, answer
        return Read(answer["type"], json.loads(answer["body"]), answer["read"])

    def refused(self, api: str, call: str, **arguments: Any) -> Refused:
        """Make a call with the SDK and return its error."""
        answer = self._ask(api=api, call=call, arguments=arguments)
        assert "status" in answer, answer
        return Refused(**answer)

    def read(self, body: str, model: str) -> Any:
        """Return the content of a text's model."""
        return self._ask(body=body, model=model)["read"]

    def _ask(self, **asked: Any) -> Any:
        self.asked.write(json.dumps(asked) + "\n")
        self.asked.flush()
        return json.loads(self.answers.readline())


@pytest.fixture(scope="session")
def _simulator() -> Iterator[RemoteSimulator]:
    with running(create_app(SimulatorConfig(seed=1))) as url, RemoteSimulator(url) as remote:
        yield remote


@pytest.fixture(scope="session")
def _sdk(_simulator: RemoteSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishedSdk]:
    """Start the SDK once: it takes many seconds to import."""
    if not (ENVIRONMENT / ".complete").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the published SDK is not installed: make peer")
        pytest.skip("the published SDK is not installed: make peer")
    # The SDK watches the home folder for its settings, and may keep its bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["HOME"] = str(tmp_path_factory.mktemp("home"))
    command = [str(ENVIRONMENT / "bin" / "python"), str(HERE / "sdk_process.py"), _simulator.url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield PublishedSdk(process.stdin, process.stdout)
        process.kill()  # its watch of the settings ends with it alone


@pytest.fixture
def genesys(_simulator: RemoteSimulator) -> RemoteSimulator:
    """The simulator in its initial state."""
    _simulator.reset(tokens=True)
    return _simulator


@pytest.fixture
def sdk(_sdk: PublishedSdk, genesys: RemoteSimulator) -> PublishedSdk:
    """The SDK, with a token."""
    _sdk.login()
    return _sdk
