"""The simulator's pure parts: rate windows, the choice of faults, scenarios and what actions compute."""

import json
import random
from typing import Any

import pytest
from pydantic import ValidationError

from local.genesys.actions import TRANSFORMATION, run_action
from local.genesys.choice import ORDINARY, Script, Subject, choose
from local.genesys.errors import Dialect, error_body
from local.genesys.faults import Fault, Point, RandomFault, ScriptedFault
from local.genesys.rate import RateWindows
from local.genesys.rules import CallbackRules, CallbackTime
from local.genesys.scenario import Scenario


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a dice, not a secret


class TestRateWindows:
    def test_a_window_lets_its_allowance_through_and_no_more(self) -> None:
        windows = RateWindows()
        readings = [windows.take("token", now=100.0, allowed=2, window_seconds=60) for _ in range(3)]
        assert [reading.refused for reading in readings] == [False, False, True]
        assert readings[-1].headers() == {
            "inin-ratelimit-count": "3",
            "inin-ratelimit-allowed": "2",
            "inin-ratelimit-reset": "60",
        }

    def test_a_refused_request_does_not_prolong_the_window(self) -> None:
        windows = RateWindows()
        windows.take("token", now=0.0, allowed=1, window_seconds=10)
        late = windows.take("token", now=9.2, allowed=1, window_seconds=10)
        afresh = windows.take("token", now=10.0, allowed=1, window_seconds=10)
        assert (late.refused, late.reset_seconds) == (True, 1)
        assert (afresh.refused, afresh.count) == (False, 1)

    def test_each_token_has_a_window_of_its_own(self) -> None:
        windows = RateWindows()
        windows.take("one", now=0.0, allowed=1, window_seconds=10)
        assert not windows.take("other", now=0.0, allowed=1, window_seconds=10).refused


class TestChoice:
    def test_script_entries_are_taken_one_each_oldest_first(self) -> None:
        script, subject = Script(), Subject("execute")
        script.add([ScriptedFault(status=429, times=2), ScriptedFault(reset=Point.AFTER_RUN)])
        kinds = [choose(subject, script, (), seeded(1)).kind for _ in range(4)]
        assert kinds == ["status:429", "status:429", "reset:after_run", None]

    def test_an_entry_for_one_execution_waits_for_it(self) -> None:
        script = Script()
        script.add([ScriptedFault(execution_id="mine", status=500), ScriptedFault(on="token", status=503)])
        assert script.take(Subject("execute", execution_id="other")) is None
        assert script.take(Subject("token")).kind == "status:503"  # type: ignore[union-attr]
        assert script.take(Subject("execute", execution_id="mine")).kind == "status:500"  # type: ignore[union-attr]
        assert len(script) == 0

    def test_random_faults_repeat_with_the_seed_and_meet_their_share(self) -> None:
        faults = (RandomFault(status=503, share=0.3),)

        def drawn() -> list[bool]:
            source = seeded(7)
            return [choose(Subject("execute"), Script(), faults, source) is not ORDINARY for _ in range(1000)]

        assert drawn() == drawn()
        assert 250 < sum(drawn()) < 350


