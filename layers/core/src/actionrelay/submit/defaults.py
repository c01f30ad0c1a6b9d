"""Completes a request with the defaults that are learned from its action.

The content of a request, which a repeat must match, is what was sent: the catalogue may have changed by then.
"""

from actionrelay.ledger.execution import LearnedDefault
from actionrelay.submit.ports import ActionDefaults
from actionrelay.submit.request import ExecutionRequest


def with_defaults(
    request: ExecutionRequest, known: ActionDefaults | None
) -> tuple[ExecutionRequest, tuple[LearnedDefault, ...]]:
    """Return the request as it is executed, and which of its values were learned."""
    if known is None:
        return request, ()
    said = request.model_fields_set
    learned: dict[str, LearnedDefault] = {}
    if "idempotent" not in said:
        learned["idempotent"] = known.idempotent
    if "cache_results" not in said or (known.never_cached and request.cache_results):
        learned["cache_results"] = known.cache_results
    if known.timeout is not None and "timeout" not in said:
        learned["timeout"] = known.timeout
    values = {name: default.value for name, default in learned.items()}
    return request.model_copy(update=values), tuple(learned.values())
