"""What operators decide in the fake API: about one execution, or about many in the background."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.browser.trails import ENDED, Trail

OPERATOR = "operator"


def _retry(trail: Trail, _body: dict[str, Any]) -> bool:
    if trail.status not in {"failed", "unknown"}:
        return False
    trail.step("rerun_requested", 60_000, actor=OPERATOR)
    return True


def _resolve(trail: Trail, body: dict[str, Any]) -> bool:
    if trail.status != "unknown":
        return False
    trail.step("resolved", 60_000, actor=OPERATOR, note=body.get("note")).step(body["status"])
    trail.result, trail.error = body.get("result"), None
    return True


def _cancel(trail: Trail, _body: dict[str, Any]) -> bool:
    if trail.status != "queued":
        return False
    trail.step("cancelled", 500, actor=OPERATOR)
    return True


def _redeliver(trail: Trail, _body: dict[str, Any]) -> bool:
    if trail.status not in ENDED or trail.webhook_status == "none":
        return False
    trail.step("redelivery_requested", 60_000, actor=OPERATOR)
    trail.next_delivery_at = None
    return True


def _acknowledge(trail: Trail, body: dict[str, Any]) -> bool:
    if trail.status not in {"failed", "unknown"} and trail.webhook_status != "failed":
        return False
    trail.step("acknowledged", 60_000, actor=OPERATOR, note=body.get("note"))
    trail.acknowledged = True
    return True


DECISIONS: dict[str, Callable[[Trail, dict[str, Any]], bool]] = {
    "retry": _retry,
    "resolve": _resolve,
    "cancel": _cancel,
    "webhook/redeliver": _redeliver,
    "acknowledge": _acknowledge,
}


@dataclass(slots=True)
class Many:
    """One decision about many, which goes on a little each time that somebody asks how far it is."""

    decision: str
    waiting: list[Trail]
    body: dict[str, Any]
    a_look: int
    """How many are decided between two looks."""
    decision_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    decided: int = 0
    refused: int = 0
    matched: int = 0

    def __post_init__(self) -> None:
        self.matched = len(self.waiting)

    def progress(self) -> dict[str, Any]:
        """Decide about some more, and say how far that is."""
        decide = DECISIONS["webhook/redeliver" if self.decision == "redeliver" else self.decision]
        now, self.waiting = self.waiting[: self.a_look], self.waiting[self.a_look :]
        for trail in now:
            if decide(trail, {**self.body.get("resolution", {}), "note": self.body.get("note")}):
                self.decided += 1
            else:
                self.refused += 1
        return {
            "decisionId": self.decision_id,
            "status": "running" if self.waiting else "completed",
            "matched": self.matched,
            "decided": self.decided,
            "refused": self.refused,
        }
