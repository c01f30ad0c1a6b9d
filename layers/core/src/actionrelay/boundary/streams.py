"""DynamoDB stream batches: their shard and their records."""

from collections.abc import Mapping, Sequence
from typing import Any

type Record = Mapping[str, Any]


def read_batch(event: Mapping[str, Any]) -> tuple[str, Sequence[Record]]:
    """Return the name of the shard, with its stream, and the records.

    Lambda names the shard only if the event source has a tumbling window, which is why the template sets one. An
    emulator with one shard per stream may leave it out. A window ends with a batch without records.
    """
    records: Sequence[Record] = event.get("Records") or []
    stream = str(records[0].get("eventSourceARN")) if records else ""
    return f"{stream}/{event.get('shardId', '')}", records
