"""The contracts of Genesys Cloud for executing actions."""

from enum import StrEnum


class GenesysApi(StrEnum):
    """The contract of a deployment: the parameter ``GenesysApi``."""

    DATA_ACTIONS = "data-actions"
    INTEGRATIONS = "integrations"


class ContractCheck(StrEnum):
    """What happens to a request that breaks its action's contract: the parameter ``ContractCheck``."""

    OFF = "off"
    """It is not checked. Defaults that the catalogue knows still apply."""
    WARN = "warn"
    """It is accepted. Its response and its audit list what it breaks."""
    ENFORCE = "enforce"
    """It is refused with 422."""
