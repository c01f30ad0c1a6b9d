"""The contracts by which Genesys Cloud executes actions."""

from enum import StrEnum


class GenesysApi(StrEnum):
    """The contract by which actions are executed."""

    DATA_ACTIONS = "data-actions"
    INTEGRATIONS = "integrations"


class ContractCheck(StrEnum):
    """What is done about a request that its action's own contract does not allow: the parameter ``ContractCheck``."""

    OFF = "off"
    """Nothing is looked at. What is learned of an action still takes the place of what a request leaves out."""
    WARN = "warn"
    """It is accepted, and its answer and its audit say what is wrong."""
    ENFORCE = "enforce"
    """It is refused with 422."""
