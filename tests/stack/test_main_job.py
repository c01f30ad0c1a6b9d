"""The main job through the deployed pipeline: API Gateway, SQS, DynamoDB, SSM, and a Genesys Cloud over real HTTP."""

import itertools
import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor

from tests.stack.deployment import ACTION, TOKEN_PARAMETER, Deployment

MAX_BYTES = 512_000
RESULT_BYTES = 5_000_000


def test_a_result_by_webhook_completes_audits_and_delivers(
    data_actions: Deployment,
) -> None:
    name, url = data_actions.hook()

    accepted = data_actions.submit(webhookUrl=url)

    assert accepted.status == 202
    assert accepted.document["status"] == "queued"
    execution_id = accepted.document["executionId"]
    assert accepted.headers["location"] == f"/v1/executions/{execution_id}"
    done = data_actions.when(execution_id, lambda execution: execution["webhookStatus"] == "delivered")
    assert done["status"] == "completed"
    assert done["attempts"] == 1
    assert done["result"]["actionId"] == ACTION
    assert done["latencyMs"] > 0
    entries = data_actions.history(execution_id)
    assert [entry["event"] for entry in entries] == [
        "accepted",
        "attempt_started",
        "awaiting_webhook",
        "webhook_received",
        "completed",
        "webhook_delivered",
    ]
    assert all(after["previousHash"] == before["hash"] for before, after in itertools.pairwise(entries))
    [delivery] = data_actions.deliveries(name)
    assert delivery["signature"] == "valid"
    assert delivery["json"]["type"] == "execution.completed"
    assert delivery["json"]["data"]["result"] == done["result"]
    assert delivery["headers"]["x-trace-id"] == done["traceId"]


def test_an_immediate_answer_is_the_result(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})

    done = data_actions.run()

    assert done["status"] == "completed"
    assert data_actions.genesys.counts()["runs"]["byExecutionId"][done["executionId"]] == 1


def test_many_requests_run_once_each_with_one_token(
    data_actions: Deployment,
) -> None:
    data_actions.run()
    before = data_actions.genesys.counts()["tokenRequests"]

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: data_actions.submit(), range(24)))
    done = [data_actions.ended(answer.document["executionId"]) for answer in answers]

    assert {execution["status"] for execution in done} == {"completed"}
    runs = data_actions.genesys.counts()["runs"]["byExecutionId"]
    assert all(runs[execution["executionId"]] == 1 for execution in done)
    assert data_actions.genesys.counts()["tokenRequests"] == before


def test_twenty_callers_with_one_id_run_the_action_once(
    data_actions: Deployment,
) -> None:
    request = data_actions.request(cacheResults=False)
    other = {**request, "inputs": {"order": "another"}}

    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(data_actions.api.submit, [request] * 20 + [other] * 4))

    *same, first, second, third, fourth = (answer.status for answer in answers)
    assert sorted(same) == [200] * 19 + [202]
    assert {first, second, third, fourth} == {409}
    assert len({answer.document["executionId"] for answer in answers[:20]}) == 1
    done = data_actions.ended(request["executionId"])
    assert done["status"] == "completed"
    assert data_actions.genesys.counts()["runs"]["byExecutionId"][request["executionId"]] == 1
    assert [entry["event"] for entry in data_actions.history(request["executionId"])].count("accepted") == 1


