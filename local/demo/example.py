"""The requests of the demo: the example that the API's tutorial uses, and the same one with something wrong."""

from typing import Any

TUTORIAL_ID = "exec-2024-001"
"""The execution id of the tutorial, which is no UUID."""


ACTION_ID = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
"""The action of the tutorial."""


def request(webhook_url: str, execution_id: str) -> dict[str, Any]:
    """Return the tutorial's request."""
    return {
        "executionId": execution_id,
        "actionId": ACTION_ID,
        "inputs": {
            "customerId": "cust_998877",
            "transactionBatch": ["tx_001", "tx_002"],
            "transformationRules": {"normalizeCurrency": True, "applyTaxRate": 0.0825},
        },
        "actionReferences": {
            "normalizeCurrency": ["applyTaxRate"],
            "applyTaxRate": ["calculateTotal"],
            "calculateTotal": [],
        },
        "timeout": 120_000,
        "webhookUrl": webhook_url,
    }


CYCLE = {"normalizeCurrency": ["applyTaxRate"], "applyTaxRate": ["normalizeCurrency"]}
"""Two references that wait for each other."""

CYCLE_PATH = ["applyTaxRate", "normalizeCurrency", "applyTaxRate"]
"""How it is reported: closed, from the name that comes first in the alphabet."""

OVERSIZED_INPUTS = {"transactionBatch": ["tx_" + "0" * 600_000]}
"""More than the 512000 bytes that a body may have."""

DEEP_INPUTS = {"transformationRules": {"rounding": {"per": {"currency": {"usd": {"digits": 2}}}}}}
"""`digits` is six steps below `inputs`; five are allowed."""

DEEP_POINTER = "/inputs/transformationRules/rounding/per/currency/usd/digits"
