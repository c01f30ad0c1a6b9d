"""What an execution can meet at Genesys Cloud, by name. The faults are the simulator's own (`local.genesys`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 3
"""How long a worker of a chaos world waits for an answer: its 8 s less the 5 s in which it records how it went."""
AWAITED_SECONDS = 5
"""How long a result may take by webhook there: the requests' timeout and the grace together."""
LARGE_RESULT_BYTES = 150_000
"""More than an item of the table takes."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind: what the first requests of an execution meet, one fault each. Later ones meet none."""

    name: str
    faults: Sequence[Mapping[str, Any]]
    by_callback: bool = False
    """It happens in the callback, so the answer has to be `queued`."""


CALM = FaultKind("calm", ())
STORM = "429 storm"
LARGE = "large result"

_ANY = (
    FaultKind(STORM, ({"status": 429, "retryAfter": 1}, {"status": 429, "retryAfter": 1})),
    FaultKind("503 shed", ({"status": 503, "retryAfter": 1},)),
    FaultKind("503", ({"status": 503},)),
    FaultKind("503 ran", ({"status": 503, "ran": True},)),
    FaultKind("500", ({"status": 500},)),
    FaultKind("500 ran", ({"status": 500, "ran": True, "dialect": "legacy"},)),
    FaultKind("502 ran", ({"status": 502, "ran": True},)),
    FaultKind("504", ({"status": 504},)),
    FaultKind("504 ran", ({"status": 504, "ran": True},)),
    FaultKind("500 ran, 400", ({"status": 500, "ran": True}, {"status": 400})),
    FaultKind("reset before", ({"reset": "before_run"},)),
    FaultKind("reset after", ({"reset": "after_run"},)),
    FaultKind("resets", ({"reset": "before_run"}, {"reset": "after_run"})),
    FaultKind("hang before", ({"hang": "before_run"},)),
    FaultKind("hang after", ({"hang": "after_run"},)),
    FaultKind("slow", ({"delayMs": 800},)),
    FaultKind("late", ({"delayMs": (PATIENCE_SECONDS + 2) * 1_000},)),
    FaultKind("truncated", ({"body": "truncated"},)),
    FaultKind("not JSON", ({"body": "not_json"},)),
    FaultKind("400", ({"status": 400},)),
    FaultKind("401", ({"status": 401},)),
    FaultKind("action failed", ({"outcome": "failed"},)),
    FaultKind(LARGE, ({"resultBytes": LARGE_RESULT_BYTES},)),
)

_CALLBACK = (
    FaultKind("callback early", ({"callbacks": {"when": "before_answer"}},), by_callback=True),
    FaultKind("early, reset", ({"callbacks": {"when": "before_answer"}, "reset": "after_run"},), by_callback=True),
    FaultKind("callback twice", ({"callbacks": {"copies": 3}},), by_callback=True),
    FaultKind("twice, new ids", ({"callbacks": {"copies": 3, "freshIds": True}},), by_callback=True),
    FaultKind("reordered", ({"callbacks": {"reorder": 4}},), by_callback=True),
    FaultKind("contradicted", ({"callbacks": {"contradict": True}},), by_callback=True),
    FaultKind("callback late", ({"callbacks": {"delayMs": (AWAITED_SECONDS + 3) * 1_000}},), by_callback=True),
    FaultKind("callback never", ({"callbacks": {"when": "never"}},), by_callback=True),
)


def kinds(contract: str) -> Sequence[FaultKind]:
    """Return every kind that a contract knows, `CALM` not among them; `integrations` has no callbacks."""
    return _ANY + _CALLBACK if contract == "data-actions" else _ANY
