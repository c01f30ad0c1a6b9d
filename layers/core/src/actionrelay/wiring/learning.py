"""What submissions know of actions."""

from actionrelay.genesys.contract import GenesysApi
from actionrelay.submit.ports import KnownActions, NothingKnown
from actionrelay.wiring.settings import SubmittingSettings


def learning(settings: SubmittingSettings) -> KnownActions:
    """Return what is known about actions: nothing, at no cost, if the contract has no list of them."""
    if settings.genesys_api is not GenesysApi.INTEGRATIONS:
        return NothingKnown()
    from actionrelay.wiring.known_actions import known_actions  # noqa: PLC0415 - the other contract does not pay for it

    return known_actions(settings)
