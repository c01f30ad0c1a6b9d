"""Each example, run as a reader would run it, against a deployment that checks each signature by botocore."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_relay import ACCESS_KEY, REGION, SECRET_KEY, FakeRelay
from standardwebhooks import Webhook

from tests.unit.docs.receivers import require
from tools.openapi.collection import COLLECTION, collection_text
from tools.openapi.document import PACKAGED

EXAMPLES = Path(__file__).parents[3] / "examples"
KEYS = ["whsec_" + letter * 43 + "=" for letter in "AB"]


@pytest.fixture
def relay() -> Iterator[FakeRelay]:
    with FakeRelay(auth="iam", delay=0.2) as relay:
        yield relay


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Node's examples, with exactly what its lock lists."""
    require("node")
    require("npm")
    folder = tmp_path_factory.mktemp("examples") / "node"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True)
    return folder


def variables(url: str = "", token: str | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ACTIONRELAY_"))}
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION}
    session = {} if token is None else {"AWS_SESSION_TOKEN": token}
    quiet = {"AWS_CONFIG_FILE": os.devnull, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**kept, **keys, **session, **quiet, "ACTIONRELAY_URL": url, "WEBHOOK_KEYS": " ".join(KEYS), "PORT": "0"}


def run(command: Sequence[str], relay: FakeRelay, token: str | None = None) -> tuple[int, str]:
    done = subprocess.run(
        command, env=variables(relay.url, token), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def call_and_check(command: Sequence[str], relay: FakeRelay, token: str | None = None) -> None:
    """Run an example that submits: what completes, what fails, and the same id again."""
    execution_id = str(uuid.uuid4())
    asked = [*command, "act", '{"text": "grüße & more"}', execution_id]
    for _ in range(2):
        status, said = run(asked, relay, token)
        assert status == 0, said
        assert "completed" in said
        assert "grüße" in said or "gr\\u00fc" in said
    assert relay.runs == {execution_id: 1}
    status, said = run([*command, "act", '{"outcome": "failed"}', str(uuid.uuid4())], relay, token)
    assert (status, "failed" in said) == (1, True)
    status, said = run([*command, "act", '{"outcome": "invalid"}', str(uuid.uuid4())], relay, token)
    assert (status, "invalid_request" in said) == (1, True)


def test_python_calls(relay: FakeRelay) -> None:
    call_and_check([sys.executable, str(EXAMPLES / "python/call.py")], relay)


@pytest.mark.registry
@pytest.mark.parametrize("token", [None, "token/of+a=role"])
def test_node_calls(relay: FakeRelay, node: Path, token: str | None) -> None:
    call_and_check(["node", str(node / "call.mjs")], relay, token)


@pytest.mark.parametrize("token", [None, "token/of+a=role"])
def test_a_shell_calls(relay: FakeRelay, token: str | None) -> None:
    require("curl")
    call_and_check(["sh", str(EXAMPLES / "shell/call.sh")], relay, token)


def test_a_shell_lists_by_any_parameters(relay: FakeRelay) -> None:
    require("curl")
    script = str(EXAMPLES / "shell/list.sh")
    wanted = ["status=failed,unknown", "from=2026-11-24T13:00:00+01:00", "actionId=a b/c~d*e'f(grüße)&=%", "limit=20"]
    status, said = run(["sh", script, *wanted], relay)
    assert (status, json.loads(said)) == (0, {"executions": [], "next": None})
    assert json.loads(run(["sh", script], relay)[1])["executions"] == []


@contextmanager
def receiver(command: Sequence[str]) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    with subprocess.Popen(command, env=variables(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = re.fullmatch(r"listening on (\d+)\n", process.stdout.readline())
        assert port
        yield f"http://127.0.0.1:{port[1]}/", process
        process.kill()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers)), timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def signed(key: str, webhook_id: str, body: str, age: float = 0) -> dict[str, str]:
    at = datetime.fromtimestamp(datetime.now(UTC).timestamp() - age, UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(webhook_id, at, body),
        "Content-Type": "application/json",
    }


def receive_and_check(command: Sequence[str]) -> None:
    """Send a receiver what it takes, what it has had, and what is not authentic."""
    body = json.dumps({"type": "execution.completed", "data": {"executionId": "x-1"}})
    other = json.dumps({"type": "execution.failed", "data": {"executionId": "x-2"}})
    with receiver(command) as (url, process):
        assert post(url, body.encode(), signed(KEYS[0], "1", body)) == 204
        assert post(url, body.encode(), signed(KEYS[0], "1", body)) == 204
        assert post(url, other.encode(), signed(KEYS[0], "2", body)) == 401
        assert post(url, other.encode(), signed("whsec_" + "C" * 43 + "=", "2", other)) == 401
        assert post(url, other.encode(), signed(KEYS[0], "2", other, age=600)) == 401
        assert post(url, other.encode(), {}) == 401
        assert post(url, other.encode(), signed(KEYS[1], "3", other)) == 204
        assert process.stdout
        said = [process.stdout.readline() for _ in range(2)]
    assert said == ["execution.completed x-1\n", "execution.failed x-2\n"]


def test_a_receiver_in_python_takes_what_is_authentic() -> None:
    receive_and_check([sys.executable, str(EXAMPLES / "python/receiver.py")])


@pytest.mark.registry
def test_a_receiver_in_node_takes_what_is_authentic(node: Path) -> None:
    receive_and_check(["node", str(node / "receiver.mjs")])


# -- What is made -----------------------------------------------------------------------------------------------------


def test_the_lock_of_node_is_hashed_and_names_no_address() -> None:
    lock = json.loads((EXAMPLES / "node/package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in packages.values())
    assert "://" not in (EXAMPLES / "node/package-lock.json").read_text()


def requests() -> list[dict[str, Any]]:
    collection = json.loads(COLLECTION.read_text())
    return [item["request"] for folder in collection["item"] for item in folder["item"]]


def test_the_collection_is_what_the_document_makes() -> None:
    assert COLLECTION.read_text(encoding="utf-8") == collection_text(json.loads(PACKAGED.read_text()))


def test_the_collection_has_every_route_and_no_secret() -> None:
    document = json.loads(PACKAGED.read_text())
    routes = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    }
    found = {
        (each["method"], "/" + "/".join(re.sub(r"^:(.+)$", r"{\1}", step) for step in each["url"]["path"]))
        for each in requests()
    }
    assert found == routes
    variables = {each["key"]: each["value"] for each in json.loads(COLLECTION.read_text())["variable"]}
    assert (variables["secretAccessKey"], variables["sessionToken"]) == ("", "")


def test_each_body_of_the_collection_is_json() -> None:
    bodies = [each["body"]["raw"] for each in requests() if "body" in each]
    assert bodies
    assert all(isinstance(json.loads(body), dict) for body in bodies)
