"""Genesys Cloud's execution endpoint: two contracts behind one port."""

import codecs
import time
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from actionrelay.errors import MalformedJsonError
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.answers import read_correlation_id, read_error, read_rate
from actionrelay.genesys.http import HttpAnswer, NoAnswerError, NotSentError, post
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError
from actionrelay.strict_json import canonical, parse
from actionrelay.token.ports import AccessToken

_SUCCESS = 2


class Contract(Protocol):
    """What differs between the two: the address, the body, and what a success says."""

    def path(self, call: ActionCall) -> str:
        """The path to post to."""
        ...

    def body(self, call: ActionCall) -> bytes:
        """The body to post."""
        ...

    def read(self, document: Any) -> tuple[ReplyKind, Any]:
        """What a 2xx body says; for a success its result, for a reported failure its error.

        Raises:
            ValueError: not a body of this contract.
        """
        ...


@dataclass(frozen=True, slots=True)
class DataActions:
    """The tutorial's contract: carries the execution id, may answer later by webhook to ``receipt_url``."""

    receipt_url: str

    def path(self, call: ActionCall) -> str:  # noqa: ARG002 - the action is in the body
        """One path for all actions."""
        return "/api/v2/data/actions/execute"

    def body(self, call: ActionCall) -> bytes:
        """The envelope. Genesys Cloud is told our address; the caller's stays here."""
        return canonical(
            {
                "actionId": call.action_id,
                "inputs": call.inputs,
                "timeout": call.timeout_ms,
                "cacheResults": call.cache_results,
                "webhookUrl": self.receipt_url,
                "executionId": call.execution_id,
                "traceId": call.trace_id,
            }
        )

    def read(self, document: Any) -> tuple[ReplyKind, Any]:
        """``completed`` with a result, ``queued`` for later, ``failed`` with an error."""
        match document:
            case {"status": "completed"}:
                return ReplyKind.SUCCEEDED, document.get("result")
            case {"status": "queued"}:
                return ReplyKind.ACCEPTED, None
            case {"status": "failed"}:
                return ReplyKind.REPORTED_FAILURE, document.get("error")
        raise ValueError("neither completed nor queued nor failed")


@dataclass(frozen=True, slots=True)
class Integrations:
    """The published platform API: bare inputs in, bare result out, at once."""

    def path(self, call: ActionCall) -> str:
        """One path per action, its id quoted so that it stays one segment."""
        return f"/api/v2/integrations/actions/{as_segment(call.action_id)}/execute"

    def body(self, call: ActionCall) -> bytes:
        """The inputs."""
        return canonical(call.inputs)

    def read(self, document: Any) -> tuple[ReplyKind, Any]:
        """The result."""
        return ReplyKind.SUCCEEDED, document


@dataclass(frozen=True, slots=True)
class GenesysClient:
    """An ``ActionClient``."""

    pool: urllib3.PoolManager
    api_url: str
    contract: Contract

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Post once; every way in which that can end is a ``Reply``."""
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Trace-Id": call.trace_id,
        }
        begun = time.monotonic()
        try:
            answer = post(
                self.pool,
                self.api_url + self.contract.path(call),
                headers,
                self.contract.body(call),
                wait_ms / 1_000,
            )
        except NotSentError as failure:
            error = ExecutionError("not_reached", f"Genesys Cloud could not be reached ({failure})")
            return Reply(ReplyKind.NOT_SENT, _since(begun), error=error)
        except NoAnswerError as failure:
            return _without_answer(failure, _since(begun))
        return self._reply(answer, _since(begun))

    def _reply(self, answer: HttpAnswer, latency_ms: int) -> Reply:
        correlation_id, rate = read_correlation_id(answer.headers), read_rate(answer.headers)
        if answer.status // 100 != _SUCCESS:
            error = read_error(_readable(answer), answer.status, answer.headers, f"http_{answer.status}")
            return Reply(
                ReplyKind.HTTP_ERROR,
                latency_ms,
                error=error,
                retry_after=answer.headers.get("Retry-After"),
                correlation_id=error.correlation_id,
                rate=rate,
            )
        try:
            kind, content = self.contract.read(_document(answer))
        except (ValueError, MalformedJsonError) as problem:
            reason = "not JSON" if isinstance(problem, MalformedJsonError) else str(problem)
            error = ExecutionError(
                "unreadable_answer", f"the answer can't be read: {reason}", answer.status, correlation_id
            )
            return Reply(ReplyKind.NO_ANSWER, latency_ms, error=error, correlation_id=correlation_id, rate=rate)
        if kind is ReplyKind.REPORTED_FAILURE:
            error = read_error(content, answer.status, answer.headers, "action_failed")
            return Reply(kind, latency_ms, error=error, correlation_id=error.correlation_id, rate=rate)
        return Reply(kind, latency_ms, result=content, correlation_id=correlation_id, rate=rate)


def as_segment(text: str) -> str:
    """Quote a text so that a URL holds it as one path segment (RFC 3986, section 3.3).

    ``.`` and ``..`` mean something else in a path and need no quotes anywhere else, so their dots get some here.
    """
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")


def _without_answer(failure: NoAnswerError, latency_ms: int) -> Reply:
    """Keep what the head of a broken answer said: the id under which Genesys Cloud can look it up."""
    said = f"the request was sent and no whole answer came back ({failure})"
    if failure.part is None:
        return Reply(ReplyKind.NO_ANSWER, latency_ms, error=ExecutionError("no_answer", said))
    correlation_id, rate = read_correlation_id(failure.part.headers), read_rate(failure.part.headers)
    error = ExecutionError("no_answer", said, failure.part.status, correlation_id)
    return Reply(ReplyKind.NO_ANSWER, latency_ms, error=error, correlation_id=correlation_id, rate=rate)


def _document(answer: HttpAnswer) -> Any:
    """Read a body as JSON, whatever its content type says; a byte order mark may be ignored (RFC 8259, section 8.1)."""
    if not answer.complete:
        raise ValueError("longer than 5 MB")
    body = answer.body.removeprefix(codecs.BOM_UTF8)
    return parse(body, unique_keys=False) if body else None


def _readable(answer: HttpAnswer) -> Any:
    """Read an error's body, which is worth something only as a whole document."""
    try:
        return _document(answer)
    except (ValueError, MalformedJsonError):
        return None


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1_000)
