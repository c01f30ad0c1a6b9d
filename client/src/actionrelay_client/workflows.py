"""Workflows: submit, read, wait, list, retry, cancel."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from actionrelay_client.calls import POLL_SECONDS, Calls, Moment, given, moment_text, object_of
from actionrelay_client.documents import Workflow
from actionrelay_client.errors import WaitTimeoutError
from actionrelay_client.repeats import Safety
from actionrelay_client.signing import path_of


class Workflows(Calls):
    """Several executions that depend on each other."""

    def workflow(
        self,
        steps: Mapping[str, Any],
        *,
        workflow_id: str | None = None,
        trace_id: str | None = None,
        webhook_url: str | None = None,
        lane: str | None = None,
        deadline_seconds: int | None = None,
        on_failure: str | None = None,
    ) -> Workflow:
        """Submit a workflow and return it as accepted. Without an id, one is generated before the first try."""
        request = {
            "workflowId": workflow_id or str(uuid.uuid4()),
            "traceId": trace_id,
            "webhookUrl": webhook_url,
            "lane": lane,
            "deadlineSeconds": deadline_seconds,
            "onFailure": on_failure,
            "steps": steps,
        }
        return Workflow.of(self.send("/workflows", given(request)).document)

    def dry_run_workflow(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        """Validate a workflow, a body of `POST /workflows`, and return its plan. Nothing is recorded."""
        return object_of(self.send("/workflows", definition, query={"dryRun": True}))

    def get_workflow(self, workflow_id: str) -> Workflow:
        """Return a workflow in its current state."""
        return Workflow.of(self.read(path_of("workflows", workflow_id)).document)

    def wait_workflow(self, workflow_id: str, *, seconds: float | None = None) -> Workflow:
        """Wait until a workflow has ended or is blocked, and return it.

        Raises:
            WaitTimeoutError: neither in time; ``execution`` is its state.
        """
        started = self.transport.monotonic()
        while True:
            found = self.get_workflow(workflow_id)
            if found.ended or found.status == "blocked":
                return found
            left = POLL_SECONDS if seconds is None else seconds - (self.transport.monotonic() - started)
            if left <= 0:
                raise WaitTimeoutError(f"{workflow_id} is {found.status} after {seconds:g} s", found)
            self.transport.sleep(min(POLL_SECONDS, left))

    def list_workflows(
        self,
        *,
        status: str | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        page_size: int | None = None,
    ) -> Iterator[Workflow]:
        """Return workflows, newest first; pages are read on demand."""
        query = {"status": status, "from": moment_text(from_), "to": moment_text(to), "limit": page_size}
        return self.pages("/workflows", query, "workflows", Workflow)

    def retry_workflow(self, workflow_id: str, *, from_step: str | None = None) -> Workflow:
        """Run failed and unknown steps again with their descendants; or ``from_step`` and its descendants."""
        document = {"from": from_step} if from_step else None
        path = path_of("workflows", workflow_id, "retry")
        return Workflow.of(self.transport.send("POST", path, document=document, safety=Safety.DECISION).document)

    def cancel_workflow(self, workflow_id: str) -> Workflow:
        """Start no more steps of a workflow."""
        path = path_of("workflows", workflow_id, "cancel")
        return Workflow.of(self.transport.send("POST", path, safety=Safety.DECISION).document)
