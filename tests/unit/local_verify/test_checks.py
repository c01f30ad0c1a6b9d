"""The table: unreadable checks fail, those that an emulator can't answer are named, the exit status follows."""

import io
from typing import Any, cast

import pytest
import urllib3
from botocore.exceptions import ClientError, NoCredentialsError
from rich.console import Console

from local.verify.__main__ import main
from local.verify.checks import CHECKS, NOT_ON_THE_EMULATOR, Check
from local.verify.reading_aws import _function, _refuses_plain_http
from local.verify.report import show
from local.verify.target import Target
from local.verify.verdict import Outcome, failed, ok, warning

REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetFunctionRecursionConfig")
INTEGRATION = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{}/invocations"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:relay-ValidateFunction-1"


class FakeTarget:
    def __init__(self, *, is_emulated: bool) -> None:
        self.is_emulated = is_emulated


def target(*, is_emulated: bool = False) -> Target:
    return cast("Target", FakeTarget(is_emulated=is_emulated))


def raising(error: Exception) -> Check[Any]:
    def read(_: Target) -> None:
        raise error

    return Check("anything", read, lambda _: ok("never"))


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (REFUSED, "GetFunctionRecursionConfig"),
        (NoCredentialsError(), "NoCredentialsError"),
        (urllib3.exceptions.HTTPError("no route"), "no route"),
        (TimeoutError("late"), "late"),
    ],
    ids=["denied", "no credentials", "no answer", "late"],
)
def test_what_cant_be_read_fails_and_says_why(error: Exception, named: str) -> None:
    verdict = raising(error).verdict(target())
    assert verdict.outcome is Outcome.FAILED
    assert named in verdict.advice


def test_a_fault_of_this_code_is_not_taken_for_an_answer() -> None:
    with pytest.raises(KeyError):
        raising(KeyError("x")).verdict(target())


@pytest.mark.parametrize("name", NOT_ON_THE_EMULATOR)
def test_what_the_emulator_lacks_is_named_there_alone(name: str) -> None:
    [check] = [each for each in CHECKS if each.name == name]
    verdict = check.verdict(target(is_emulated=True))
    assert (verdict.outcome, verdict.seen) == (Outcome.ABSENT, NOT_ON_THE_EMULATOR[name])
    asked = Check(check.name, lambda _: (), lambda _: ok("asked"))
    assert asked.verdict(target()).seen == "asked"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 0),
        ([("a", ok("fine"))], 0),
        ([("a", ok("fine")), ("b", warning("hm", "look"))], 0),
        ([("a", failed("[red]no[/]", "do")), ("b", ok("fine"))], 1),
    ],
    ids=["nothing", "well", "warned", "failed"],
)
def test_the_exit_status_follows_the_lines(lines: list[tuple[str, Any]], status: int) -> None:
    written = io.StringIO()
    assert show(lines, Console(file=written, width=120)) == status
    for name, verdict in lines:
        assert name in written.getvalue()
        assert verdict.seen in written.getvalue()


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (INTEGRATION.format(f"{FUNCTION}:live"), ("relay-ValidateFunction-1", "live")),
        (INTEGRATION.format(FUNCTION), ("relay-ValidateFunction-1", "")),
        (f"{FUNCTION}:live", ("relay-ValidateFunction-1", "live")),
        (FUNCTION, ("relay-ValidateFunction-1", "")),
        ("arn:aws:apigateway:eu-central-1:sqs:path/queue", ("arn:aws:apigateway:eu-central-1:sqs:path/queue", "")),
    ],
)
def test_an_arn_says_which_function_and_which_alias(arn: str, expected: tuple[str, str]) -> None:
    assert _function(arn) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{}", False),
        ('{"Statement": [{"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}', True),
        ('{"Statement": [{"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}', False),
        ('{"Statement": [{"Effect": "Deny"}]}', False),
    ],
    ids=["none", "denies", "allows", "denies all"],
)
def test_a_policy_refuses_what_comes_in_the_clear(policy: str, *, expected: bool) -> None:
    assert _refuses_plain_http(policy) is expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--stack", "a", "--state", "b"],
        ["--state", "/no/such/world"],
        ["--stack", "a", "--inputs", "[]"],
        ["--stack", "a", "--inputs", "{"],
    ],
    ids=["nothing", "both", "no world", "no object", "no JSON"],
)
def test_a_wrong_command_exits_with_2(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.verify.__main__.leave_aws_settings", lambda: None)
    try:
        status = main(arguments)
    except SystemExit as wrong:
        status = int(wrong.code or 0)
    assert status == 2
