"""The contracts by which Genesys Cloud executes actions."""

from enum import StrEnum


class GenesysApi(StrEnum):
    """The contract by which actions are executed."""

    DATA_ACTIONS = "data-actions"
    INTEGRATIONS = "integrations"
