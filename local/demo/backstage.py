"""Steps: what callers don't see: the shared OAuth token, and the metrics in the functions' logs."""

from local.demo.expectations import eventually, expect
from local.demo.metrics import Metrics
from local.demo.showing import Show
from local.demo.witnesses import FUNCTIONS, TOKEN_PARAMETER, Witnesses

_REFUSED = {"execution_not_found": 1, "invalid_request": 3, "payload_too_large": 1}
_COUNTS = {
    "ExecutionsAccepted": ("accepted", 1),
    "CacheHits": ("answered from the cache", 1),
    "RequestsRefused": ("rejected", sum(_REFUSED.values())),
    "ExecutionsSucceeded": ("succeeded", 1),
    "ExecutionsFailed": ("failed", 0),
    "WebhooksReceived": ("callbacks from Genesys Cloud", 1),
    "WebhookDeliveries": ("webhooks to the caller", 2),
    "TokenRefreshes": ("tokens fetched", 1),
}
"""The totals of all previous steps."""

_DURATIONS = {
    "QueueWait": "queue wait",
    "GenesysLatency": "Genesys latency",
    "EndToEndLatency": "end-to-end latency",
}


def token(show: Show, witnesses: Witnesses) -> None:
    """Show that one token was fetched and is shared."""
    kind, version = witnesses.token_parameter()
    requests = witnesses.token_requests()
    show.table(
        ("SSM parameter", "type", "version", "token requests"),
        [(TOKEN_PARAMETER, kind, str(version), str(requests))],
    )
    expect("the parameter's type", wanted="SecureString", came=kind)
    expect("the parameter's version", wanted=1, came=version)
    expect("token requests at Genesys Cloud", wanted=1, came=requests)
    show.seen("fetched once and shared by all workers through SSM; the demo does not read its value")


def metrics(show: Show, witnesses: Witnesses) -> None:
    """Add up the functions' metrics."""
    show.say(f"EMF lines in the log groups of the {len(FUNCTIONS)} functions, added up")

    def counted() -> dict[str, float]:
        read = Metrics(witnesses.log_lines())
        return {name: read.series(name).total for name in _COUNTS}

    with show.waiting("waiting for the last log lines"):
        eventually("the metrics", wanted={name: count for name, (_, count) in _COUNTS.items()}, read=counted)
    found = Metrics(witnesses.log_lines())
    refused = {code: found.series("RequestsRefusedByCode", code).total for code in found.codes("RequestsRefusedByCode")}
    rows = []
    for name, (label, _) in _COUNTS.items():
        rows.append((label, name, f"{found.series(name).total:.0f}"))
        if name == "RequestsRefused":
            rows += [(f"  {code}", "RequestsRefusedByCode", f"{count:.0f}") for code, count in refused.items()]
    rows += [(label, name, f"{found.series(name).average:.0f} ms") for name, label in _DURATIONS.items()]
    show.table(("", "metric", "value"), rows, right=("value",))
    expect("rejected, by code", wanted=_REFUSED, came=refused)
    samples = {name: found.series(name).samples for name in _DURATIONS}
    expect("samples of each duration", wanted=dict.fromkeys(_DURATIONS, 1), came=samples)
    show.seen(f"{found.lines} EMF lines, and they add up to exactly what was done above")