def test_the_largest_request_and_result_arrive_whole(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    data_actions.genesys.script({"resultBytes": RESULT_BYTES - MAX_BYTES + 1_000})  # and the inputs, which it repeats
    request = data_actions.request(cacheResults=True)
    request["inputs"]["noise"] = ""
    room = MAX_BYTES - len(json.dumps(request))
    request["inputs"]["noise"] = noise(room)
    assert len(json.dumps(request)) == MAX_BYTES

    assert data_actions.api.submit(request).status == 202
    done = data_actions.ended(request["executionId"])

    assert done["status"] == "completed", done["error"]
    assert len(json.dumps(done["result"])) >= RESULT_BYTES
    hit = data_actions.api.submit({**request, "executionId": str(uuid.uuid4())})
    assert (hit.status, hit.document["result"]) == (200, done["result"])
    one_more = {**request, "executionId": str(uuid.uuid4()), "inputs": {"noise": noise(MAX_BYTES)}}
    assert data_actions.api.submit(one_more).status == 413


def noise(length: int) -> str:
    """Text that does not become small when compressed."""
    return random.Random(length).randbytes(length).hex()[:length]  # noqa: S311 - it has to repeat itself


def test_a_repeated_request_gets_its_state_and_runs_once(
    data_actions: Deployment,
) -> None:
    request = data_actions.request(cacheResults=False)
    first = data_actions.api.submit(request)
    done = data_actions.ended(first.document["executionId"])

    again = data_actions.api.submit(request)

    assert again.status == 200
    assert again.document == done
    assert data_actions.genesys.counts()["runs"]["byExecutionId"][done["executionId"]] == 1


def test_another_requests_id_is_a_conflict(data_actions: Deployment) -> None:
    request = data_actions.request()
    data_actions.api.submit(request)

    other = data_actions.api.submit({**request, "inputs": {"something": "else"}})

    assert (other.status, other.document["code"]) == (409, "execution_conflict")


def test_an_idempotency_key_header_is_the_execution_id(
    data_actions: Deployment,
) -> None:
    request = data_actions.request()
    del request["executionId"]
    key = str(uuid.uuid4())

    answers = [data_actions.api.submit(request, **{"Idempotency-Key": key}) for _ in range(2)]

    assert [answer.status for answer in answers] == [202, 200]
    assert {answer.document["executionId"] for answer in answers} == {key}


def test_an_equal_request_is_answered_from_the_cache(
    data_actions: Deployment,
) -> None:
    inputs = {"customer": str(uuid.uuid4()), "rate": 1.5}
    done = data_actions.run(inputs=inputs)
    runs = data_actions.genesys.runs()

    hit = data_actions.submit(inputs=dict(reversed(inputs.items())))
    fresh = data_actions.run(inputs=inputs, cacheResults=False)

    assert hit.status == 200
    assert (hit.document["status"], hit.document["cacheStatus"]) == ("completed", "hit")
    assert hit.document["result"] == done["result"]
    assert hit.document["executionId"] != done["executionId"]
    assert data_actions.api.execution(hit.document["executionId"]).document == hit.document
    assert fresh["cacheStatus"] == "disabled"
    assert data_actions.genesys.runs() == runs + 1


def test_a_large_request_and_result_arrive_whole(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed", "resultBytes": 900_000})
    noise = [uuid.uuid4().hex for _ in range(12_000)]

    done = data_actions.run(inputs={"noise": noise})

    assert done["error"] is None
    assert done["result"]["echo"]["noise"] == noise
    assert len(json.dumps(done["result"])) > 900_000


def test_a_new_worker_takes_the_shared_token_from_ssm(
    data_actions: Deployment,
) -> None:
    data_actions.run()
    before = data_actions.genesys.counts()["tokenRequests"]

    assert data_actions.make_cold("ExecuteFunction") > 0
    data_actions.run()

    assert data_actions.genesys.counts()["tokenRequests"] == before
    [parameter] = data_actions.aws("ssm").describe_parameters()["Parameters"]
    assert parameter["Type"] == "SecureString"


def test_a_token_without_a_scope_fails_and_names_the_scope(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"tokens": {"grantedScopes": ["data:action:view"]}})
    data_actions.forget_token()
    data_actions.make_cold("ExecuteFunction")

    done = data_actions.run()

    assert (done["status"], done["error"]["code"]) == ("failed", "scope_missing")
    assert "data:action:execute" in done["error"]["message"]
    assert done["attempts"] == 0


def test_passing_errors_are_retried_until_it_completes(
    data_actions: Deployment,
) -> None:
    request = data_actions.request()
    match = {"executionId": request["executionId"]}
    data_actions.genesys.script({"status": 429, "retryAfter": 1, **match}, {"status": 500, **match})

    data_actions.api.submit(request)

    done = data_actions.ended(request["executionId"])
    assert (done["status"], done["attempts"]) == ("completed", 3)
    planned = [entry for entry in data_actions.history(done["executionId"]) if entry["event"] == "retry_planned"]
    # Before them, a message may have waited for a token that could not be had a moment ago.
    assert [entry["code"] for entry in planned][-2:] == ["too.many.requests.retry.after", "internal.server.error"]


def test_a_refused_action_fails_with_genesys_own_words(
    data_actions: Deployment,
) -> None:
    request = data_actions.request()
    refusal = {"status": 400, "dialect": "legacy", "code": "bad.request", "message": "no such customer"}
    data_actions.genesys.script({**refusal, "executionId": request["executionId"]})

    data_actions.api.submit(request)

    done = data_actions.ended(request["executionId"])
    assert done["status"] == "failed"
    assert (done["error"]["code"], done["error"]["status"]) == ("bad.request", 400)
    assert done["error"]["correlationId"]


def test_a_late_webhook_still_decides(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})

    waiting = data_actions.submit(timeout=1)
    execution_id = waiting.document["executionId"]
    data_actions.when(execution_id, lambda execution: execution["status"] == "awaiting_webhook")
    late = data_actions.report({"executionId": execution_id, "status": "completed", "result": {"late": True}})

    assert late.status == 200
    done = data_actions.api.execution(execution_id).document
    assert (done["status"], done["result"]) == ("completed", {"late": True})


def test_logs_have_the_metrics_and_no_secret(
    data_actions: Deployment,
) -> None:
    marker = f"secret-input-{uuid.uuid4().hex}"
    data_actions.run(inputs={"password": marker})
    data_actions.submit(inputs=None)
    secrets = data_actions.aws("secretsmanager")
    values = [
        secrets.get_secret_value(SecretId=secret["Name"])["SecretString"]
        for secret in secrets.list_secrets()["SecretList"]
    ]
    token = data_actions.aws("ssm").get_parameter(Name=TOKEN_PARAMETER, WithDecryption=True)

    logs = data_actions.logs()

    for metric in (
        "ExecutionsAccepted",
        "RequestsRefused",
        "RequestsRefusedByCode",
        "QueueWait",
        "GenesysLatency",
        "EndToEndLatency",
        "ExecutionsSucceeded",
    ):
        assert f'"{metric}"' in logs
    assert marker not in logs
    assert json.loads(token["Parameter"]["Value"])["value"] not in logs
    for value in values:
        document = json.loads(value)
        for secret in [document.get("clientSecret"), *document.get("secrets", [])]:
            assert secret is None or secret not in logs
