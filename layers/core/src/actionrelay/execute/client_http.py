"""Genesys Cloud's execution endpoint, in either contract.

A result is passed on as the text that was received, so numbers and order stay the same. A 2xx response that is JSON
proves that the action ran, whatever is wrong with its result. ``foreign_json`` says which flaws are mended.
"""

import codecs
import re
import threading
import time
from dataclasses import dataclass, field, replace
from typing import override

import urllib3

from actionrelay.errors import MalformedJsonError
from actionrelay.execute.contracts import Contract
from actionrelay.execute.ports import ActionCall, ActionClient
from actionrelay.foreign_json import ERROR, RESULT, TooLongError, charset_of, decoded, read, read_text
from actionrelay.genesys.error_answers import read_correlation_id, read_error, read_rate
from actionrelay.genesys.error_forms import ACTION_FAILED
from actionrelay.genesys.http import HttpAnswer, NoAnswerError, NotSentError, post
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, result_unreadable
from actionrelay.strict_json import Json, NestingTooDeepError
from actionrelay.token.ports import AccessToken

_SUCCESS = 2
_SPACE = " \t\n\r"
_ERROR_LENGTH = 65_536
"""Characters of a reported error; the content of a longer one is ignored."""
_LOOKS_LIKE_JSON = re.compile(r"\s*[\[{\"]")


@dataclass(frozen=True, slots=True)
class GenesysClient(ActionClient):
    """An ``ActionClient``."""

    pool: urllib3.PoolManager
    api_url: str
    contract: Contract
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Responses of up to 5 MB are read one at a time, so that only one thread needs the memory for it."""

    @override
    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
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
            error = read_error(_error_body(answer), answer.status, answer.headers, f"http_{answer.status}")
            return Reply(
                ReplyKind.HTTP_ERROR,
                latency_ms,
                error=error,
                retry_after=answer.headers.get("Retry-After"),
                correlation_id=error.correlation_id,
                rate=rate,
            )
        with self._lock:
            reply = self._success(answer, latency_ms)
        return replace(reply, correlation_id=reply.correlation_id or correlation_id, rate=rate)

    def _success(self, answer: HttpAnswer, latency_ms: int) -> Reply:
        """Read a 2xx response. Whether the action ran does not depend on whether its result can be read."""
        try:
            body = _whole(answer)
            document = read_text(body or b"null", RESULT, _charset(answer))
            said = self.contract.read(document.text if body else "", answer.status)
        except (TooLongError, NestingTooDeepError) as problem:
            return self._unread(answer, latency_ms, problem.message)
        except (ValueError, MalformedJsonError) as problem:
            reason = "not JSON" if isinstance(problem, MalformedJsonError) else str(problem)
            return _no_use(answer, latency_ms, reason)
        if said.kind is ReplyKind.REPORTED_FAILURE:
            content = (
                read((said.content or "null").encode(), ERROR) if len(said.content or "") <= _ERROR_LENGTH else None
            )
            error = read_error(content, answer.status, answer.headers, ACTION_FAILED)
            return Reply(said.kind, latency_ms, error=error, correlation_id=error.correlation_id)
        whole = body if said.content is document.text and not document.flaws else None
        result = _result(said.content, whole) if said.kind is ReplyKind.SUCCEEDED else None
        return Reply(said.kind, latency_ms, result=result, mended=tuple(sorted(document.flaws)))

    def _unread(self, answer: HttpAnswer, latency_ms: int, reason: str) -> Reply:
        """Return what a response proves, without its result."""
        text, _ = decoded(answer.body, _charset(answer))
        if not _LOOKS_LIKE_JSON.match(text):
            return _no_use(answer, latency_ms, reason)
        kind = self.contract.read_part(text)
        if kind is ReplyKind.REPORTED_FAILURE:
            error = read_error(None, answer.status, answer.headers, ACTION_FAILED)
            return Reply(kind, latency_ms, error=error, correlation_id=error.correlation_id)
        if kind is ReplyKind.ACCEPTED:
            return Reply(kind, latency_ms)
        error = result_unreadable(reason, answer.status, read_correlation_id(answer.headers))
        return Reply(kind, latency_ms, error=error)


def _without_answer(failure: NoAnswerError, latency_ms: int) -> Reply:
    """Keep the correlation id of a response that broke off: Genesys Cloud can look it up."""
    said = f"the request was sent and no whole answer came ({failure})"
    if failure.part is None:
        return Reply(ReplyKind.NO_ANSWER, latency_ms, error=ExecutionError("no_answer", said))
    correlation_id, rate = read_correlation_id(failure.part.headers), read_rate(failure.part.headers)
    error = ExecutionError("no_answer", said, failure.part.status, correlation_id)
    return Reply(ReplyKind.NO_ANSWER, latency_ms, error=error, correlation_id=correlation_id, rate=rate)


def _no_use(answer: HttpAnswer, latency_ms: int, reason: str) -> Reply:
    correlation_id = read_correlation_id(answer.headers)
    error = ExecutionError("unreadable_answer", f"the answer can't be read: {reason}", answer.status, correlation_id)
    return Reply(ReplyKind.NO_ANSWER, latency_ms, error=error)


def _result(text: str | None, whole: bytes | None) -> bytes | None:
    """Return a result as bytes, without the space around it; None for ``null``.

    If it is the ``whole`` body as received, those bytes are returned instead of a copy: ten results can be 50 MB.
    """
    if whole is not None:
        stripped = whole.strip(_SPACE.encode())
        return None if stripped in {b"", b"null"} else stripped
    text = (text or "null").strip(_SPACE)
    return None if text in {"", "null"} else text.encode()


def _whole(answer: HttpAnswer) -> bytes:
    """Return a whole body; empty if it is only white space, with or without a byte order mark."""
    if not answer.complete:
        raise TooLongError("longer than 5 MB")
    return answer.body if answer.body.removeprefix(codecs.BOM_UTF8).strip() else b""


def _charset(answer: HttpAnswer) -> str | None:
    return charset_of(answer.headers.get("Content-Type", ""))


def _error_body(answer: HttpAnswer) -> Json:
    """Read an error's body; None unless it is a whole document."""
    try:
        return read(answer.body, ERROR, _charset(answer)) if answer.complete else None
    except MalformedJsonError:
        return None


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1_000)
