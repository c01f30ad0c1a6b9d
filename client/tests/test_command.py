"""The command, as it is typed: what it prints, and how it ends."""

import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from actionrelay_client.bulk.progress import Figures
from actionrelay_client.command import connection, doctor
from actionrelay_client.command.app import app
from actionrelay_client.command.bar import drawn, said
from actionrelay_client.command.exits import Exit
from actionrelay_client.repeats import Repeats
from fake_relay import API_KEY, FakeRelay

Command = Callable[..., Result]
COMMANDS = [
    *("submit", "get", "wait", "list", "audit", "retry", "resolve", "cancel", "redeliver", "acknowledge"),
    *("workflow", "metrics", "actions", "doctor", "run"),
]


@pytest.fixture
def command(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.setenv("ACTIONRELAY_URL", relay.url)
    monkeypatch.setenv("ACTIONRELAY_API_KEY", API_KEY)
    monkeypatch.setattr(connection, "PATIENT", Repeats(tries=2, base_seconds=0.01))
    monkeypatch.setattr(doctor, "_ONCE", Repeats(tries=1))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **more: Any) -> Result:
        return CliRunner().invoke(app, list(arguments), **more)

    return run


def submitted(command: Command, *inputs: str) -> str:
    done = command("submit", "act", *inputs, "--json")
    assert done.exit_code == 0, done.output
    return str(json.loads(done.stdout)["executionId"])


def rows(path: Path, *cells: str, header: str = "id,outcome") -> str:
    path.write_text("\n".join([header, *cells]) + "\n")
    return str(path)


# -- Help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_does(command: Command, name: str) -> None:
    shown = command(name, "--help")
    assert shown.exit_code == 0
    assert re.search(r"[A-Z][^.]+\.", shown.stdout)


def test_help_lists_every_command(command: Command) -> None:
    shown = command("--help").stdout
    assert [name for name in COMMANDS if name not in shown] == []
    assert "Exit status: 0 done" in shown


def test_the_version_is_the_packages(command: Command) -> None:
    assert command("--version").stdout == "actionrelay 0.1.0\n"


# -- Executions -------------------------------------------------------------------------------------------------------


def test_submit_takes_inputs_in_each_form(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"a": 1, "b": 10.10}')
    done = command("submit", "act", "c=text", "d:=[true]", "--inputs", "@in.json", "--lane", "bulk", "--no-cache")
    assert done.exit_code == 0
    assert "queued" in done.stdout or "completed" in done.stdout
    sent = relay.seen[-1][3].decode()
    assert '"inputs":{"a":1,"b":10.10,"c":"text","d":[true]}' in sent
    assert '"lane":"bulk"' in sent
    assert '"cacheResults":false' in sent
    command("submit", "act", "--inputs", "-", input='{"x": 2}')
    assert b'"inputs":{"x":2}' in relay.seen[-1][3]


@pytest.mark.parametrize("arguments", [["a"], ["=1"], [":=1"], ["a:={"], ["--inputs", "[]"], ["--inputs", "@missing"]])
def test_inputs_that_can_not_be_read_are_usage(relay: FakeRelay, command: Command, arguments: Sequence[str]) -> None:
    assert command("submit", "act", *arguments).exit_code == Exit.USAGE
    assert relay.seen == []


@pytest.mark.parametrize(("outcome", "status"), [("completed", 0), ("failed", 1), ("unknown", 1)])
def test_waiting_ends_with_the_outcome(command: Command, outcome: str, status: int) -> None:
    assert command("submit", "act", f"outcome={outcome}", "--wait").exit_code == status
    assert command("wait", submitted(command, f"outcome={outcome}", "n=2")).exit_code == status


def test_a_wait_that_is_over_has_its_own_status(relay: FakeRelay, command: Command) -> None:
    relay.delay = 60
    assert command("wait", submitted(command), "--seconds", "0").exit_code == Exit.NOT_ENDED


def test_json_keeps_numbers_as_they_came(relay: FakeRelay, command: Command) -> None:
    relay.result = lambda inputs: '{"total":10.10}'
    shown = command("get", submitted(command), "--json").stdout
    assert '"result":{"total":10.10}' in shown
    assert shown.count("\n") == 1


