"""What a workflow asks of other capabilities: that its steps' requests are judged, taken in and looked after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import override

from actionrelay.errors import Fault
from actionrelay.faults import Faults
from actionrelay.strict_json import Json
from actionrelay.submit.rules import RequestRules
from actionrelay.workflows.ports import SubmissionRules

_OF_STEP = {"action_id", "inputs", "timeout", "cache_results", "idempotent"}


@dataclass(frozen=True, slots=True)
class RulesOfSubmissions(SubmissionRules):
    """``SubmissionRules`` by the rules that the API's own submissions keep."""

    rules: RequestRules

    @override
    def body(self, raw: bytes) -> Json:
        return self.rules.body(raw)

    @override
    def judge(self, request: Mapping[str, Json]) -> dict[str, Json] | Faults:
        judged = self.rules.judge(dict(request))
        if isinstance(judged, Faults):
            return judged
        return self.rules.canonical(judged).model_dump(mode="json", by_alias=True, include=_OF_STEP)

    @override
    def webhook_faults(self, url: str) -> Sequence[Fault]:
        return self.rules.webhook_faults(url)
