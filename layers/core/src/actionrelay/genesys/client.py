"""Genesys Cloud's execution endpoint: two contracts behind one port."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from actionrelay.errors import MalformedJsonError
from actionrelay.genesys.http import HttpAnswer, NoAnswerError, NotSentError, post
from actionrelay.models import ActionCall, ExecutionError
from actionrelay.ports import AccessToken
from actionrelay.retry import Reply, ReplyKind
from actionrelay.strict_json import canonical, parse

_MESSAGE_LENGTH = 2_000
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
        return f"/api/v2/integrations/actions/{quote(call.action_id, safe='')}/execute"

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
            error = ExecutionError("no_answer", f"the request was sent and no answer came back ({failure})")
            return Reply(ReplyKind.NO_ANSWER, _since(begun), error=error)
        return self._reply(answer, _since(begun))

    def _reply(self, answer: HttpAnswer, latency_ms: int) -> Reply:
        correlation_id = answer.headers.get("ININ-Correlation-Id")
        if answer.status // 100 != _SUCCESS:
            error = _read_error(answer, correlation_id)
            return Reply(
                ReplyKind.HTTP_ERROR,
                latency_ms,
                error=error,
                retry_after=answer.headers.get("Retry-After"),
                correlation_id=error.correlation_id,
            )
        try:
            kind, content = self.contract.read(_read_document(answer))
        except (ValueError, MalformedJsonError) as problem:
            reason = "not JSON" if isinstance(problem, MalformedJsonError) else str(problem)
            error = ExecutionError(
                "unreadable_answer", f"the answer can't be read: {reason}", answer.status, correlation_id
            )
            return Reply(ReplyKind.NO_ANSWER, latency_ms, error=error, correlation_id=correlation_id)
        if kind is ReplyKind.REPORTED_FAILURE:
            error = _spelled_error(content, answer.status, correlation_id)
            return Reply(kind, latency_ms, error=error, correlation_id=error.correlation_id)
        return Reply(kind, latency_ms, result=content, correlation_id=correlation_id)


def _read_document(answer: HttpAnswer) -> Any:
    if not answer.complete:
        raise ValueError("longer than 5 MB")
    return parse(answer.body, unique_keys=False) if answer.body else None


def _read_error(answer: HttpAnswer, correlation_id: str | None) -> ExecutionError:
    try:
        document = parse(answer.body, unique_keys=False)
    except MalformedJsonError:
        document = None
    return _spelled_error(document, answer.status, correlation_id)


def _spelled_error(document: Any, status: int, correlation_id: str | None) -> ExecutionError:
    """Read either dialect: ``{message, code, contextId}`` or ``{errorCode, userMessage, correlationId}``."""
    known: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = known.get("code") or known.get("errorCode") or f"http_{status}"
    message = known.get("message") or known.get("userMessage") or f"Genesys Cloud answered {status}"
    named = correlation_id or known.get("contextId") or known.get("correlationId")
    return ExecutionError(
        str(code)[:200], str(message)[:_MESSAGE_LENGTH], status, None if named is None else str(named)[:200]
    )


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1_000)
