"""The rules: each takes facts and returns a verdict. Pure.

The sources are AWS's developer guides: API Gateway (important notes: only an operation's `security` counts), Lambda
(recursive loop detection; 10 concurrent executions in a new account), SQS (visibility of at least six timeouts).
"""

from typing import Any

from local.verify.facts import Alarms, Concurrency, Doors, Method, Queue, Reply, SharedToken, Table, Versions
from local.verify.verdict import Outcome, Verdict, failed, listed, ok, warning

OPEN_ROUTES = {"GET /console": 200, "POST /webhooks/genesys": 401}
"""The open routes, with the status of an unauthenticated request."""

LEFT_FOR_CALLERS = 3
"""How many concurrent executions must be left for callers and `count`; at least one more than may wait."""

MAY_LOOP = ("CatalogueFunction", "DeliverFunction", "ExecuteFunction", "WorkflowsFunction")
"""The functions that wait by messages, which Lambda would end as a loop after about 16."""

OLD_TLS = frozenset({"", "TLS_1_0"})
PROBLEM = "application/problem+json"
_REDEPLOY = "Deploy this version's template again, and find out what changed it outside the stack"


def callers_are_asked(methods: tuple[Method, ...]) -> Verdict:
    """Judge whether API Gateway authenticates callers on each route except the open ones."""
    if not methods:
        return failed("the API has no methods", f"{_REDEPLOY}.")
    public = [
        each.route
        for each in methods
        if each.route not in OPEN_ROUTES and each.authorization == "NONE" and not each.needs_key
    ]
    if public:
        return failed(
            f"public at the gateway: {listed(public)}",
            "API Gateway only reads an operation's own `security`. State it there in the API's definition and deploy.",
        )
    return ok(f"{len(methods)} methods, {len(OPEN_ROUTES)} of them open")


def the_unknown_are_refused(doors: Doors) -> Verdict:
    """Judge the answers to requests without a signature or key."""
    wrong = [
        f"{route}: {reply.status}"
        for route, reply in doors.replies.items()
        if reply.status != OPEN_ROUTES.get(route, 403)
    ]
    if wrong:
        return failed(
            f"without a signature: {listed(wrong)}",
            "Every route must answer 403, except GET /console (200) and POST /webhooks/genesys (401). Block the API "
            "until it does: `aws apigateway update-stage`, throttling 0.",
        )
    return ok(f"{len(doors.replies)} routes called without a signature")


def refusals_are_problems(doors: Doors) -> Verdict:
    """Judge whether the gateway's own errors are problem documents."""
    asked = {**doors.replies, "an unknown path": doors.unknown_path}
    refused = {route: reply for route, reply in asked.items() if reply.status >= 400}
    plain = [route for route, reply in refused.items() if reply.media_type != PROBLEM or not reply.code]
    if plain:
        return failed(
            f"not {PROBLEM}: {listed(plain)}",
            "The definition's `x-amazon-apigateway-gateway-responses` are not in effect: deploy the stack again, or "
            "create a deployment of the stage v1.",
        )
    return ok(f"{len(refused)} refusals, each a problem with a code")


def it_can_execute(reply: Reply) -> Verdict:
    """Judge the preflight, `GET /health?deep=true`."""
    document = reply.document if isinstance(reply.document, dict) else {}
    bad = [check for check in document.get("checks", ()) if check.get("status") != "ok"]
    advice = "; ".join(f"{check.get('name')}: {check.get('advice') or check.get('detail')}" for check in bad)
    if reply.status != 200:
        return failed(f"{reply.status} {reply.code}".strip(), advice or _who_calls(reply))
    if bad:
        return warning("degraded", advice)
    return ok(f"{len(document.get('checks', ()))} checks")


def a_request_is_judged(reply: Reply) -> Verdict:
    """Judge the dry run of a request."""
    if reply.status != 200:
        return failed(f"{reply.status} {reply.code}".strip(), _who_calls(reply))
    return ok("validated, nothing queued")


def an_action_runs(reply: Reply) -> Verdict:
    """Judge the ended execution."""
    document: dict[str, Any] = reply.document if isinstance(reply.document, dict) else {}
    status = document.get("status", "")
    if reply.status != 200 or status != "completed":
        error = document.get("error") or {}
        seen = f"{reply.status} {status or reply.code}".strip()
        return failed(
            f"{seen} {error.get('code', '')}".strip(),
            str(error.get("message") or "See its history: GET /executions/{executionId}/audit."),
        )
    return ok(f"{document.get('executionId')} completed in {document.get('latencyMs')} ms")


def versions_are_invoked(versions: Versions) -> Verdict:
    """Judge whether everything invokes an alias of a published version, so that code and layer change together."""
    latest = [
        f"{each.source} of {each.function}"
        for each in versions.triggers
        if versions.aliases.get(each.function, {}).get(each.qualifier, "$LATEST") == "$LATEST"
    ]
    if latest:
        return failed(
            f"invokes $LATEST: {listed(latest)}",
            "During a deployment old code would run with a new layer. Invoke only the alias (AutoPublishAlias).",
        )
    if not versions.triggers:
        return failed("nothing invokes the functions", f"{_REDEPLOY}.")
    return ok(f"{len(versions.triggers)} invokers, each by an alias")