def test_a_dry_run_runs_nothing(relay: FakeRelay, command: Command) -> None:
    done = command("submit", "act", "--dry-run", "--json")
    assert json.loads(done.stdout)["timeout"] == 60000
    assert relay.records == {}


def test_a_list_has_at_most_its_limit(command: Command) -> None:
    for number in range(3):
        submitted(command, f"n={number}")
    assert len(command("list", "--json", "--limit", "2").stdout.splitlines()) == 2
    assert "completed" in command("list").stdout


def test_a_trail_is_shown_and_verified(command: Command) -> None:
    shown = command("audit", submitted(command), "--verify")
    assert shown.exit_code == 0
    assert "accepted" in shown.stdout
    assert "the trail is intact" in shown.stdout


def test_decisions_show_the_execution_that_they_leave(relay: FakeRelay, command: Command) -> None:
    failed, unknown = submitted(command, "outcome=failed"), submitted(command, "outcome=unknown")
    assert command("acknowledge", failed, "--note", "seen").exit_code == 0
    assert command("retry", failed).exit_code == 0
    done = command("resolve", unknown, "--status", "completed", "--result", '{"a":1.10}', "--note", "CRM")
    assert done.exit_code == 0
    assert command("redeliver", unknown).exit_code == 0
    relay.delay = 60
    assert "cancelled" in command("cancel", submitted(command, "n=9")).stdout


def test_what_can_not_be_decided_says_what_can(command: Command) -> None:
    refused = command("retry", submitted(command))
    assert refused.exit_code == Exit.REFUSED
    assert "wrong_state" in refused.stderr
    assert "possible now: redeliver" in refused.stderr
    assert command("resolve", "x", "--status", "done").exit_code == Exit.USAGE
    assert command("retry").exit_code == Exit.USAGE
    assert command("retry", "--failed").exit_code == Exit.USAGE


# -- Errors -----------------------------------------------------------------------------------------------------------


def test_an_error_as_json_is_a_document(command: Command) -> None:
    refused = command("submit", "act", "outcome=invalid", "--json")
    assert (refused.exit_code, refused.stdout) == (Exit.REFUSED, "")
    document = json.loads(refused.stderr)
    assert (document["code"], document["errors"][0]["pointer"]) == ("invalid_request", "/inputs/outcome")


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ({"status": 503, "code": "store_unavailable", "times": 9}, Exit.NO_ANSWER, "again in"),
        ({"status": 429, "code": "backlog_full", "retry_after": "900"}, Exit.NO_ANSWER, "safe to repeat with --id"),
        ({"status": 403, "code": "expired_token", "times": 9}, Exit.REFUSED, "log in again"),
        ({"status": 403, "code": "access_denied"}, Exit.REFUSED, "execute-api:Invoke"),
        ({"lose": "after", "times": 9}, Exit.NO_ANSWER, "no_answer"),
    ],
    ids=lambda what: str(what.get("code") or what.get("lose")) if isinstance(what, dict) else "",
)
def test_each_trouble_has_its_status_and_advice(
    relay: FakeRelay, command: Command, what: dict[str, Any], status: Exit, said: str
) -> None:
    relay.trouble("POST", "/executions", **what)
    refused = command("submit", "act")
    assert refused.exit_code == status
    assert said in refused.stderr
    assert API_KEY not in refused.output


def test_a_conflict_is_not_said_to_be_safe_to_repeat(command: Command) -> None:
    execution_id = submitted(command, "n=1")
    refused = command("submit", "act", "n=2", "--id", execution_id)
    assert refused.exit_code == Exit.REFUSED
    assert "another id is another execution" in refused.stderr
    assert "safe to repeat" not in refused.stderr


def test_settings_that_are_missing_are_usage(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIONRELAY_URL")
    refused = command("metrics")
    assert (refused.exit_code, "set ACTIONRELAY_URL" in refused.stderr) == (Exit.USAGE, True)
    assert command("metrics", "--local").exit_code == Exit.USAGE


def test_a_local_world_is_asked(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    stack = {"apiUrl": relay.url, "region": "us-east-1", "accessKeyId": "a", "secretAccessKey": "b", "apiKey": API_KEY}
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack))
    assert command("metrics", "--local").exit_code == 0
    assert command("metrics", "--stack", ".local/stack.json").exit_code == 0


