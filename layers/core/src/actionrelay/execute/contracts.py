"""The two contracts of Genesys Cloud: where an action is posted, with which body, and what a success means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol, override

from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.hosts import as_segment
from actionrelay.genesys.verdict import ReplyKind
from actionrelay.json_text import RawJson, members, outer_texts, to_text

_NO_STATUS = "neither completed nor queued nor failed"
_STATUSES: Mapping[str, ReplyKind] = MappingProxyType(
    {
        "completed": ReplyKind.SUCCEEDED,
        "queued": ReplyKind.ACCEPTED,
        "failed": ReplyKind.REPORTED_FAILURE,
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a 2xx response says. ``content`` is JSON text: a success's result, or a reported failure's error."""

    kind: ReplyKind
    content: str | None = field(default=None, repr=False)


class Contract(Protocol):
    """What differs between the two: the path, the body, and the meaning of a success."""

    def path(self, call: ActionCall) -> str:
        """The path to post to."""
        ...

    def body(self, call: ActionCall) -> bytes:
        """The body to post."""
        ...

    def read(self, text: str, status: int) -> Said:
        """What a 2xx body says; ``text`` is sound JSON, or empty.

        Raises:
            ValueError: not a body of this contract.
        """
        ...

    def read_part(self, text: str) -> ReplyKind:
        """What a 2xx body says if only its beginning, or its outermost level, can be read."""
        ...


@dataclass(frozen=True, slots=True)
class DataActions(Contract):
    """The tutorial's contract. It carries the execution id, and may report the result later to ``receipt_url``."""

    receipt_url: str

    @override
    def path(self, call: ActionCall) -> str:
        """One path for all actions."""
        return "/api/v2/data/actions/execute"

    @override
    def body(self, call: ActionCall) -> bytes:
        """The envelope. Genesys Cloud gets our webhook URL, not the caller's."""
        return to_text(
            {
                "actionId": call.action_id,
                "inputs": RawJson(call.inputs),
                "timeout": call.timeout_ms,
                "cacheResults": call.cache_results,
                "webhookUrl": self.receipt_url,
                "executionId": call.execution_id,
                "traceId": call.trace_id,
            }
        ).encode()

    @override
    def read(self, text: str, status: int) -> Said:
        """``completed`` with a result, ``queued`` for later, ``failed`` with an error.

        JSON without a status is a result, since it came from where actions run. With 202 it is a promise of one.
        """
        if not text:
            raise ValueError(_NO_STATUS)
        parts = members(text)
        named = parts.get("status", "null")
        if named[0] == '"':
            kind = _STATUSES.get(json.loads(named).strip().lower())
            if kind is None:
                raise ValueError(_NO_STATUS)
        else:
            kind = ReplyKind.ACCEPTED if status == HTTPStatus.ACCEPTED else ReplyKind.SUCCEEDED
        if kind is ReplyKind.REPORTED_FAILURE:
            return Said(kind, parts.get("error"))
        return Said(kind, parts.get("result", text if "status" not in parts else None))

    @override
    def read_part(self, text: str) -> ReplyKind:
        """What its status says. A body of this size or depth has a result."""
        return _STATUSES.get(outer_texts(text, "status").get("status", "").lower(), ReplyKind.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Integrations(Contract):
    """The published platform API, which is synchronous: bare inputs in, bare result out."""

    @override
    def path(self, call: ActionCall) -> str:
        """One path per action, its id quoted so that it stays one segment."""
        return f"/api/v2/integrations/actions/{as_segment(call.action_id)}/execute"

    @override
    def body(self, call: ActionCall) -> bytes:
        return call.inputs.encode()

    @override
    def read(self, text: str, status: int) -> Said:
        return Said(ReplyKind.SUCCEEDED, text)

    @override
    def read_part(self, text: str) -> ReplyKind:
        return ReplyKind.SUCCEEDED
