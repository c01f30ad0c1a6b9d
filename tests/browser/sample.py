"""A deployment's busy day: executions in every state, its counters, its queues. Seeded, so that each run is alike."""

import math
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.browser.trails import Trail, iso

HOUR = 3_600_000
HOOK = "https://hooks.example.com/actionrelay/done"
OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/kim"
SHARES = (0.46, 0.27, 0.15, 0.09, 0.03)
type Counts = dict[str, Any]


@dataclass(slots=True)
class Day:
    """What the API returns. `now` is in ms since the epoch."""

    now: float
    chance: random.Random = field(default_factory=lambda: random.Random(6))  # noqa: S311 - a sample, not a secret
    trails: dict[str, Trail] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    dead: dict[str, int] = field(default_factory=lambda: {"deliveries": 1})
    """Dead letters, by queue."""
    paused_seconds: float = 0

    def __post_init__(self) -> None:
        self.actions = [self._id() for _ in SHARES]

    def _id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def begin(self, ago: float, *, hook: bool = False, action: int | None = None) -> Trail:
        """Accept an execution, `ago` ms before now."""
        chosen = self.chance.choices(range(len(SHARES)), SHARES)[0] if action is None else action
        trail = Trail(
            self.actions[chosen],
            self.now - ago,
            HOOK if hook else None,
            execution_id=self._id(),
            trace_id=self._id(),
        )
        self.trails[trail.execution_id] = trail
        return trail

    def opened(self, ago: float, *, hook: bool = False, action: int | None = None) -> Trail:
        """Accept one and put that on record."""
        return self.begin(ago, hook=hook, action=action).step("accepted", payloadSizeBytes=214)

    def newest(self) -> list[Trail]:
        """Every execution, newest first."""
        return sorted(self.trails.values(), key=lambda trail: (trail.created_at, trail.execution_id), reverse=True)


def busy_day(now: float) -> Day:
    """Everything that can be seen, at once."""
    day = Day(now)
    day.paused_seconds = 42
    _in_progress(day)
    _in_need(day)
    _ended(day)
    for number in range(118):
        trail = day.opened(240_000 + number * 431_000, hook=number % 3 == 0)
        _complete(trail, day.chance)
    return day


def quiet_day(now: float) -> Day:
    """Nothing has happened yet."""
    return Day(now, dead={})


def _complete(trail: Trail, chance: random.Random) -> Trail:
    trail.result = {
        "orderId": f"ord_{chance.randrange(10**6)}",
        "state": "released",
        "items": [{"sku": "A-113", "n": 2}],
    }
    took = round(math.exp(chance.gauss(6.1, 0.7)))
    trail.step("attempt_started", chance.randrange(40, 300))
    trail.step("completed", took, latencyMs=took, correlationId="7c1d03d0-5d0b-4ad3", payloadSizeBytes=1_312)
    if trail.webhook_url:
        answered = chance.randrange(60, 700)
        trail.step("webhook_delivered", answered + 90, latencyMs=answered, code="http_204")
    return trail


def _in_progress(day: Day) -> None:
    day.opened(1_200)
    day.opened(3_400).step("attempt_started", 120)
    waiting = day.opened(21_000, hook=True).step("attempt_started", 260)
    waiting.step("awaiting_webhook", 640, latencyMs=640, correlationId="b2f4a8")
    throttled = day.opened(95_000).step("attempt_started", 410)
    throttled.step("retry_planned", 350, code="http_429", limit="dataactions/max.concurrent=50", correlationId="9ab1")
    throttled.step("attempt_started", 61_000)
    throttled.step("retry_planned", 280, code="http_429", limit="dataactions/max.concurrent=50")
    throttled.waiting = {"reason": "retry", "until": iso(day.now + 90_000)}
    waiting.waiting = {"reason": "webhook", "until": iso(day.now + 200_000)}
    pending = _complete(day.opened(2.1 * HOUR, action=0), day.chance)
    pending.webhook_url, pending.webhook_status = HOOK, "pending"
    pending.entries[-1]["webhookUrl"] = HOOK
    pending.step("webhook_retry_planned", 5_200, latencyMs=190, code="http_503")
    pending.next_delivery_at = day.now + 1_500_000


