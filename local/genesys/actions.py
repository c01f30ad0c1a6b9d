"""The results of the simulated actions. Pure: the same inputs give the same result, in any process.

One action means something, `TRANSFORMATION`: it normalises a batch of transactions and applies a tax rate.
Its amounts are made up from the ids, so a reader can see that a result belongs to a request. Every other
action echoes.
"""

import base64
import hashlib
import json
import random
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

TRANSFORMATION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"

_CENT = Decimal("0.01")
_TO_USD = {"USD": Decimal(1), "EUR": Decimal("1.08"), "GBP": Decimal("1.27")}


def inputs_hash(inputs: Any) -> str:
    """Return the SHA-256 of inputs, in hex: of their JSON with sorted keys, without spaces."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def run_action(action_id: str, inputs: dict[str, Any], result_bytes: int = 0) -> dict[str, Any]:
    """Return the action's result, made at least `result_bytes` large.

    The filling is random-looking, so that compressing it does not undo the size.
    """
    result = _transform(inputs) if action_id == TRANSFORMATION else None
    if result is None:
        result = {"echo": inputs, "actionId": action_id}
    if result_bytes:
        filling = random.Random(action_id).randbytes(result_bytes * 3 // 4 + 3)  # noqa: S311 - no secret
        result["filling"] = base64.b64encode(filling).decode()
    return result


def _transform(inputs: dict[str, Any]) -> dict[str, Any] | None:
    batch, rules = inputs.get("transactionBatch"), inputs.get("transformationRules", {})
    if not isinstance(batch, list) or not isinstance(rules, dict):
        return None
    try:
        rate = Decimal(str(rules.get("applyTaxRate", 0)))
    except InvalidOperation:
        return None
    if not rate.is_finite():
        return None
    normalise = rules.get("normalizeCurrency") is True
    customer = str(inputs.get("customerId", ""))
    transactions = [_transaction(customer, str(entry), normalise=normalise) for entry in batch]
    subtotal = sum((Decimal(str(each["amount"])) for each in transactions), Decimal(0))
    tax = (subtotal * rate).quantize(_CENT, ROUND_HALF_UP)
    return {
        "customerId": customer,
        "normalizedTransactions": transactions,
        "subtotal": float(subtotal),
        "taxApplied": float(rate),
        "tax": float(tax),
        "total": float(subtotal + tax),
    }


def _transaction(customer: str, transaction_id: str, *, normalise: bool) -> dict[str, Any]:
    digest = hashlib.sha256(f"{customer}/{transaction_id}".encode()).digest()
    amount = Decimal(1000 + int.from_bytes(digest[:4]) % 49_000) * _CENT
    currency = sorted(_TO_USD)[digest[4] % len(_TO_USD)]
    shown = (amount * _TO_USD[currency]).quantize(_CENT, ROUND_HALF_UP) if normalise else amount
    return {
        "transactionId": transaction_id,
        "originalCurrency": currency,
        "currency": "USD" if normalise else currency,
        "amount": float(shown),
    }
