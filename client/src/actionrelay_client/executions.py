"""Executions: submit one or a batch, read, wait, list."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actionrelay_client.calls import POLL_SECONDS, Calls, Moment, given, moment_text, object_of
from actionrelay_client.documents import AuditTrail, Batch, Execution
from actionrelay_client.errors import ActionRelayError, InvalidRequestError, WaitTimeoutError
from actionrelay_client.signing import path_of

LONGEST_WAIT_SECONDS = 20
"""The longest wait that the API allows for one read."""
MAX_BATCH = 100
"""The most executions in one batch."""


class Executions(Calls):
    """The caller's calls."""

    def submit(
        self,
        action_id: str,
        inputs: Mapping[str, Any],
        *,
        execution_id: str | None = None,
        trace_id: str | None = None,
        timeout_ms: int | None = None,
        cache_results: bool | None = None,
        webhook_url: str | None = None,
        action_references: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
        lane: str | None = None,
        wait_seconds: int | None = None,
    ) -> Execution:
        """Submit an execution and return it as accepted, or already ended if the cache answered.

        Without an ``execution_id`` one is generated before the first try, so that a repeat runs nothing twice. Options
        that are None are omitted, so the deployment's defaults apply. With ``wait_seconds`` (1 to 20) the response
        comes when it has ended, or with its state when the time is over.

        Raises:
            InvalidRequestError, PayloadTooLargeError: the request breaks rules; nothing has changed.
            ConflictError: the id was used for other content.
            ThrottledError, UnavailableError, NoAnswerError: after all tries; the same id is safe to submit again. The
                id is in the error's ``execution_id``.
        """
        request = _request(
            action_id=action_id,
            inputs=inputs,
            execution_id=execution_id or str(uuid.uuid4()),
            trace_id=trace_id,
            timeout_ms=timeout_ms,
            cache_results=cache_results,
            webhook_url=webhook_url,
            action_references=action_references,
            idempotent=idempotent,
            lane=lane,
        )
        headers = {"Prefer": f"wait={wait_seconds}"} if wait_seconds else None
        try:
            return Execution.of(self.send("/executions", request, headers=headers).document)
        except ActionRelayError as error:
            error.execution_id = request["executionId"]
            raise

    def dry_run(self, action_id: str, inputs: Mapping[str, Any], **options: Any) -> Mapping[str, Any]:
        """Validate a request at the deployment, and return it normalised. Nothing is recorded.

        Takes the options of `submit` except ``wait_seconds``, and raises the same errors.
        """
        request = _request(action_id=action_id, inputs=inputs, **options)
        return object_of(self.send("/executions", request, query={"dryRun": True}))

    def get(self, execution_id: str, *, wait_seconds: int | None = None) -> Execution:
        """Return an execution in its current state; with ``wait_seconds`` (1 to 20) once it ends or they are over.

        Raises:
            NotFoundError: there is none, or its retention has ended.
        """
        return Execution.of(self.read(path_of("executions", execution_id), {"wait": wait_seconds}).document)

    def wait(self, execution_id: str, *, seconds: float | None = None) -> Execution:
        """Wait until an execution has ended, and return it. Without ``seconds`` there is no time limit.

        Raises:
            WaitTimeoutError: it has not ended in time; ``execution`` is its state.
            NotFoundError: there is none.
        """
        return self._wait(execution_id, seconds, self.transport.monotonic())

    def _wait(self, execution_id: str, seconds: float | None, started: float) -> Execution:
        """Wait until an execution has ended, or ``seconds`` have passed since ``started``."""
        transport = self.transport
        waits = True
        while True:
            left = None if seconds is None else max(seconds - (transport.monotonic() - started), 0)
            asked = _longest(left) if waits else None
            asked_at = transport.monotonic()
            try:
                execution = self.get(execution_id, wait_seconds=asked)
            except InvalidRequestError as error:
                if not (asked and any(fault.pointer == "/query/wait" for fault in error.errors)):
                    raise
                waits = False  # poll a deployment that can't wait
                continue
            if execution.ended:
                return execution
            if left is not None and left <= 0:
                raise WaitTimeoutError(f"{execution_id} is {execution.status} after {seconds:g} s", execution)
            # The API answers at once if it can't wait, or if the most requests wait already.
            if transport.monotonic() - asked_at < (asked or POLL_SECONDS):
                transport.sleep(POLL_SECONDS if left is None else min(POLL_SECONDS, left))

    def run(
        self,
        action_id: str,
        inputs: Mapping[str, Any],
        *,
        seconds: float | None = None,
        **options: Any,
    ) -> Execution:
        """Submit an execution and wait until it has ended. Takes `submit`'s options; raises its errors and `wait`'s.

        ``seconds`` limit both together. A failed execution raises nothing: check its ``status``.
        """
        started = self.transport.monotonic()
        options.setdefault("wait_seconds", _longest(seconds))
        submitted = self.submit(action_id, inputs, **options)
        return submitted if submitted.ended else self._wait(submitted.execution_id, seconds, started)

    def list(
        self,
        *,
        status: str | Sequence[str] | None = None,
        action_id: str | None = None,
        trace_id: str | None = None,
        webhook_status: str | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        page_size: int | None = None,
    ) -> Iterator[Execution]:
        """Return executions, newest first and without their results; pages are read on demand."""
        query: dict[str, object] = {
            "status": status if status is None or isinstance(status, str) else ",".join(status),
            "actionId": action_id,
            "traceId": trace_id,
            "webhookStatus": webhook_status,
            "from": moment_text(from_),
            "to": moment_text(to),
            "limit": page_size,
        }
        return self.pages("/executions", query, "executions", Execution)

    def audit(self, execution_id: str, *, verify: bool | None = None) -> AuditTrail:
        """Return the history of an execution, oldest first; with ``verify``, whether it is intact."""
        return AuditTrail.of(self.read(path_of("executions", execution_id, "audit"), {"verify": verify}).document)

    def batch(
        self,
        executions: Sequence[Mapping[str, Any]],
        *,
        batch_id: str | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> Batch:
        """Submit 1 to 100 executions at once, each a body of `POST /executions`.

        Each has its own result in ``results``. An id that is omitted is derived from the batch's, which is generated
        before the first try, so that a repeat runs nothing twice.
        """
        request: dict[str, Any] = {"batchId": batch_id or str(uuid.uuid4()), "executions": list(executions)}
        if defaults:
            request["defaults"] = defaults
        return Batch.of(self.send("/batches", request).document)


def _longest(left: float | None) -> int | None:
    """Return the seconds to ask the API to wait when ``left`` remain; None for less than one."""
    return LONGEST_WAIT_SECONDS if left is None else min(int(left), LONGEST_WAIT_SECONDS) or None


def _request(**fields: Any) -> dict[str, Any]:
    """Return a request in the API's form, without fields that are None."""
    names = {
        "action_id": "actionId",
        "inputs": "inputs",
        "execution_id": "executionId",
        "trace_id": "traceId",
        "timeout_ms": "timeout",
        "cache_results": "cacheResults",
        "webhook_url": "webhookUrl",
        "action_references": "actionReferences",
        "idempotent": "idempotent",
        "lane": "lane",
    }
    unknown = sorted(fields.keys() - names)
    if unknown:
        raise TypeError(f"no such option: {', '.join(unknown)}")
    return given({names[name]: value for name, value in fields.items()})