def _in_need(day: Day) -> None:
    for ago in (410_000, 7_300_000, 20 * HOUR):
        unknown = day.opened(ago, hook=True, action=1).step("attempt_started", 230)
        unknown.step("unknown", 65_000, latencyMs=65_000, code="no_answer")
        unknown.broke("no_answer", "Genesys Cloud did not answer within 65 s after the request was sent")
        unknown.step("webhook_delivered", 420, latencyMs=300, code="http_200")
    gone = _complete(day.opened(3.2 * HOUR, action=0), day.chance)
    gone.webhook_url, gone.webhook_status = HOOK, "pending"
    gone.entries[-1]["webhookUrl"] = HOOK
    for wait in (5_200, 311_000, 1_890_000):
        gone.step("webhook_retry_planned", wait, latencyMs=15_000 if wait > 6_000 else 190, code="http_503")
    gone.step("webhook_failed", 4_000_000, latencyMs=85, code="http_410")
    for ago, code, status in ((900_000, "http_404", 404), (6 * HOUR, "attempts_exhausted", None)):
        failed = day.opened(ago, action=3)
        for wait in (300, 2_400, 9_100)[: 1 if status else 3]:
            failed.step("attempt_started", wait)
            if not status and wait != 9_100:
                failed.step("retry_planned", 900, code="http_502")
        failed.step("failed", 620, latencyMs=620, code=code, correlationId="f00d-cafe")
        failed.broke(code, "No data action with this id", status, "f00d-cafe")


def _ended(day: Day) -> None:
    day.opened(600_000).step("cancelled", 42_000, actor=OPERATOR)
    hit = day.begin(150_000, hook=True)
    hit.result = {"orderId": "ord_1"}
    hit.step("cache_hit", 0, payloadSizeBytes=1_312).step("webhook_delivered", 300, latencyMs=210, code="http_200")
    eventful = day.opened(9 * HOUR, hook=True, action=2)
    eventful.step("attempt_started", 800)
    eventful.step("retry_planned", 1_900, code="http_429", limit="oauth/requests=300", correlationId="11-22")
    eventful.step("attempt_started", 64_000).step("retry_planned", 700, code="http_503", correlationId="11-23")
    eventful.step("attempt_started", 30_000).step("awaiting_webhook", 850, latencyMs=850, correlationId="11-24")
    eventful.step("unknown", 360_000, code="webhook_timeout").step(
        "webhook_delivered", 500, latencyMs=380, code="http_200"
    )
    eventful.step("rerun_requested", 1.5 * HOUR, actor=OPERATOR).step("attempt_started", 600)
    eventful.step("awaiting_webhook", 700, latencyMs=700, correlationId="11-25")
    eventful.step("webhook_received", 41_000, payloadSizeBytes=88_240)
    eventful.step("completed", 0, payloadSizeBytes=88_240)
    eventful.result = {
        "customer": {"id": "cust_998877", "tier": "gold", "open": [1, 2, 3]},
        "note": "späť & <b>bold</b>",
    }
    eventful.step("webhook_retry_planned", 400, latencyMs=310, code="http_500")
    eventful.step("webhook_delivered", 5_300, latencyMs=240, code="http_204")


# -- Counters ---------------------------------------------------------------------------------------------------------


