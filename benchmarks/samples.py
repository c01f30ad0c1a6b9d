"""Requests to measure with: the tutorial's, filled with transactions up to a size."""

import json
import random
from typing import Any

ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
ECHO_ACTION = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
"""The simulator answers it with its inputs: 1 KB in, 1 KB out."""
SMALL_BYTES = 1_024
LARGE_BYTES = 500_000
RECEIPT_URL = "https://example.execute-api.us-east-1.amazonaws.com/v1/webhooks/genesys"


def request(size: int, label: str = "tx") -> dict[str, Any]:
    """Return the tutorial's request with as many transactions as make its JSON `size` bytes at most.

    `label` decides the transactions, so that two labels are two contents to the result cache. Ids and amounts are
    random-looking, since what repeats itself would be compressed to nothing.
    """
    document: dict[str, Any] = {
        "actionId": ACTION,
        "inputs": {
            "customerId": "cust_998877",
            "transactionBatch": [],
            "transformationRules": {"normalizeCurrency": True, "applyTaxRate": 0.0825},
        },
        "actionReferences": {
            "normalizeCurrency": ["applyTaxRate"],
            "applyTaxRate": ["calculateTotal"],
            "calculateTotal": [],
        },
        "timeout": 60_000,
    }
    chance = random.Random(label)
    batch = document["inputs"]["transactionBatch"]
    room = size - len(json.dumps(document))
    while room > 0:
        transaction = _transaction(chance)
        room -= len(json.dumps(transaction)) + len(", ")
        if room > 0:
            batch.append(transaction)
    return document


def _transaction(chance: random.Random) -> dict[str, Any]:
    return {
        "id": f"tx_{chance.getrandbits(48):012x}",
        "amount": chance.randrange(100_000) / 100,
        "currency": chance.choice(("EUR", "GBP", "USD")),
        "refund": chance.random() < 0.1,
    }
