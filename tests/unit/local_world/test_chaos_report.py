"""The report of a run: counts, the offenders and their timelines, on a terminal and as JSON."""

import io
import json
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console

from actionrelay.ledger.audit_entry import AuditEntry
from local.chaos.checker import check
from local.chaos.history import CallerEntry, GenesysRequest, History, Kills, Order
from local.chaos.report import Result, document, figures, outcomes, show
from local.chaos.settling import behind, not_ended
from local.chaos.together import together

ID = "11111111-0000-4000-8000-000000000001"
LOST = History(
    contract="integrations",
    orders=(Order(ID, "trace", "action", {}, "reset [after]"), Order("other", "other trace", "action", {}, "calm")),
    log=(CallerEntry(1.0, ID, rival=False, status=202, said="queued", answered_id=ID),),
    runs={"trace": 1},
    requests=(GenesysRequest(1, 1.5, "trace", None, "reset:after_run", ran=True),),
    callbacks=(),
    audit={},
    finals={
        ID: {
            "status": "running",
            "attempts": 1,
            "error": None,
            "cacheStatus": "disabled",
            "webhookStatus": "none",
            "latencyMs": None,
        }
    },
    kills=Kills({"Execute": 2, "Query": 1}),
    redriven=3,
)
RESULT = Result(LOST, check(LOST))


def entry(status: str) -> AuditEntry:
    return AuditEntry(ID, 1, 1, "action", "accepted", status, "trace", 0)


def test_a_campaign_counts_each_kinds_statuses() -> None:
    assert outcomes(LOST) == {"calm": Counter({"none": 1}), "reset [after]": Counter({"running": 1})}


def test_a_campaigns_figures_are_the_witnesses() -> None:
    shown = figures(RESULT)

    assert (shown["executions"], shown["accepted"], shown["never accepted"]) == (2, 1, 1)
    assert (shown["workers killed"], shown["messages redriven from the DLQ"], shown["runs"]) == (3, 3, 1)
    assert shown["violations"] == len(RESULT.violations) > 0


def test_violations_show_a_table_and_the_timeline() -> None:
    console = Console(file=io.StringIO(), width=100)

    show([RESULT], console)

    shown = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert "reset [after]" in shown
    assert "lost: accepted, and at last running" in shown
    assert "request 1 (reset:after_run): ran, no answer" in shown
    assert "Execute 2, Query 1" in shown


def test_given_no_violation_when_shown_then_it_says_so() -> None:
    console = Console(file=io.StringIO(), width=100)

    show([replace(RESULT, violations=())], console)

    assert "no promise was broken" in console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


def test_a_result_document_has_violations_and_timelines() -> None:
    [report] = json.loads(json.dumps(document([RESULT])))

    assert report["contract"] == "integrations"
    assert report["outcomes"]["reset [after]"] == {"running": 1}
    assert {"broken": "lost", "executionId": ID, "detail": "accepted, and at last running"} in report["violations"]
    assert list(report["timelines"]) == [ID, "other"]


def test_open_executions_have_no_end_on_record_or_trail() -> None:
    accepted, done = frozenset({ID}), {ID: (entry("completed"),)}

    assert not_ended(accepted, {ID: "completed"}) == frozenset()
    assert not_ended(accepted, {ID: "running"}) == {ID}
    assert not_ended(accepted, {}) == {ID}
    assert behind(accepted, {ID: "completed"}, done) == frozenset()
    assert behind(accepted, {ID: "failed"}, done) == {ID}
    assert behind(accepted, {ID: "completed"}, {}) == {ID}


def test_works_done_together_keep_their_order_and_errors() -> None:
    assert together([lambda: 1, lambda: 2]) == [1, 2]

    def fails() -> int:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        together([lambda: 1, fails])
