"""Decisions about many executions, their queue and dead letters, in memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from actionrelay.operate.ports import DecisionMessage, Letter, ManyDecision, PartDone
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryDecisions:
    """A ``DecisionStore`` in memory."""

    kept: dict[str, ManyDecision] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    def create(self, decision: ManyDecision) -> None:
        self.trouble.strike_before("create")
        self.kept[decision.decision_id] = decision
        self.trouble.strike_after("create")

    def load(self, decision_id: str) -> ManyDecision | None:
        self.trouble.strike_before("load")
        return self.kept.get(decision_id)

    def finish_part(self, decision: ManyDecision, part: int, done: PartDone) -> None:
        self.trouble.strike_before("finish_part")
        stored = self.kept[decision.decision_id]
        self.kept[decision.decision_id] = replace(stored, done={part: done, **stored.done})
        self.trouble.strike_after("finish_part")


@dataclass(slots=True)
class RecordedDecisionQueue:
    """A ``DecisionQueue`` that keeps its messages."""

    sent: list[DecisionMessage] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def enqueue(self, message: DecisionMessage) -> None:
        self.trouble.strike_before("enqueue")
        self.sent.append(message)
        self.trouble.strike_after("enqueue")


@dataclass(slots=True)
class InMemoryLetters:
    """``DeliveryLetters``: a received letter is invisible until it is given back."""

    there: list[Letter] = field(default_factory=list)
    in_hand: list[Letter] = field(default_factory=list)
    at_once: int = 10
    trouble: Trouble = field(default_factory=Trouble)

    def add(self, name: str, *, given_up: bool = True, of: str = "executionId") -> None:
        """Add a letter as ``deliver`` or SQS writes it; ``of`` is ``workflowId`` for a workflow's."""
        body = json.dumps({of: name})
        self.there.append(Letter(body, f"handle-{len(self.there)}", given_up))

    def receive(self) -> Sequence[Letter]:
        self.trouble.strike_before("receive")
        some = self.there[: self.at_once]
        self.there, self.in_hand = self.there[self.at_once :], self.in_hand + some
        return some

    def delete(self, letters: Sequence[Letter]) -> None:
        self.trouble.strike_before("delete")
        self.in_hand = [each for each in self.in_hand if each not in letters]

    def give_back(self, letters: Sequence[Letter]) -> None:
        self.there += letters
        self.in_hand = [each for each in self.in_hand if each not in letters]
