"""The dead-letter queue of executions: redriving restarts those on which workers died, and harms nothing else."""

import json

from local.chaos.tables import Tables
from tests.stack.deployment import Deployment


def test_a_redriven_message_leaves_an_ended_execution_alone(
    data_actions: Deployment,
) -> None:
    tables = Tables(data_actions.stack)
    done = data_actions.run()
    dead = data_actions.stack.outputs["ExecutionDlqUrl"]
    message = json.dumps({"executionId": done["executionId"], "kind": "run"})
    data_actions.aws("sqs").send_message(QueueUrl=dead, MessageBody=message)

    # Beside what other tests left there.
    assert tables.redrive() >= 1
    assert tables.redrive() == 0
    assert tables.statuses()[done["executionId"]] == "completed"
    assert [entry.event for entry in tables.audit()[done["executionId"]]][:2] == ["accepted", "attempt_started"]
