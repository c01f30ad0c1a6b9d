"""Batches through the deployed API, in the bulk lane, with each function under its own role."""

import json
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.stack.cloud import Cloud
from tests.stack.deployment import ACTION, Deployment

SIZE = 12
"""More than SQS accepts in one request."""


def test_a_batch_runs_each_of_its_executions_once(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    batch = {
        "batchId": str(uuid.uuid4()),
        "executions": [{"actionId": ACTION, "inputs": {"order": str(uuid.uuid4())}} for _ in range(SIZE)],
    }

    first, again = (data_actions.api.call("POST", "/batches", body=json.dumps(batch).encode()) for _ in range(2))

    assert (first.status, first.document["accepted"], first.document["rejected"]) == (200, SIZE, 0), first.body
    ids = [result["executionId"] for result in first.document["results"]]
    assert [result["executionId"] for result in again.document["results"]] == ids
    for execution_id in ids:
        done = data_actions.ended(execution_id, patience=300)
        assert (done["status"], done["lane"], done["traceId"]) == ("completed", "bulk", batch["batchId"])
    runs = data_actions.genesys.counts()["runs"]["byExecutionId"]
    assert [runs[execution_id] for execution_id in ids] == [1] * SIZE


@pytest.mark.parametrize(("allowed", "sent"), [("sqs:SendMessage", 3), ("sqs:ReceiveMessage", 0)])
def test_who_may_send_one_message_may_send_several(tmp_path: Path, allowed: str, sent: int) -> None:
    with Cloud.of(tmp_path) as cloud:
        iam, sqs = cloud.aws("iam"), cloud.aws("sqs")
        url = sqs.create_queue(QueueName="several")["QueueUrl"]
        iam.create_user(UserName="sender")
        policy = {"Effect": "Allow", "Action": [allowed], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        iam.put_user_policy(UserName="sender", PolicyName="sending", PolicyDocument=document)
        key = iam.create_access_key(UserName="sender")["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=sqs.meta.region_name)
        sender = session.client("sqs", endpoint_url=cloud.account.endpoint)
        entries = [{"Id": str(number), "MessageBody": "x"} for number in range(3)]
        try:
            done = len(sender.send_message_batch(QueueUrl=url, Entries=entries)["Successful"])  # type: ignore[arg-type]
        except ClientError:
            done = 0
    assert done == sent