def metrics(day: Day) -> Counts:
    """What `GET /metrics` returns: hours that follow a working day, and totals that fit them."""
    chance = random.Random(11)  # noqa: S311 - a sample, not a secret
    start = day.now // HOUR * HOUR
    hours = []
    for back in range(47, -1, -1):
        at = start - back * HOUR
        level = 20 + 190 * max(0.0, math.sin(((at / HOUR) % 24 - 6) / 24 * 2 * math.pi)) if day.trails else 0
        hours.append({"hour": iso(at), **_counts(round(level * chance.uniform(0.8, 1.2)), chance, back)})
    total = _sum(hours)
    by_action = [
        {"actionId": action, **_counts(round(total["totalExecutions"] * share), chance, 1)}
        for action, share in zip(day.actions, SHARES, strict=True)
        if day.trails
    ]
    dates = {hour["hour"][:10] for hour in hours}
    days = [{"date": date, **_sum([hour for hour in hours if hour["hour"][:10] == date])} for date in sorted(dates)]
    return {"from": None, "to": None, "actionId": None, **total, "days": days, "hours": hours, "actions": by_action}


def queues(day: Day) -> dict[str, Any]:
    """What `GET /queues` returns."""
    busy = bool(day.trails)
    depths = {
        "executions": (38, 12, 20),
        "bulk": (400, 2_900, 10),
        "deliveries": (2, 7, 1),
        "workflows": (1, 14, 0),
        "decisions": (0, 0, 0),
        "catalogue": (0, 0, 0),
    }
    return {
        "queues": [
            {"name": name, "waiting": waiting * busy, "delayed": delayed * busy, "inFlight": in_flight * busy,
             "deadLetters": day.dead.get(name, 0)}
            for name, (waiting, delayed, in_flight) in depths.items()
        ],
        "rateGate": {
            "requestsPerMinute": 270,
            "pausedUntil": iso(day.now + day.paused_seconds * 1_000) if day.paused_seconds else None,
            "inFlight": 17 * busy,
            "maxInFlight": 30,
            "lanes": [
                {"name": "interactive", "sharePercent": 80, "callersWaiting": 0, "workedOffBy": None},
                {"name": "bulk", "sharePercent": 20, "callersWaiting": 2 * busy,
                 "workedOffBy": iso(day.now + 774_000) if busy else None},
            ],
        },
    }  # fmt: skip


def _counts(accepted: int, chance: random.Random, back: int) -> Counts:
    troubled = back in {9, 10}
    failed = round(accepted * (0.11 if troubled else chance.uniform(0, 0.012)))
    unknown = 2 if troubled else int(chance.random() < 0.06)
    ended = accepted - (6 if back == 0 and accepted else 0)
    successful = max(0, ended - failed - unknown)
    p50 = chance.uniform(350, 520) * (3 if troubled else 1)
    counted = successful + failed + unknown
    return {
        "totalExecutions": accepted,
        "successfulExecutions": successful,
        "failedExecutions": failed if accepted else 0,
        "unknownExecutions": unknown if accepted else 0,
        "cancelledExecutions": int(chance.random() < 0.1) if accepted else 0,
        "inProgressExecutions": accepted - ended,
        "cacheHits": round(accepted * 0.17),
        "rejectedRequests": int(chance.random() < 0.3) if accepted else 0,
        "averageLatencyMs": p50 * 1.4 if accepted else None,
        "latencyMs": {"p50": p50, "p95": p50 * chance.uniform(3.2, 5), "p99": p50 * chance.uniform(9, 25)}
        if accepted
        else {"p50": None, "p95": None, "p99": None},
        "successRate": successful / counted if accepted else None,
    }


def _sum(parts: list[Counts]) -> Counts:
    names = [name for name in parts[0] if name.endswith(("Executions", "Hits", "Requests"))]
    total = {name: sum(part[name] for part in parts) for name in names}
    known = [part["latencyMs"] for part in parts if part["successRate"] is not None]
    middle = {name: sum(each[name] for each in known) / len(known) if known else None for name in ("p50", "p95", "p99")}
    ended = total["successfulExecutions"] + total["failedExecutions"] + total["unknownExecutions"]
    return {
        **total,
        "averageLatencyMs": middle["p50"],
        "latencyMs": middle,
        "successRate": total["successfulExecutions"] / ended if ended else None,
    }
