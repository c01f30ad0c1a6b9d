"""The simulator's one object: its scenario, script, tokens, rate windows, ledger and courier.

An application makes exactly one and hands it to its routes; there is no state anywhere else. What decides
is here and in the pure modules, what speaks HTTP is in `platform` and `control`.
"""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.genesys.actions import run_action
from local.genesys.callbacks import plan_callbacks
from local.genesys.choice import Script, Subject, choose
from local.genesys.courier import Courier, Parcel
from local.genesys.faults import Fault
from local.genesys.ledger import Execution, Ledger, RequestRecord
from local.genesys.rate import RateWindows, Reading
from local.genesys.rules import CallbackTime, Mode, Outcome
from local.genesys.scenario import Scenario
from local.genesys.tokens import Token, TokenBook


@dataclass(frozen=True)
class SimulatorConfig:
    """A simulator's initial state, which a reset restores.

    `seed` fixes faults and latencies (None: another run each time). Tokens and ids come from `ids`, apart
    from it: a simulator that is started again must not issue the tokens of its former life.
    """

    scenario: Scenario = field(default_factory=Scenario)
    seed: int | None = None
    clock: Callable[[], float] = time.time
    ids: random.Random = field(default_factory=random.SystemRandom)


@dataclass(frozen=True)
class Call:
    """An admitted execute request. Only the `data-actions` contract has the last three."""

    contract: str
    action_id: str
    inputs: dict[str, Any]
    trace_id: str | None
    execution_id: str | None = None
    webhook_url: str | None = None
    cache_results: bool = True


class Simulator:
    """A simulator's state. Used from one event loop; only `courier`'s methods wait."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self.clock = config.clock
        self.scenario = config.scenario
        self.source = random.Random(config.seed)  # noqa: S311 - makes test traffic, not secrets
        self.script = Script()
        self.tokens = TokenBook(config.ids)
        self.windows = RateWindows()
        self.ledger = Ledger()
        self.courier = Courier(self.ledger, self.clock)

    def correlation_id(self) -> str:
        """Return a new id for `ININ-Correlation-Id`."""
        return str(uuid.UUID(int=self.config.ids.getrandbits(128), version=4))

    def token(self, name: str | None) -> Token | None:
        """Return the token with this hash if it is valid now."""
        return self.tokens.find(name, self.clock())

    def permits(self, token: Token, scope: str | None) -> bool:
        """Say whether the token's client may execute, and its scopes (if any were spoken of) have this
        one.
        """
        client = self.scenario.tokens.clients.get(token.client_id)
        permitted = client is not None and client.permitted
        return permitted and (scope is None or token.scopes is None or scope in token.scopes)

    def admit(self, name: str) -> Reading | None:
        """Count a request against the token's rate; None if there is no limit."""
        rules = self.scenario.rate
        if not rules.enabled:
            return None
        return self.windows.take(name, now=self.clock(), allowed=rules.allowed, window_seconds=rules.window_seconds)

    def fault_for(self, subject: Subject) -> Fault:
        """Return how this request is to be treated; takes it off the script if it was there."""
        return choose(subject, self.script, self.scenario.faults, self.source)

    def pause_seconds(self, fault: Fault) -> float:
        """Draw how long the answer takes."""
        latency = self.scenario.latency
        return (self.source.uniform(latency.min_ms, latency.max_ms) + fault.delay_ms) / 1000

    def run(self, call: Call, fault: Fault, record: RequestRecord) -> tuple[Execution, bool]:
        """Run the action, or find that this `executionId` already ran it; say whether it ran now."""
        known = self.ledger.executions.get(call.execution_id) if call.execution_id else None
        if known is not None:
            record.repeat = True
            self.ledger.tally("repeats")
            return known, False
        record.ran = True
        self.ledger.count_run(action_id=call.action_id, execution_id=call.execution_id, trace_id=call.trace_id)
        size = self.scenario.result_bytes if fault.result_bytes is None else fault.result_bytes
        # Without a URL there is no one to call back, so the result can only be in the answer.
        mode = (fault.mode or self.scenario.mode) if call.webhook_url else Mode.COMPLETED
        execution = Execution(
            execution_id=call.execution_id or "",
            action_id=call.action_id,
            mode=mode,
            outcome=fault.outcome or self.scenario.outcome,
            result=run_action(call.action_id, call.inputs, size),
            settled=mode is Mode.COMPLETED,
        )
        if call.execution_id:
            self.ledger.executions[call.execution_id] = execution
        return execution, True

    def parcel(self, call: Call, execution: Execution, fault: Fault, correlation_id: str) -> Parcel | None:
        """Return the callbacks that follow from a run, None if there are none."""
        rules = self.scenario.callbacks_for(fault)
        if execution.mode is Mode.COMPLETED or call.webhook_url is None or rules.when is CallbackTime.NEVER:
            return None
        messages = plan_callbacks(
            execution_id=execution.execution_id,
            trace_id=call.trace_id,
            url=call.webhook_url,
            outcome=execution.outcome,
            result=execution.result,
            correlation_id=correlation_id,
            rules=rules,
        )
        return Parcel(execution, messages, rules, self.scenario.signing)

    def answer(self, call: Call, execution: Execution) -> dict[str, Any]:
        """Return the `data-actions` answer for the execution's current state.

        It is `completed` from the moment its callback is due. A failure is reported by callback alone.
        """
        done = execution.settled and execution.outcome is Outcome.COMPLETED
        return {
            "executionId": execution.execution_id,
            "status": (Mode.COMPLETED if done else Mode.QUEUED).value,
            "webhookStatus": "pending" if execution.mode is Mode.QUEUED else "none",
            "result": execution.result if done else None,
            "cacheStatus": "enabled" if call.cache_results else "disabled",
        }

    async def reset(self, *, tokens: bool) -> None:
        """Go back to the start: scenario, script, counts, records, callbacks on their way; tokens if
        asked.
        """
        await self.courier.forget()
        self.scenario = self.config.scenario
        self.source.seed(self.config.seed)
        self.script.clear()
        self.windows.clear()
        self.ledger.clear()
        if tokens:
            self.tokens.revoke()