def test_text_of_others_can_not_command_the_terminal(relay: FakeRelay, command: Command) -> None:
    relay.result = lambda inputs: '"\\u001b[2J[bold]x[/bold]"'
    shown = command("get", submitted(command)).stdout
    assert "\x1b[2J" not in shown
    assert "[bold]x[/bold]" in shown


# -- The deployment ---------------------------------------------------------------------------------------------------


def test_metrics_and_actions_are_tables(relay: FakeRelay, command: Command) -> None:
    relay.actions = {
        "custom_-_1": {
            "actionId": "custom_-_1",
            "name": "Find a customer",
            "requestType": "GET",
            "inputSchema": {"properties": {"id": {"type": "string", "description": "its number"}}, "required": ["id"]},
        }
    }
    assert "99.50%" in command("metrics").stdout
    assert "Find a customer" in command("actions").stdout
    assert re.search(r"id +string +yes +its number", command("actions", "custom_-_1").stdout)
    assert json.loads(command("actions", "custom_-_1", "--json").stdout)["requestType"] == "GET"


def test_a_deployment_without_a_catalogue_says_so(relay: FakeRelay, command: Command) -> None:
    relay.serves = ("/executions",)
    refused = command("actions")
    assert (refused.exit_code, "nothing is served under this path" in refused.stderr) == (Exit.REFUSED, True)


def test_workflows_are_submitted_and_followed(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_text(json.dumps({"steps": {"a": {"actionId": "act", "inputs": {}}}}))
    done = command("workflow", "submit", "flow.json", "--wait", "--json")
    assert done.exit_code == 0
    workflow_id = json.loads(done.stdout)["workflowId"]
    assert json.loads(command("workflow", "submit", "flow.json", "--dry-run").stdout)["executions"] == 1
    for name in ("get", "wait", "retry", "cancel"):
        assert command("workflow", name, workflow_id).exit_code == (0)
    assert workflow_id in command("workflow", "list").stdout
    (tmp_path / "flow.json").write_text('{"steps": {}, "stpes": {}}')
    assert "unknown fields: stpes" in command("workflow", "submit", "flow.json").stderr


def test_a_doctor_finds_all_well(command: Command) -> None:
    looked = command("doctor", "--json")
    assert looked.exit_code == 0, looked.output
    found = {each["name"]: each["status"] for each in json.loads(looked.stdout)["checks"]}
    assert set(found.values()) == {"ok"}
    assert {"settings", "caller", "reachable", "clock", "may read", "may submit", "may decide"} <= set(found)


def findings(command: Command) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(command("doctor", "--json").stdout)["checks"]}


