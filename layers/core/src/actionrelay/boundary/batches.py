"""The answer to a batch: the result of each of its requests, bounded as a whole."""

from typing import Any, NotRequired, TypedDict

from actionrelay.boundary.http import answer
from actionrelay.boundary.problem import ProblemDocument, problem_document
from actionrelay.errors import ActionRelayError
from actionrelay.json_text import to_text
from actionrelay.ledger.document import WarningDocument, warnings_document
from actionrelay.strict_json import as_json
from actionrelay.submit.batch import Batch, Taken, shortened
from actionrelay.submit.submission import Disposition

MAX_FAULTS_EACH = 5
"""Faults that are listed for one request of a batch; a single request gets more."""
MAX_PROBLEMS_BYTES = 256 * 1_024
"""For the problems of a batch; beyond that they come without their faults."""


class BatchResultDocument(TypedDict):
    """The result of one request of a batch."""

    index: int
    """Its place in `executions`, from 0."""
    status: int
    """The HTTP status of the same request by itself: 202 and 200 are accepted."""
    executionId: str | None
    """The execution's, or the one that it would have; null if the request names an unusable one."""
    warnings: NotRequired[list[WarningDocument]]
    """What breaks its action's contract in a request that was accepted; left out if there is nothing."""
    problem: NotRequired[ProblemDocument]
    """Why it was refused."""


class BatchDocument(TypedDict):
    """The result of a batch."""

    batchId: str
    accepted: int
    """How many are on record: queued now, answered from the cache, or accepted before."""
    rejected: int
    results: list[BatchResultDocument]
    """In the order of `executions`."""


def batched(batch: Batch, trace_id: str) -> dict[str, Any]:
    """Answer 200, whatever the results: the batch itself is valid."""
    left = MAX_PROBLEMS_BYTES
    results: list[BatchResultDocument] = []
    for index, taken in enumerate(batch.taken):
        result = _result(index, taken, trace_id)
        if "problem" in result:
            left -= len(to_text(as_json(result["problem"])))
            if left < 0:
                result["problem"].pop("errors", None)
        results.append(result)
    accepted = sum("problem" not in result for result in results)
    document: BatchDocument = {
        "batchId": batch.batch_id,
        "accepted": accepted,
        "rejected": len(results) - accepted,
        "results": results,
    }
    return answer(200, as_json(document))


def _result(index: int, taken: Taken, trace_id: str) -> BatchResultDocument:
    outcome = taken.outcome
    if isinstance(outcome, ActionRelayError):
        problem = problem_document(shortened(outcome, MAX_FAULTS_EACH), trace_id)
        return {"index": index, "status": outcome.http_status, "executionId": taken.execution_id, "problem": problem}
    status = 202 if outcome.disposition is Disposition.ACCEPTED else 200
    result: BatchResultDocument = {"index": index, "status": status, "executionId": taken.execution_id}
    if outcome.execution is not None and outcome.execution.warnings:
        result["warnings"] = warnings_document(outcome.execution.warnings[:MAX_FAULTS_EACH])
    return result