class TestScenario:
    def test_a_misspelled_field_is_refused_in_every_place(self) -> None:
        for text in ('{"latencyy": {}}', '{"faults": [{"stats": 500}]}', '{"rate": {"alowed": 3}}'):
            with pytest.raises(ValidationError, match=r"Extra inputs"):
                Scenario.model_validate_json(text)

    def test_a_fault_has_one_kind(self) -> None:
        with pytest.raises(ValidationError, match="one kind"):
            Fault(status=500, reset=Point.AFTER_RUN)
        with pytest.raises(ValidationError, match="ran goes with status"):
            Fault(ran=True)

    @pytest.mark.parametrize(
        ("fault", "prevented"),
        [
            (Fault(), False),
            (Fault(status=503), True),
            (Fault(status=500, ran=True), False),
            (Fault(reset=Point.BEFORE_RUN), True),
            (Fault(reset=Point.AFTER_RUN), False),
            (Fault(hang=Point.BEFORE_RUN), True),
            (Fault(hang=Point.AFTER_RUN), False),
        ],
    )
    def test_a_fault_knows_whether_the_action_runs(self, fault: Fault, prevented: bool) -> None:
        assert fault.prevents_run is prevented

    def test_a_merge_patch_changes_what_it_names(self) -> None:
        patched = Scenario().patched({"rate": {"allowed": 5}, "latency": {"minMs": 1, "maxMs": 2}})
        assert (patched.rate.allowed, patched.rate.window_seconds, patched.latency.max_ms) == (5, 60, 2)
        assert patched.patched({"rate": None}).rate == Scenario().rate

    def test_a_patch_that_makes_no_scenario_is_refused(self) -> None:
        patches: list[Any] = [{"latency": {"minMs": 5}}, [], "x"]
        for patch in patches:
            with pytest.raises(ValidationError):
                Scenario().patched(patch)

    def test_a_fault_changes_only_the_callback_rules_that_it_names(self) -> None:
        scenario = Scenario(callbacks=CallbackRules(delay_ms=7))
        fault = Fault.model_validate({"callbacks": {"when": "never"}})
        rules = scenario.callbacks_for(fault)
        assert (rules.when, rules.delay_ms) == (CallbackTime.NEVER, 7)

    def test_its_own_json_is_read_back_as_the_same_scenario(self) -> None:
        scenario = Scenario(faults=(RandomFault(status=502, share=0.5),))
        assert Scenario.model_validate_json(scenario.model_dump_json(by_alias=True)) == scenario


class TestActions:
    INPUTS = {  # noqa: RUF012 - read only
        "customerId": "cust_998877",
        "transactionBatch": ["tx_001", "tx_002"],
        "transformationRules": {"normalizeCurrency": True, "applyTaxRate": 0.0825},
    }

    def test_the_transformation_adds_up(self) -> None:
        result = run_action(TRANSFORMATION, self.INPUTS)
        amounts = [each["amount"] for each in result["normalizedTransactions"]]
        assert [each["transactionId"] for each in result["normalizedTransactions"]] == ["tx_001", "tx_002"]
        assert {each["currency"] for each in result["normalizedTransactions"]} == {"USD"}
        assert result["taxApplied"] == 0.0825
        assert result["subtotal"] == pytest.approx(sum(amounts))
        assert result["total"] == pytest.approx(result["subtotal"] + result["tax"])
        assert result == run_action(TRANSFORMATION, self.INPUTS)

    def test_another_customer_gets_another_result(self) -> None:
        other = run_action(TRANSFORMATION, self.INPUTS | {"customerId": "cust_1"})
        assert other["total"] != run_action(TRANSFORMATION, self.INPUTS)["total"]

    @pytest.mark.parametrize(
        "inputs",
        [
            {"transactionBatch": "tx"},
            {"transactionBatch": [], "transformationRules": 3},
            {"transactionBatch": [], "transformationRules": {"applyTaxRate": "much"}},
            {"transactionBatch": [], "transformationRules": {"applyTaxRate": "NaN"}},
        ],
    )
    def test_inputs_that_the_transformation_cannot_use_are_echoed(self, inputs: dict[str, object]) -> None:
        assert run_action(TRANSFORMATION, inputs) == {"echo": inputs, "actionId": TRANSFORMATION}

    def test_a_result_is_filled_up_to_the_size_asked_for(self) -> None:
        assert len(json.dumps(run_action("custom_-_x", {}, 100_000))) >= 100_000


def test_both_error_dialects_name_code_status_and_correlation() -> None:
    platform = error_body(503, "corr")
    legacy = error_body(503, "corr", dialect=Dialect.LEGACY, message="later")
    assert (platform["code"], platform["status"], platform["contextId"]) == (
        "service.unavailable",
        503,
        "corr",
    )
    assert (legacy["errorCode"], legacy["correlationId"], legacy["userMessage"]) == (
        "service.unavailable",
        "corr",
        "later",
    )
