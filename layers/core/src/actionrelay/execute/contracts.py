"""The two contracts of Genesys Cloud: where an action is executed, with which body, and what a success says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol, override
from urllib.parse import quote

from actionrelay.execute.ports import ActionCall
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
    """What a 2xx answer says: for a success its result, for a reported failure its error, each as JSON text."""

    kind: ReplyKind
    content: str | None = field(default=None, repr=False)


class Contract(Protocol):
    """What differs between the two: the address, the body, and what a success says."""

    def path(self, call: ActionCall) -> str:
        """The path to post to."""
        ...

    def body(self, call: ActionCall) -> bytes:
        """The body to post."""
        ...

    def read(self, text: str, status: int) -> Said:
        """What a 2xx body says; it is sound JSON, or empty.

        Raises:
            ValueError: not a body of this contract.
        """
        ...

    def read_part(self, text: str) -> ReplyKind:
        """What a 2xx body says of which no more can be read than how it begins, or than its outermost level."""
        ...


@dataclass(frozen=True, slots=True)
class DataActions(Contract):
    """The tutorial's contract: carries the execution id, may answer later by webhook to ``receipt_url``."""

    receipt_url: str

    @override
    def path(self, call: ActionCall) -> str:
        """One path for all actions."""
        return "/api/v2/data/actions/execute"

    @override
    def body(self, call: ActionCall) -> bytes:
        """The envelope. Genesys Cloud gets our address; the caller's stays here."""
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

        JSON that names no status is a result (or, with 202, a promise of one): it came from where actions run.
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
        """What its status says; an answer of this size or depth is one with a result."""
        return _STATUSES.get(outer_texts(text, "status").get("status", "").lower(), ReplyKind.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Integrations(Contract):
    """The published platform API: bare inputs in, bare result out, at once."""

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


def as_segment(text: str) -> str:
    """Quote a text so that a URL holds it as one path segment (RFC 3986, section 3.3).

    ``.`` and ``..`` mean something else in a path and need no quotes anywhere else, so their dots get some here.
    """
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")
