"""The preflight's checks: each turns an observation into a status, a detail and advice. Pure.

No check repeats a token, a secret or a text of Genesys Cloud: every caller of the API may read it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from actionrelay.errors import (
    CredentialsRefusedError,
    MalformedJsonError,
    PermissionMissingError,
    ScopeMissingError,
    SecretUnavailableError,
    TokenError,
)
from actionrelay.foreign_json import SECRET, read
from actionrelay.genesys.verdict import RateReading
from actionrelay.preflight_check import Check, CheckStatus
from actionrelay.strict_json import Json

CREDENTIALS, TOKEN, API, CLOCK = "credentials", "token", "api", "clock"
SCOPES, PERMISSION, CATALOGUE, LIMITS = "scopes", "permission", "catalogue", "limits"

MAX_SKEW_SECONDS = 60
"""Signatures of webhooks are valid for five minutes; a clock that is a minute off may drift that far."""
EXECUTE_PERMISSIONS = (("integrations", "action", "execute"), ("bridge", "actions", "execute"))
"""Each of these allows a client to execute actions (platform API, documentation of the execute operation)."""
CATALOGUE_PERMISSION = ("integrations", "action", "view")
"""Allows a client to read the actions and their contracts."""
VOLUME_LIMIT = "requests.volume.max"
"""An organisation's data actions per minute, including live call flows (namespace ``dataactions``)."""
_REACH = (
    "Check GenesysRegion and the overrides of its hosts, and that the functions preflight and execute may reach them."
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one GET returned: a status or, without an answer, the reason."""

    status: int | None
    reason: str = ""
    document: Json = field(default=None, repr=False)
    date: str | None = field(default=None, repr=False)
    """The header ``Date`` as received."""
    rate: RateReading | None = None
    held: bool = False
    """Whether the request was not sent, since there was no permit for it."""


def check_credentials(text: str, secret_name: str) -> Check:
    """Check that a secret has the form of a client's credentials."""
    try:
        document: Any = read(text.encode("utf-8", "surrogatepass"), SECRET)  # as the token's request reads it
    except (MalformedJsonError, ValueError):
        document = None
    wanted = ("clientId", "clientSecret")
    if isinstance(document, dict) and all(isinstance(document.get(name), str) and document[name] for name in wanted):
        return Check(CREDENTIALS, CheckStatus.OK, f"the secret {secret_name} holds a client id and a client secret")
    return Check(
        CREDENTIALS,
        CheckStatus.FAILED,
        f"the secret {secret_name} does not hold a client id and a client secret",
        f'Put {{"clientId": "...", "clientSecret": "..."}} into the secret {secret_name}.',
    )


def unreadable_credentials(error: SecretUnavailableError, secret_name: str) -> Check:
    """Report that the secret can't be read."""
    return Check(
        CREDENTIALS,
        CheckStatus.FAILED,
        _said(error),
        f"Create the secret {secret_name} in the deployment's account and region; GenesysSecretName names it.",
    )


def refused_token(error: TokenError, secret_name: str) -> Check:
    """Report why no token was granted."""
    if isinstance(error, ScopeMissingError):  # one was granted; another check reports the missing scope
        return Check(TOKEN, CheckStatus.OK, "a token was granted on request")
    if isinstance(error, CredentialsRefusedError):
        advice = (
            f"Put the id and the secret of an OAuth client with the grant Client Credentials into {secret_name}; "
            "GenesysRegion must be the region of its organisation."
        )
    elif isinstance(error, PermissionMissingError):
        advice = "Give the OAuth client a role, in the organisation's settings under Integrations, OAuth."
    else:
        advice = _REACH
    return Check(TOKEN, CheckStatus.FAILED, _said(error), advice)


def check_api(sight: Sight) -> Check:
    """Check that the API host answers, with any status that is its own."""
    if sight.held:
        return not_checked(API, sight.reason)
    if sight.status is None:
        return Check(API, CheckStatus.FAILED, f"the API host gave no answer ({sight.reason})", _REACH)
    if sight.status == 429:
        advice = "Executions wait by themselves. If it lasts, lower RequestsPerMinute."
        return Check(API, CheckStatus.WARNING, "the API host answers, and throttles (429)", advice)
    if sight.status // 100 == 3:
        advice = "Put the host's own URL into GenesysApiUrl: no redirect is followed with a token."
        return Check(API, CheckStatus.FAILED, f"the API host redirects ({sight.status})", advice)
    if sight.status >= 500:
        advice = "See Genesys Cloud's status page. Meanwhile executions wait or end as unknown."
        return Check(API, CheckStatus.FAILED, f"the API host answers {sight.status}", advice)
    return Check(API, CheckStatus.OK, "the API host answers")


def check_clock(sight: Sight, now: int) -> Check:
    """Compare our clock with Genesys Cloud's, by the header ``Date`` (RFC 9110, section 6.6.1)."""
    if sight.held:
        return not_checked(CLOCK, sight.reason)
    try:
        moment = parsedate_to_datetime(sight.date or "")
    except (ValueError, OverflowError):
        return Check(
            CLOCK,
            CheckStatus.WARNING,
            "there was no Date to compare with",
            "Check again when the API host answers; a proxy in between may remove the header.",
        )
    dated = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    skew = round(now / 1_000 - dated.timestamp())
    if abs(skew) > MAX_SKEW_SECONDS:
        return Check(
            CLOCK,
            CheckStatus.WARNING,
            f"this clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} Genesys Cloud's",
            "Signed webhooks that are 5 minutes off are refused. AWS keeps Lambda's clock, so check the host behind "
            "GenesysApiUrl, if it is set.",
        )
    return Check(CLOCK, CheckStatus.OK, f"the clocks are {abs(skew)} s apart")


def check_scopes(granted: tuple[str, ...], required: tuple[str, ...]) -> Check:
    """Check that a token has every scope that the contract needs."""
    missing = [scope for scope in required if scope not in granted]
    if missing:
        return missing_scopes(f"the token lacks {' and '.join(missing)}")
    return Check(SCOPES, CheckStatus.OK, f"the token has {' and '.join(required)}")


def missing_scopes(detail: str) -> Check:
    """Report that the client lacks scopes that the contract needs."""
    return Check(SCOPES, CheckStatus.FAILED, detail, "Grant the OAuth client the missing scopes.")


def check_permission(sight: Sight) -> Check:
    """Check that the client's roles allow it to execute actions, by the platform's list of them (``AuthzSubject``)."""
    policies = list(_policies(sight.document)) if sight.status == 200 else []
    if not policies:
        return Check(
            PERMISSION,
            CheckStatus.WARNING,
            f"the client's permissions could not be read ({sight.reason or f'status {sight.status}, no policies'})",
            "Check by hand that a role of the OAuth client has Integrations > Action > Execute.",
        )
    if any(_allows(policy, wanted) for policy in policies for wanted in EXECUTE_PERMISSIONS):
        return Check(PERMISSION, CheckStatus.OK, "a role of the client allows it to execute actions")
    names = " or ".join(":".join(wanted) for wanted in EXECUTE_PERMISSIONS)
    return Check(
        PERMISSION,
        CheckStatus.FAILED,
        f"no role of the client grants {names}",
        "Give the OAuth client a role with Integrations > Action > Execute.",
    )


def check_catalogue(sight: Sight) -> Check:
    """Check that the client's roles allow it to read actions; otherwise executions are not checked by contract."""
    policies = list(_policies(sight.document)) if sight.status == 200 else []
    name, advice = ":".join(CATALOGUE_PERMISSION), "Give the OAuth client a role with Integrations > Action > View."
    if not policies:
        unread = sight.reason or f"status {sight.status}, no policies"
        detail = f"the client's permission to read actions could not be read ({unread})"
        return Check(CATALOGUE, CheckStatus.WARNING, detail, f"Check by hand, or: {advice}")
    if any(_allows(policy, CATALOGUE_PERMISSION) for policy in policies):
        return Check(CATALOGUE, CheckStatus.OK, "a role of the client allows it to read the organisation's actions")
    detail = f"no role of the client grants {name}: the catalogue is empty, and no request is checked by its contract"
    return Check(CATALOGUE, CheckStatus.WARNING, detail, advice)


def check_limits(sight: Sight, requests_per_minute: int, rate: RateReading | None) -> Check:
    """Compare ``RequestsPerMinute`` with the limits of the organisation and the token, as far as they can be read."""
    known = {"token's": rate.allowed} if rate and rate.allowed is not None else {}
    volume = _limit(sight.document, VOLUME_LIMIT) if sight.status == 200 else None
    if volume is not None:
        known["organisation's"] = volume
    exceeded = [f"the {whose} {limit}" for whose, limit in known.items() if requests_per_minute > limit]
    if exceeded:
        return Check(
            LIMITS,
            CheckStatus.WARNING,
            f"RequestsPerMinute is {requests_per_minute}, above {' and '.join(exceeded)}",
            "Lower RequestsPerMinute, or have Genesys Cloud raise the limit. Live call flows share it.",
        )
    if volume is None:
        missing = "not allowed" if sight.status == 403 else sight.reason or f"status {sight.status}"
        return Check(
            LIMITS,
            CheckStatus.WARNING,
            f"the organisation's data-action limits could not be read ({missing})",
            "Give a role of the OAuth client Limits > Organization > View (limits:organization:view), or compare "
            f"RequestsPerMinute ({requests_per_minute}) with {VOLUME_LIMIT} by hand.",
        )
    return Check(
        LIMITS,
        CheckStatus.OK,
        f"RequestsPerMinute is {requests_per_minute}, the organisation's limit {volume} a minute",
    )


def not_checked(name: str, why: str) -> Check:
    """Report that a check could not be made."""
    return Check(
        name, CheckStatus.WARNING, f"not checked, since {why}", "Fix what failed first, and check again in a minute."
    )


def overdue(name: str, seconds: float) -> Check:
    """Report the check that was not finished in time."""
    return Check(name, CheckStatus.FAILED, f"not finished within the preflight's {seconds:g} s", _REACH)


def _said(error: SecretUnavailableError | TokenError) -> str:
    """Return an error's message with its reason."""
    reason = error.aws_code if isinstance(error, SecretUnavailableError) else error.reason or error.status
    return error.message + (f" ({reason})" if reason else "")


def _policies(document: Json) -> Iterator[Mapping[str, Any]]:
    """Yield the policies of all roles of a subject: ``grants[].role.policies[]{domain, entityName, actions[]}``."""
    for grant in _objects(document, "grants"):
        yield from _objects(grant.get("role"), "policies")


def _allows(policy: Mapping[str, Any], wanted: tuple[str, str, str]) -> bool:
    domain, entity, action = wanted
    actions = policy.get("actions")
    return (
        policy.get("domain") in {domain, "*"}
        and policy.get("entityName") in {entity, "*"}
        and isinstance(actions, list)
        and (action in actions or "*" in actions)
    )


def _limit(document: Json, key: str) -> int | None:
    """Return one limit of a namespace, from ``entities[]{key, value}``; None if it is not listed."""
    for entity in _objects(document, "entities"):
        value = entity.get("value")
        if entity.get("key") == key and isinstance(value, int | float) and not isinstance(value, bool):
            return int(value)
    return None


def _objects(document: Json, name: str) -> list[dict[str, Any]]:
    found = document.get(name) if isinstance(document, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