def test_a_doctor_says_what_is_wrong(relay: FakeRelay, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.clock_offset = 400
    relay.serves = ("/executions", "/health", "/metrics")
    relay.health = {
        "status": "failed",
        "checks": [{"name": "token", "status": "failed", "detail": "refused", "advice": "look at the secret"}],
    }
    relay.trouble("GET", "/executions", status=403, code="access_denied")
    relay.trouble("POST", "/executions/0", status=403, code="access_denied")
    found = findings(command)
    assert found["clock"]["status"] == "failed"
    assert found["may read"]["advice"] == "the caller's policy lacks execute-api:Invoke on GET /executions"
    assert found["may decide"]["status"] == "warning"
    assert found["batches"]["status"] == found["catalogue"]["status"] == "warning"
    assert found["preflight: token"]["advice"] == "look at the secret"
    assert command("doctor").exit_code == Exit.OTHERWISE
    monkeypatch.setenv("ACTIONRELAY_API_KEY", "wrong")
    assert findings(command)["answers"]["status"] == "failed"
    monkeypatch.setenv("ACTIONRELAY_URL", "http://127.0.0.1:9/v1")
    assert findings(command)["reachable"]["status"] == "failed"


# -- The bar ----------------------------------------------------------------------------------------------------------


def test_the_bar_says_how_far_it_is() -> None:
    figures = Figures(10_000, 9_000, 4_000, 2, 1, 0, 3, 100, 270.4, 1330.0, "sending waits 5 s: the backlog is full")
    assert said(figures) == "4,006 of 10,000, 9,000 sent, 2 failed, 1 unknown, 3 refused, 270 a minute, 22:10 left"
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(drawn(figures))
    assert "sending waits 5 s" in console.export_text()


# -- A file of rows ---------------------------------------------------------------------------------------------------


def test_a_file_is_run_and_summed_up(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.csv", "1,completed", "2,failed", "3,unknown")
    done = command("run", file, "--action", "act", "--key", "id", "--out", "out.jsonl")
    assert done.exit_code == Exit.OTHERWISE
    assert "actionrelay retry --failed --name 'rows'" in done.stdout
    assert "3 of 3, 1 failed, 1 unknown" in done.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3
    assert len(json.loads(command("list", "--name", "rows", "--json", "--status", "failed").stdout)) > 5
    assert command("retry", "--failed", "--name", "rows", "--json").stdout == '{"name":"rows","retried":1,"left":0}\n'
    relay.passes(60)
    again = json.loads(command("run", file, "--action", "act", "--key", "id", "--json").stdout)
    assert (again["completed"], again["unknown"], again["endedBefore"]) == (2, 1, 3)
    assert again["needsAttention"][0]["row"] == 3


def test_invalid_rows_stop_all_before_the_first(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.csv", "1,completed", ",completed", "1,completed")
    refused = command("run", file, "--action", "act", "--key", "id", "--out", "out.jsonl")
    assert refused.exit_code == Exit.USAGE
    assert "row 2, line 3: id is the key" in refused.stderr
    assert "row 3, line 4 (1): has the same id as row 1" in refused.stderr
    assert "2 of 3 rows are invalid; nothing was sent" in refused.stderr
    assert relay.records == {}
    assert not (tmp_path / "out.jsonl").exists()


def test_invalid_rows_can_be_skipped(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.csv", "1,completed", ",completed")
    done = command("run", file, "--action", "act", "--key", "id", "--skip-invalid", "--json")
    assert done.exit_code == Exit.OTHERWISE
    found = json.loads(done.stdout)
    assert (found["completed"], found["invalid"]) == (1, 1)


def test_rows_are_checked_against_the_contract(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    schema = {"properties": {"customerId": {"type": "integer"}}, "required": ["customerId"]}
    relay.actions = {"act": {"actionId": "act", "inputSchema": schema}}
    file = rows(tmp_path / "rows.csv", "1,x", "two,x", header="customer,other")
    refused = command("run", file, "--action", "act", "--map", "customer=customerId", "--dry-run")
    assert refused.exit_code == Exit.USAGE
    assert "customer must be a number" in refused.stderr
    rows(tmp_path / "rows.csv", "1,x", "2,x", header="customer,other")
    done = command("run", file, "--action", "act", "--map", "customer=customerId", "--dry-run")
    assert (done.exit_code, done.stdout) == (0, "2 of 2 rows are valid; nothing was sent\n")
    assert relay.records == {}


def test_a_dry_run_asks_the_deployment_about_the_first(relay: FakeRelay, command: Command, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.csv", "1,invalid")
    refused = command("run", file, "--action", "act", "--dry-run")
    assert refused.exit_code == Exit.REFUSED
    assert "the deployment refuses this" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--map", "a"], ["--map", "a=b", "--map", "c=b"], ["--map", "zzz=b"], ["--key", "zzz"], ["--type", "a=date"]],
)
def test_options_that_fit_no_file_are_usage(
    relay: FakeRelay, command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    file = rows(tmp_path / "rows.csv", "1,completed")
    assert command("run", file, "--action", "act", *arguments).exit_code == Exit.USAGE
    assert relay.records == {}


def test_results_that_can_not_be_written_have_a_status(command: Command, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.csv", "1,completed")
    refused = command("run", file, "--action", "act", "--out", str(tmp_path / "missing/out.jsonl"))
    assert refused.exit_code == Exit.RESULTS
    assert "the same command goes on" in refused.stderr
