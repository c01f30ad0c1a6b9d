"""Operators' decisions about one execution."""

from collections.abc import Mapping
from typing import Any

from actionrelay_client.calls import Calls, given
from actionrelay_client.documents import Execution
from actionrelay_client.errors import ConflictError, NoAnswerError, UnavailableError
from actionrelay_client.repeats import Safety
from actionrelay_client.signing import path_of


class Decisions(Calls):
    """The operator's calls."""

    def retry(self, execution_id: str, *, again: bool | None = None) -> Execution:
        """Run a failed or unknown one again. For an unknown one, ``again`` runs it instead of repeating its request.

        Raises:
            WrongStateError: it is neither; ``allowed`` has the possible decisions.
            UnavailableError, NoAnswerError: it may be on record; read the execution before you decide again.
        """
        return self._decide(execution_id, "retry", {"again": again})

    def resolve(
        self,
        execution_id: str,
        status: str,
        *,
        result: Any = None,
        error: Mapping[str, Any] | str | None = None,
        note: str | None = None,
    ) -> Execution:
        """Record how an unknown one ended: ``completed`` with a result, or ``failed`` with an error."""
        decision = {"status": status, "result": result, "error": error, "note": note}
        return self._decide(execution_id, "resolve", decision, wanted=status)

    def cancel(self, execution_id: str) -> Execution:
        """Stop a queued one."""
        return self._decide(execution_id, "cancel", wanted="cancelled")

    def redeliver(self, execution_id: str) -> Execution:
        """Deliver its caller's webhook again, or now."""
        return self._decide(execution_id, "webhook/redeliver")

    def acknowledge(self, execution_id: str, *, note: str | None = None) -> Execution:
        """Take one off the lists of what needs attention."""
        return self._decide(execution_id, "acknowledge", {"note": note})

    def _decide(
        self,
        execution_id: str,
        decision: str,
        document: Mapping[str, Any] | None = None,
        *,
        wanted: str | None = None,
    ) -> Execution:
        """Send a decision. ``wanted`` is the final state that it leads to.

        If the response was lost and the execution is in that state, the decision has taken effect.
        """
        sent = given(document or {})
        path = path_of("executions", execution_id) + f"/{decision}"
        try:
            answer = self.transport.send("POST", path, document=sent or None, safety=Safety.DECISION)
        except (NoAnswerError, UnavailableError):
            if wanted is None:
                raise
            try:
                answer = self.transport.send("POST", path, document=sent or None, safety=Safety.SAFE)
            except ConflictError:
                current = Execution.of(self.read(path_of("executions", execution_id)).document)
                if current.status != wanted:
                    raise
                return current
        return Execution.of(answer.document)
