"""`doctor`: whether the settings lead to a working deployment, and what to do if not."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import typer
import urllib3
from urllib3.exceptions import HTTPError

from actionrelay_client.client import Client
from actionrelay_client.command.connection import Connection, connected
from actionrelay_client.command.exits import Exit
from actionrelay_client.command.showing import advice
from actionrelay_client.documents import Health
from actionrelay_client.errors import (
    AccessDeniedError,
    ActionRelayError,
    ApiError,
    InvalidRequestError,
    NotFoundError,
    NotServedError,
    UnavailableError,
)
from actionrelay_client.repeats import Repeats, Safety
from actionrelay_client.settings import Settings

MAX_SKEW_SECONDS = 60.0
"""AWS refuses a signature that is five minutes off; a minute off is worth a warning."""
_ONCE = Repeats(tries=2, patience_seconds=15.0)


@dataclass(frozen=True)
class Finding:
    """One check."""

    name: str
    status: str
    """`ok`, `warning`, or `failed`."""
    detail: str
    advice: str | None = None


def doctor(to: Connection) -> None:
    """Check settings, connection, clocks, permissions, and whether the deployment can execute actions.

    It changes nothing and runs nothing. Exit status 1 if a check failed.
    """
    findings = []
    screen = to.screen
    for each in examine(to):
        findings.append(each)
        if not screen.as_json:
            screen.table(("", "", ""), [(each.status.ljust(7), each.name.ljust(24), each.detail)])
            if each.advice:
                screen.say(f"         {each.advice}", "dim")
    if screen.as_json:
        screen.document({"checks": [asdict(each) for each in findings]})
    if any(each.status == "failed" for each in findings):
        raise typer.Exit(Exit.OTHERWISE)


def examine(to: Connection) -> Iterator[Finding]:
    """Run the checks in order; stop at one on which all later ones depend."""
    try:
        settings = to.settings()
        yield Finding("settings", "ok", f"{settings.url} (from {settings.source})")
        client = to.client(_ONCE)
    except ActionRelayError as error:
        yield Finding("settings", "failed", error.detail, "actionrelay doctor --help lists the options")
        return
    with client:
        yield Finding("caller", "ok", _caller(settings))
        reached, findings = _way_there(settings)
        yield from findings
        if not reached:
            return
        answered = _answer("answers", client.health, lambda _: "GET /health answers this caller")
        yield answered
        if answered.status == "failed":
            return
        yield from _rights(client)
        yield from _served(client)
        yield from _deep(client)


def _caller(settings: Settings) -> str:
    if settings.api_key:
        return "an API key"
    return f"AWS credentials{f' of profile {settings.profile}' if settings.profile else ''}, region {settings.region}"


def _way_there(settings: Settings) -> tuple[bool, list[Finding]]:
    """Call without credentials: any response proves the connection and has the server's time."""
    pool = urllib3.PoolManager(retries=False, timeout=10.0)
    began = time.time()
    try:
        answer = pool.request("GET", f"{settings.url}/health", redirect=False)
    except HTTPError as error:
        reason = str(getattr(error, "reason", None) or error).rsplit(": ", 1)[-1]
        return False, [
            Finding("reachable", "failed", reason, "is the URL right, and is there a proxy or firewall between?")
        ]
    took = time.time() - began
    said = "refuses a request without credentials, as it should," if answer.status in {401, 403} else "answers"
    found = [Finding("reachable", "ok", f"{said} in {took * 1000:.0f} ms")]
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        found.append(Finding("clock", "warning", "the answer has no date to compare with"))
        return True, found
    # The header has whole seconds, and was written some time between asking and now.
    skew = max(abs(began + took / 2 - theirs - 0.5) - took / 2 - 0.5, 0.0)
    status = "ok" if skew <= MAX_SKEW_SECONDS else "failed"
    said = f"{skew:.0f} s apart"
    found.append(
        Finding("clock", status, said, None if status == "ok" else "set this machine's clock: signatures need it")
    )
    return True, found


def _rights(client: Client) -> Iterator[Finding]:
    """Call callers' and operators' routes in ways that change nothing."""
    yield _allowed("may read", lambda: next(iter(client.list(page_size=1)), None), "GET /executions")
    yield _allowed(
        "may submit",
        lambda: client.send("/executions", {}, query={"dryRun": True}),  # invalid, and a dry run
        "POST /executions",
    )
    nobody = str(uuid.UUID(int=0))
    decide = _allowed(
        "may decide",
        lambda: client.transport.send("POST", f"/executions/{nobody}/acknowledge", safety=Safety.DECISION),
        "POST /executions/*",
    )
    if decide.status == "failed":
        yield Finding(decide.name, "warning", "no; that is for operators, and a caller needs it not")
    else:
        yield decide


def _served(client: Client) -> Iterator[Finding]:
    for name, what, ask in (
        ("batches", "actionrelay run needs them", lambda: client.send("/batches", {})),
        (
            "catalogue",
            "without it no row is checked against its action's contract",
            lambda: next(client.actions(), None),
        ),
    ):
        found = _allowed(name, ask, name)
        if found.status == "failed":
            yield Finding(name, "warning", f"{found.detail}; {what}")
        else:
            yield Finding(name, "ok", "served")


def _allowed(name: str, ask: Callable[[], Any], route: str) -> Finding:
    """Send an invalid request, or read what does not exist: any response other than 403 proves the permission."""
    try:
        ask()
    except (InvalidRequestError, NotFoundError):
        pass
    except NotServedError:
        return Finding(name, "failed", "not served by this deployment")
    except AccessDeniedError as error:
        return Finding(name, "failed", f"no: {error.code}", f"the caller's policy lacks execute-api:Invoke on {route}")
    except ActionRelayError as error:
        return Finding(name, "failed", error.detail, "; ".join(advice(error)) or None)
    return Finding(name, "ok", "yes")


def _answer(name: str, ask: Callable[[], Any], said: Callable[[Any], str]) -> Finding:
    try:
        return Finding(name, "ok", said(ask()))
    except ActionRelayError as error:
        return Finding(name, "failed", f"{error.code}: {error.detail}", "; ".join(advice(error)) or None)


def _deep(client: Client) -> Iterator[Finding]:
    """Yield the result of the deployment's preflight."""
    try:
        health = client.health(deep=True)
    except UnavailableError as error:
        if error.code != "preflight_failed":
            yield Finding("preflight", "failed", error.detail)
            return
        health = Health.of(dict(error.problem))
    except ApiError as error:
        yield Finding("preflight", "warning", error.detail)
        return
    if not health.checks:
        yield Finding("preflight", "ok" if health.status == "ok" else "warning", health.status)
    for check in health.checks:
        yield Finding(f"preflight: {check.name}", check.status, check.detail, check.advice)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", rich_help_panel="The deployment")(connected(doctor))
