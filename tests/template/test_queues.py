"""Queues: a message is redelivered to nobody too early, is never lost, and nobody overlooks one that was
given up.
"""

import pytest

from tests.template.cloudformation import Resource, Template

# AWS's own advice: a batch that is throttled is tried again for as long as it is invisible.
VISIBILITY_PER_TIMEOUT = 6
LONGEST_RETENTION = 14 * 24 * 3600


def _dead_letter_queue_of(queue: Resource) -> str | None:
    policy = queue.properties.get("RedrivePolicy")
    return policy["deadLetterTargetArn"]["Fn::GetAtt"][0] if policy else None


def _alarmed(template: Template, metric: str) -> set[str]:
    alarms = template.resources("AWS::CloudWatch::Alarm")
    return {
        alarm.properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in alarms
        if alarm.properties.get("Namespace") == "AWS/SQS" and alarm.properties["MetricName"] == metric
    }


@pytest.fixture
def dead_letter_queues(template: Template) -> set[str]:
    targets = (_dead_letter_queue_of(queue) for queue in template.resources("AWS::SQS::Queue"))
    return {target for target in targets if target}


@pytest.fixture
def working_queues(template: Template, dead_letter_queues: set[str]) -> list[Resource]:
    return [queue for queue in template.resources("AWS::SQS::Queue") if queue.name not in dead_letter_queues]


def test_every_queue_has_a_dead_letter_queue_of_its_own(
    working_queues: list[Resource], dead_letter_queues: set[str]
) -> None:
    assert {queue.name for queue in working_queues} == {
        *("ExecutionQueue", "BulkQueue", "DeliveryQueue", "DecisionQueue", "WorkflowQueue", "CatalogueQueue")
    }
    assert all(_dead_letter_queue_of(queue) for queue in working_queues)
    assert len(dead_letter_queues) == len(working_queues)


def test_query_looks_at_every_queue(template: Template, working_queues: list[Resource]) -> None:
    """What `GET /queues` leaves out, nobody sees."""
    variables = template.resource("QueryFunction").properties["Environment"]["Variables"]
    seen = {value["Ref"] for name, value in variables.items() if name.endswith(("_QUEUE_URL", "_DLQ_URL"))}
    assert seen == {name for queue in working_queues for name in (queue.name, _dead_letter_queue_of(queue))}


def test_five_crashes_are_needed_to_give_a_message_up(working_queues: list[Resource]) -> None:
    assert {queue.properties["RedrivePolicy"]["maxReceiveCount"] for queue in working_queues} == {5}


def test_every_dead_letter_queue_keeps_longest_and_alarms(
    template: Template, working_queues: list[Resource], dead_letter_queues: set[str]
) -> None:
    for name in dead_letter_queues:
        assert template.resource(name).properties["MessageRetentionPeriod"] == LONGEST_RETENTION
    for queue in working_queues:
        # Moving a message does not restart its retention.
        assert queue.properties["MessageRetentionPeriod"] < LONGEST_RETENTION
    assert dead_letter_queues <= _alarmed(template, "ApproximateNumberOfMessagesVisible")


def test_every_working_queue_has_an_alarm_on_its_age(template: Template, working_queues: list[Resource]) -> None:
    assert {queue.name for queue in working_queues} == _alarmed(template, "ApproximateAgeOfOldestMessage")


def test_every_queue_is_encrypted(template: Template) -> None:
    queues = template.resources("AWS::SQS::Queue")
    assert all(queue.properties["SqsManagedSseEnabled"] is True for queue in queues)


def test_visibility_covers_six_timeouts_of_the_function(template: Template, working_queues: list[Resource]) -> None:
    consumers = {
        source["Queue"]["Fn::GetAtt"][0]: function
        for function in template.resources("AWS::Serverless::Function")
        for source in template.event_sources(function, "SQS")
    }
    for queue in working_queues:
        timeout = template.value(consumers[queue.name].properties["Timeout"])
        visibility = queue.properties["VisibilityTimeout"]
        if queue.name in {"ExecutionQueue", "BulkQueue"}:
            visibility = template.document["Mappings"]["VisibilityByTimeout"][str(timeout)]["Seconds"]
        assert visibility >= VISIBILITY_PER_TIMEOUT * timeout, queue.name


def test_event_sources_report_single_failures_in_bounded_batches(template: Template) -> None:
    sources = {
        source["Queue"]["Fn::GetAtt"][0]: source
        for function in template.resources("AWS::Serverless::Function")
        for source in template.event_sources(function, "SQS")
    }
    assert {queue: source["ScalingConfig"]["MaximumConcurrency"] for queue, source in sources.items()} == {
        "ExecutionQueue": {"Ref": "ExecuteConcurrency"},
        "BulkQueue": {"Ref": "ExecuteConcurrency"},
        "DeliveryQueue": {"Ref": "DeliverConcurrency"},
        "DecisionQueue": 2,
        "WorkflowQueue": 2,
        "CatalogueQueue": 2,
    }
    for source in sources.values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["BatchSize"] == 10
