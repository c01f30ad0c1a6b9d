"""The table of checks: what each reads, the rule that judges it, and what an emulator can't show."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from local.verify import reading_aws, reading_http, rules
from local.verify.target import Target
from local.verify.verdict import Outcome, Verdict, failed


@dataclass(frozen=True, slots=True)
class Check[Facts]:
    """One line of the table."""

    name: str
    read: Callable[[Target], Facts]
    judge: Callable[[Facts], Verdict]

    def verdict(self, target: Target) -> Verdict:
        """Read and judge. A failed read is a failed check with the reason."""
        if target.is_emulated and self.name in NOT_ON_THE_EMULATOR:
            return Verdict(Outcome.ABSENT, NOT_ON_THE_EMULATOR[self.name])
        try:
            return self.judge(self.read(target))
        except ClientError as refused:
            error = refused.response["Error"]
            return failed(
                f"can't be read: {error['Code']}",
                f"Allow your credentials {refused.operation_name}. AWS says: {error.get('Message', '')[:200]}",
            )
        except (BotoCoreError, urllib3.exceptions.HTTPError, OSError) as unreachable:
            return failed("can't be read", f"{type(unreachable).__name__}: {str(unreachable)[:200]}")


NOT_ON_THE_EMULATOR: Mapping[str, str] = {
    "queues want TLS": "it speaks plain HTTP, so the policy is not deployed there",
    "restoring tables": "it keeps no backups",
    "TLS of the API": "it speaks plain HTTP",
}
"""Checks that a local world can't answer, with the reason. Tests of the template cover these."""

CHECKS: tuple[Check[Any], ...] = (
    Check("callers at the gateway", reading_aws.methods, rules.callers_are_asked),
    Check("unsigned requests", reading_http.doors, rules.the_unknown_are_refused),
    Check("gateway answers", reading_http.doors, rules.refusals_are_problems),
    Check("preflight", reading_http.health, rules.it_can_execute),
    Check("dry run", reading_http.dry_run, rules.a_request_is_judged),
    Check("versions", reading_aws.versions, rules.versions_are_invoked),
    Check("recursive loops", reading_aws.recursion, rules.waits_are_no_loops),
    Check("queues", reading_aws.queues, rules.queues_lose_nothing),
    Check("queues want TLS", reading_aws.queues, rules.queues_want_tls),
    Check("alarms", reading_aws.alarms, rules.somebody_is_called),
    Check("concurrency", reading_aws.concurrency, rules.the_account_has_room),
    Check("shared token", reading_aws.shared_token, rules.the_token_is_private),
    Check("deletion of tables", reading_aws.tables, rules.tables_stay),
    Check("restoring tables", reading_aws.tables, rules.tables_can_be_restored),
    Check("TLS of the API", reading_aws.tls_policy, rules.tls_is_recent),
)


def verdicts(target: Target, action: str | None, inputs: dict[str, Any]) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict of each check, and of one execution if an action is named."""
    for check in CHECKS:
        yield check.name, check.verdict(target)
    if action is not None:
        run = Check(
            "one execution", lambda target: reading_http.execution(target, action, inputs), rules.an_action_runs
        )
        yield run.name, run.verdict(target)
