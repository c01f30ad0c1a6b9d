"""What a run asks for, and the ids that follow from its name and its rows' keys."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from actionrelay_client import json_text

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:actionrelay:run")
"""Of the ids of runs. It never changes: the same command after an upgrade finds the same executions."""


def run_id_of(name: str) -> uuid.UUID:
    """Return the id of a run: the ``traceId`` of all its executions."""
    return uuid.uuid5(NAMESPACE, name)


@dataclass(frozen=True)
class Order:
    """One action, for each row of a file."""

    name: str
    """The batch's. The same name and key are the same execution, however often they are sent."""
    action_id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of each request, such as ``lane`` and ``timeout``."""

    @cached_property
    def run_id(self) -> uuid.UUID:
        """The ``traceId`` of all executions."""
        return run_id_of(self.name)

    def execution_id(self, key: str) -> uuid.UUID:
        """Return the id of the row with this key."""
        return uuid.uuid5(self.run_id, key)

    def batch_id(self, execution_ids: Iterable[uuid.UUID]) -> str:
        """Return the id of a batch of these executions."""
        together = hashlib.sha256(b"".join(each.bytes for each in execution_ids)).hexdigest()
        return str(uuid.uuid5(self.run_id, f"batch {together}"))

    def request(self, execution_id: uuid.UUID, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row's request."""
        return {
            "executionId": str(execution_id),
            "traceId": str(self.run_id),
            "actionId": self.action_id,
            "inputs": inputs,
            **self.options,
        }


def content_key(inputs: Mapping[str, Any]) -> str:
    """Return the key of a row that has none of its own: what it holds, whatever the order of its columns."""
    text = json_text.to_text({name: inputs[name] for name in sorted(inputs)})
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
