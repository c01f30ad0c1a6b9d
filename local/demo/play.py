"""The demo's steps in order. Each is one function that shows what it checks."""

import contextlib
import uuid
from collections.abc import Iterator

from local.api import ApiClient
from local.demo import backstage, contract, example, readiness, records, refusals, rows, submission, workflow
from local.demo.expectations import UnexpectedError
from local.demo.showing import Show
from local.demo.witnesses import Witnesses
from local.world.state import Stack

_ANSWER_MS = 800
_CALLBACK_MS = 1_000
"""Long enough for each status to be seen by polling every tenth of a second on a busy machine."""
_BRIEF_MS = 300
"""Long enough for a step of a workflow."""

_TAIL = 25
_RUNTIME_LINES = ("START RequestId", "END RequestId", "REPORT RequestId")
"""The runtime writes these around each invocation; they are left out."""


def play(api: ApiClient, show: Show, witnesses: Witnesses, stack: Stack) -> None:
    """Run and show every step.

    Raises:
        UnexpectedError: something was not as promised; the logs have been shown.
    """
    witnesses.slow_down(answer_ms=_ANSWER_MS, callback_ms=_CALLBACK_MS)

    with _step("The tutorial's example, unchanged", show, witnesses, "validate"):
        submission.refused_for_its_id(api, show, witnesses)
    with _step("The same with a UUID", show, witnesses, "validate"):
        accepted = submission.accepted(api, show, witnesses)
    with _step("Followed live", show, witnesses, "execute", "receive-webhook"):
        execution = submission.followed(api, show, accepted)
    with _step("The audit trail", show, witnesses, "deliver", "query"):
        records.audited(api, show, execution)
    with _step("The caller's webhook", show, witnesses, "deliver"):
        records.delivered(show, witnesses, execution)
    with _step("The same request again", show, witnesses, "validate"):
        records.cached(api, show, witnesses, execution)
    with _step("Refused: a cycle, a large body, two faults at once", show, witnesses, "validate", "query"):
        request = example.request(witnesses.webhook_url, str(uuid.uuid4()))
        refusals.cycle(api, show, request)
        refusals.oversized(api, show, request)
        refusals.several_faults(api, show, request)
        refusals.nothing_on_record(api, show, request)
    with _step("One token for all workers", show, witnesses, "execute"):
        backstage.token(show, witnesses)
    with _step("The preflight: secrets, token and Genesys Cloud", show, witnesses, "preflight"):
        readiness.ready(api, show)
    with _step("The counters", show, witnesses, "count", "query"):
        readiness.counted(api, show)
    with _step("The metrics", show, witnesses, "deliver"):
        backstage.metrics(show, witnesses)
    witnesses.slow_down(answer_ms=_BRIEF_MS, callback_ms=_BRIEF_MS)
    with _step(
        "A workflow: a customer, each of their orders, the total, a mail", show, witnesses, "workflows", "query"
    ):
        workflow.fails_and_goes_on(api, show, witnesses)
    with _step(
        "The other contract: a misspelled input, caught before the call", show, witnesses, "catalogue", "validate"
    ):
        contract.misspelled(api, show, witnesses, stack)
    with _step("A file of 200 rows by the command, killed in the middle", show, witnesses, "validate", "execute"):
        rows.run(show, witnesses, stack)


@contextlib.contextmanager
def _step(title: str, show: Show, witnesses: Witnesses, *functions: str) -> Iterator[None]:
    """Print a step's heading; if it fails, show why, and the end of these functions' logs."""
    show.heading(title)
    try:
        yield
    except UnexpectedError as error:
        show.failed(error)
        for function in functions:
            lines = [line for line in witnesses.log_lines([function]) if not line.startswith(_RUNTIME_LINES)]
            show.log(function, lines[-_TAIL:])
        raise