def waits_are_no_loops(settings: dict[str, str]) -> Verdict:
    """Judge Lambda's setting for recursive loops."""
    ended = [name for name in MAY_LOOP if settings.get(name) != "Allow"]
    if ended:
        return failed(
            f"RecursiveLoop is not Allow: {listed(ended)}",
            "Lambda would end an execution's waits after about 16 messages: `aws lambda put-function-recursion-config "
            "--recursive-loop Allow --function-name ...`, and deploy again.",
        )
    return ok(f"Allow for {', '.join(MAY_LOOP)}")


def queues_lose_nothing(queues: tuple[Queue, ...]) -> Verdict:
    """Judge dead-letter queues, visibility and policies."""
    faults = []
    for each in queues:
        if not each.is_dead_letter_queue and not each.dead_letters_to:
            faults.append(f"{each.name} has no dead-letter queue")
        if each.consumer_timeout_seconds and each.visibility_seconds < 6 * each.consumer_timeout_seconds:
            faults.append(f"{each.name}: visibility below six timeouts")
    if faults or not queues:
        return failed(listed(faults) or "no queues", f"{_REDEPLOY}.")
    return ok(f"{len(queues)} queues")


def queues_want_tls(queues: tuple[Queue, ...]) -> Verdict:
    """Judge whether each queue's policy denies requests without TLS."""
    open_to = [each.name for each in queues if not each.refuses_plain_http]
    if open_to:
        return failed(f"no policy that requires TLS: {listed(open_to)}", f"{_REDEPLOY}.")
    return ok(f"{len(queues)} queues refuse plain HTTP")


def somebody_is_called(alarms: Alarms) -> Verdict:
    """Judge whether each alarm has a topic with a confirmed subscription."""
    silent = [name for name, topics in alarms.topics_of.items() if not topics]
    if alarms.may_be_silent and silent and not alarms.confirmed:
        return Verdict(Outcome.ABSENT, f"{len(silent)} alarms without a topic, as usual in a local world")
    if silent:
        return failed(
            f"{len(silent)} of {len(alarms.topics_of)} alarms have no topic: {listed(silent, 3)}",
            "Deploy with AlarmTopicArn=<the ARN of an SNS topic>.",
        )
    unheard = [topic for topic, confirmed in alarms.confirmed.items() if not confirmed]
    if unheard or not alarms.topics_of:
        return failed(
            f"no confirmed subscription to {listed(unheard)}" if unheard else "no alarms",
            "`aws sns subscribe`, confirm it, and test with `aws cloudwatch set-alarm-state`.",
        )
    return ok(f"{len(alarms.topics_of)} alarms")


def the_account_has_room(concurrency: Concurrency) -> Verdict:
    """Judge the account's concurrency against the sum of the ceilings and of what callers need."""
    left = max(LEFT_FOR_CALLERS, concurrency.waiting + 1)
    wanted = sum(concurrency.background.values()) + left
    parts = " + ".join(f"{ceiling} {name}" for name, ceiling in concurrency.background.items())
    seen = f"account {concurrency.account}; this stack {parts} + {left} for callers and counters = {wanted}"
    if concurrency.account < wanted:
        return failed(
            seen,
            "Request a higher quota of concurrent executions (Service Quotas, L-B99A9384), or lower "
            "ExecuteConcurrency, DeliverConcurrency or MaxWaiting.",
        )
    return ok(seen)


def the_token_is_private(token: SharedToken) -> Verdict:
    """Judge the key that encrypts the shared token."""
    if token.kind is None:
        return ok(f"{token.name} does not exist yet: the first execution creates it")
    if token.kind != "SecureString":
        return failed(
            f"{token.name} is a {token.kind}", "Delete the parameter: the workers create it again, encrypted."
        )
    if token.key in {"", "alias/aws/ssm"}:
        return warning(
            f"{token.name}: aws/ssm",
            "Every principal with ssm:GetParameter on it can read the live token. Use a KMS key of yours: TokenKeyArn.",
        )
    return ok(f"{token.name}: a KMS key of yours")


def tls_is_recent(policy: str) -> Verdict:
    """Judge the API's security policy."""
    if policy in OLD_TLS:
        return warning(
            f"{policy or 'none'}: accepts TLS 1.0",
            "Set the API's security policy to TLS_1_2 or later, or use a custom domain with one.",
        )
    return ok(policy)


def tables_stay(tables: tuple[Table, ...]) -> Verdict:
    """Judge whether the tables are protected from deletion."""
    bare = [each.name for each in tables if not each.is_protected]
    if bare or not tables:
        return failed(f"no deletion protection: {listed(bare)}", f"{_REDEPLOY}.")
    return ok(f"{len(tables)} tables")


def tables_can_be_restored(tables: tuple[Table, ...]) -> Verdict:
    """Judge whether the tables can be restored to a point in time."""
    lost = [each.name for each in tables if not each.can_be_restored]
    if lost or not tables:
        return failed(f"no point-in-time recovery: {listed(lost)}", f"{_REDEPLOY}.")
    return ok(f"{len(tables)} tables")


def _who_calls(reply: Reply) -> str:
    if reply.status == 403:
        return "May your credentials execute-api:Invoke this API? Are they of the right account?"
    detail = reply.document.get("detail") if isinstance(reply.document, dict) else None
    return str(detail or "See the function's log, /aws/lambda/<stack>-..., and the API's access log.")
