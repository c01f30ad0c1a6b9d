"""One request and its response: signed, sent, repeated if that is safe, and read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from actionrelay_client import json_text
from actionrelay_client.errors import ApiError, NoAnswerError, NotServedError, UnreadableAnswerError, api_error
from actionrelay_client.repeats import Repeats, Safety, retry_after
from actionrelay_client.signing import Signer, query_of

CONNECT_SECONDS = 10.0
READ_SECONDS = 35.0
"""Longer than the 29 s after which API Gateway gives up, and than a read that waits for 20 s."""
_LOST = frozenset({502, 504})
"""A gateway's statuses for a missing response; whether the request arrived is not known."""
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, ProxyError)


@dataclass(frozen=True)
class Answer:
    """A success."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    document: Any
    """The body as JSON; None where there is none."""


@dataclass(frozen=True)
class Wait:
    """Why a request waits before it is sent again."""

    seconds: float
    error: ApiError | NoAnswerError


@dataclass
class Transport:
    """Sends requests to one deployment. Safe to use in several threads."""

    url: str
    signer: Signer
    repeats: Repeats = field(default_factory=Repeats)
    on_wait: Callable[[Wait], None] | None = None
    """Called before each wait, so that a user interface can show the reason."""
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    agent: str = "actionrelay-client"
    pool: urllib3.PoolManager | None = None

    def __post_init__(self) -> None:
        self._pool = self.pool or _pool(self.url)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
        safety: Safety = Safety.SAFE,
    ) -> Answer:
        """Send a request until it is answered, as often and as long as ``repeats`` allows.

        Raises:
            ApiError: the API answered with a problem.
            NoAnswerError, UnreadableAnswerError: see there.
            UnsendableError: ``document`` is no JSON value.
        """
        asked = query_of(query or {})
        url = f"{self.url}{path}?{asked}" if asked else self.url + path
        body = None if document is None else json_text.to_text(document).encode()
        sent = {"Accept": "application/json", "User-Agent": self.agent, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        started = self.monotonic()
        tried = 0
        renewed = False
        while True:
            tried += 1
            try:
                return self._once(method, url, sent, body)
            except (ApiError, NoAnswerError) as error:
                if isinstance(error, ApiError) and error.code == "expired_token" and not renewed:
                    renewed = True
                    if self.signer.renew():
                        continue
                if not _may_repeat(error, safety):
                    raise
                delay = self.repeats.delay(tried, error.retry_after if isinstance(error, ApiError) else None)
                late = self.monotonic() - started + delay > self.repeats.patience_seconds
                if tried >= self.repeats.tries or late:
                    raise
                if self.on_wait:
                    self.on_wait(Wait(delay, error))
            self.sleep(delay)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers=self.signer.headers(method, url, headers, body),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=False,
                redirect=False,
            )
        except _NOT_SENT as error:
            raise _NotSentError(f"no connection to {_host(url)}: {_reason(error)}") from None
        except SSLError as error:
            raise _UntrustedError(f"no trusted connection to {_host(url)}: {_reason(error)}") from None
        except HTTPError as error:
            raise NoAnswerError(f"no answer from {_host(url)}: {_reason(error)}") from None
        received = {name.lower(): value for name, value in response.headers.items()}
        if 200 <= response.status < 300:
            return Answer(response.status, received, _document(response.data, response.status))
        raise self._error(response.status, received, response.data)

    def _error(self, status: int, headers: Mapping[str, str], body: bytes) -> ApiError | UnreadableAnswerError:
        floor = retry_after(headers.get("retry-after"), self.clock())
        try:
            problem = json_text.read(body) if body else {}
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            if status >= 500 or status == 429:  # a proxy's page; what it says by its status is worth repeating
                return api_error(status, {"detail": "an answer that is not the API's"}, retry_after=floor)
            return UnreadableAnswerError(
                "an answer that is not the API's; is the URL the stack's ApiUrl?", status=status
            )
        if _nothing_served(status, problem):
            return NotServedError(
                "nothing is served under this path: the deployment is older than this client, the URL lacks its "
                "stage, or the API wants another kind of credentials",
                code=str(problem.get("code") or f"http_{status}"),
                status=status,
                problem=problem,
            )
        return api_error(status, problem, retry_after=floor)


class _NotSentError(NoAnswerError):
    """No connection: the request has not been sent."""


class _UntrustedError(NoAnswerError):
    """TLS failed, which no repeat fixes."""


def _may_repeat(error: ApiError | NoAnswerError, safety: Safety) -> bool:
    if isinstance(error, _NotSentError):
        return True
    if isinstance(error, NoAnswerError):
        return safety is Safety.SAFE and not isinstance(error, _UntrustedError)
    if error.code in {"quota_exceeded", "preflight_failed"}:
        return False  # a quota is a day's or a month's; a preflight's problem is its answer
    if error.status == 429:
        return True
    if error.status == 503:
        # A decision that never reached its queue is finished by a repeat; of others nobody knows.
        return safety is Safety.SAFE or error.code == "queue_unavailable"
    return error.status in _LOST and safety is Safety.SAFE


def _nothing_served(status: int, problem: Mapping[str, Any]) -> bool:
    """Return whether there is no such route: API Gateway returns 403 for one, other gateways 404 without a code."""
    code = problem.get("code")
    return (status == 403 and code == "missing_authentication") or (status == 404 and code in {None, "not_found"})


def _document(body: bytes, status: int) -> Any:
    if not body:
        return None
    try:
        return json_text.read(body)
    except ValueError:
        raise UnreadableAnswerError("a success that is no JSON", status=status) from None


def _pool(url: str) -> urllib3.PoolManager:
    """Make the connections, through the proxy that the environment names for this host."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    return urllib3.ProxyManager(proxy, maxsize=8) if proxy else urllib3.PoolManager(maxsize=8)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _reason(error: Exception) -> str:
    """Return the innermost cause's message, without the object that urllib3 puts before it."""
    reason = getattr(error, "reason", None) or error
    return str(reason).rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1] or type(error).__name__
