"""The simulator's settings as one value: the rules and the random faults."""

from typing import Annotated, Any, Final, Self

from pydantic import Field

from local.genesys.faults import Fault, RandomFault
from local.genesys.rules import (
    Bytes,
    CallbackRules,
    CatalogueRules,
    Latency,
    Mode,
    Model,
    Outcome,
    RateRules,
    Signing,
    TokenRules,
)

LIMITS: Final = {"dataactions": {"requests.volume.max": 2_500, "actions.concurrent.executions.max": 50}}
"""An organisation's default limits, by namespace and key."""


class Scenario(Model):
    """The simulator's whole behaviour. The default is a healthy Genesys Cloud."""

    mode: Mode = Mode.QUEUED
    outcome: Outcome = Outcome.COMPLETED
    result_bytes: Bytes = 0
    max_request_bytes: Annotated[int, Field(ge=1)] = 516_096
    """512000 bytes for a caller's request, and 4096 for a relay's additions."""
    tokens: TokenRules = TokenRules()
    rate: RateRules = RateRules()
    latency: Latency = Latency()
    signing: Signing = Signing()
    callbacks: CallbackRules = CallbackRules()
    limits: dict[str, dict[str, int]] = LIMITS
    catalogue: CatalogueRules = CatalogueRules()
    faults: tuple[RandomFault, ...] = ()

    def patched(self, patch: Any) -> Self:
        """Return this scenario with a JSON merge patch (RFC 7396) applied; null brings back the default.

        Raises `pydantic.ValidationError` if the outcome is no scenario.
        """
        return self.model_validate(_merge(self.model_dump(mode="json", by_alias=True), patch))

    def callbacks_for(self, fault: Fault) -> CallbackRules:
        """Return the callback rules with what the fault says about callbacks laid over them."""
        if fault.callbacks is None:
            return self.callbacks
        said = {name: getattr(fault.callbacks, name) for name in fault.callbacks.model_fields_set}
        return self.callbacks.model_copy(update=said)


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged
