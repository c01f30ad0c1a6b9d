"""The commands of the documents, run literally against a deployment."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.stack.deployment import Deployment
from tests.unit.docs.documents import README, RUNBOOK

CURL_THAT_SIGNS_WELL = (7, 88)


def environment(deployment: Deployment, **more: str) -> dict[str, str]:
    """Return a reader's shell variables after the README's exports, without this machine's AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    exported = {
        "ACTIONRELAY_URL": deployment.stack.api_url,
        "AWS_REGION": deployment.stack.region,
        "AWS_ACCESS_KEY_ID": deployment.stack.access_key_id,
        "AWS_SECRET_ACCESS_KEY": deployment.stack.secret_access_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **exported, **more}


def session_variables(deployment: Deployment) -> dict[str, str]:
    """Return temporary credentials as shell variables."""
    credentials = deployment.aws("sts").get_session_token()["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def typed(command: list[str], variables: Mapping[str, str]) -> Any:
    """Run a command and return its JSON output."""
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def require_curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    about = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"curl (\d+)\.(\d+)", about)
    if version is None or (int(version[1]), int(version[2])) < CURL_THAT_SIGNS_WELL:
        pytest.skip(f"this curl does not sign well enough: {about.splitlines()[0]}")


def test_the_boto3_script_prints_the_completed_execution(data_actions: Deployment, tmp_path: Path) -> None:
    script = tmp_path / "call.py"
    script.write_text(README.snippet("boto3"), encoding="utf-8")

    printed = typed([sys.executable, str(script)], environment(data_actions))

    assert printed["status"] == "completed"
    assert data_actions.api.execution(printed["executionId"]).document == printed


def test_the_readmes_exports_let_curl_reach_the_api(data_actions: Deployment, tmp_path: Path) -> None:
    require_curl()
    (tmp_path / ".local").mkdir()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    described = {
        "apiUrl": data_actions.stack.api_url,
        "region": data_actions.stack.region,
        "endpointUrl": data_actions.stack.endpoint_url,
        "genesysUrl": data_actions.stack.genesys_url,
    }
    keys = {"accessKeyId": data_actions.stack.access_key_id, "secretAccessKey": data_actions.stack.secret_access_key}
    (tmp_path / ".local/stack.json").write_text(json.dumps(described | keys), encoding="utf-8")
    plain = environment(data_actions, ACTIONRELAY_URL="", AWS_REGION="", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    script = f"cd '{tmp_path}'\n" + README.snippet("local-exports") + README.snippet("curl-with-keys")
    printed = typed(["sh", "-c", script], plain)

    assert data_actions.ended(printed["executionId"])["status"] == "completed"


def test_curl_submits_with_long_lived_keys(data_actions: Deployment) -> None:
    require_curl()

    printed = typed(["sh", "-c", README.snippet("curl-with-keys")], environment(data_actions))

    assert data_actions.ended(printed["executionId"])["status"] == "completed"


def test_curl_submits_with_temporary_credentials(
    data_actions: Deployment,
) -> None:
    require_curl()
    variables = environment(data_actions, **session_variables(data_actions))

    printed = typed(["sh", "-c", README.snippet("curl-with-session")], variables)

    assert data_actions.ended(printed["executionId"])["status"] == "completed"


def test_the_runbooks_script_finds_a_finished_trail_whole(
    data_actions: Deployment,
) -> None:
    broken_at = _function(RUNBOOK.snippet("audit-chain"), "broken_at")
    done = data_actions.run()

    entries = data_actions.history(done["executionId"])

    assert broken_at(entries) is None
    assert broken_at([{**entries[0], "event": "tampered"}, *entries[1:]]) == 1


def test_the_runbooks_resolve_decides_an_unknown(
    data_actions: Deployment,
) -> None:
    require_curl()
    execution_id = _unknown_execution(data_actions)
    document = {"status": "completed", "result": {"found": "by hand"}, "note": "it's in the CRM"}

    printed = _decide(data_actions, execution_id, "resolve", document)

    assert (printed["status"], printed["result"]) == ("completed", {"found": "by hand"})
    assert data_actions.api.execution(execution_id).document == printed
    *_, resolved, outcome = data_actions.history(execution_id)
    assert (resolved["event"], resolved["note"], outcome["event"]) == ("resolved", "it's in the CRM", "completed")
    assert resolved["actor"] == data_actions.aws("sts").get_caller_identity()["Arn"]
    assert _function(RUNBOOK.snippet("audit-chain"), "broken_at")(data_actions.history(execution_id)) is None


def test_the_runbooks_retry_completes_an_unknown(
    data_actions: Deployment,
) -> None:
    require_curl()
    execution_id = _unknown_execution(data_actions)

    printed = _decide(data_actions, execution_id, "retry")

    assert (printed["executionId"], printed["status"]) == (execution_id, "queued")
    assert data_actions.ended(execution_id)["status"] == "completed"


def test_the_runbooks_cancel_refuses_an_ended_execution(
    data_actions: Deployment,
) -> None:
    require_curl()
    done = data_actions.run()

    printed = _decide(data_actions, done["executionId"], "cancel", session=True)

    assert (printed["status"], printed["code"]) == (409, "wrong_state")


def test_the_runbooks_redelivery_delivers_a_given_up_webhook(
    data_actions: Deployment,
) -> None:
    require_curl()
    name, url = data_actions.hook()
    data_actions.behave(name, statuses=[410, 200])
    execution_id = data_actions.submit(webhookUrl=url).document["executionId"]
    data_actions.when(execution_id, lambda execution: execution["webhookStatus"] == "failed")

    printed = _decide(data_actions, execution_id, "webhook/redeliver")

    assert (printed["executionId"], printed["webhookStatus"]) == (execution_id, "pending")
    data_actions.when(execution_id, lambda execution: execution["webhookStatus"] == "delivered")
    assert len(data_actions.deliveries(name)) == 2


def _decide(
    deployment: Deployment,
    execution_id: str,
    decision: str,
    document: Mapping[str, Any] | None = None,
    *,
    session: bool = False,
) -> Any:
    """Run the runbook's command, with long-lived keys or with temporary credentials."""
    arguments = [execution_id, decision, *([] if document is None else [json.dumps(document)])]
    script = RUNBOOK.snippet("decide") + "decide " + shlex.join(arguments)
    keys = session_variables(deployment) if session else {}
    return typed(["sh", "-c", script], environment(deployment, **keys))


def _unknown_execution(deployment: Deployment) -> str:
    """Return an unknown execution: every attempt ended in a lost connection."""
    execution_id = str(uuid.uuid4())
    deployment.genesys.script({"reset": "before_run", "executionId": execution_id, "times": 4})
    deployment.submit(executionId=execution_id)
    assert deployment.ended(execution_id, patience=60)["status"] == "unknown"
    return execution_id


def _function(snippet: str, name: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(snippet, name, "exec"), namespace)  # noqa: S102 - the snippet is this repository's own
    return namespace[name]
