"""DynamoDB stream batches: which part of which stream a batch is of, and what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

type Record = Mapping[str, Any]


def read_batch(event: Mapping[str, Any]) -> tuple[str, Sequence[Record]]:
    """Return the name of the part (a shard of a stream), and the records.

    Lambda names the shard where the event source has a tumbling window, which is what the template gives it one for. An
    emulator whose streams have one shard may leave it out. At the end of a window comes a batch without records.
    """
    records: Sequence[Record] = event.get("Records") or []
    stream = str(records[0].get("eventSourceARN")) if records else ""
    return f"{stream}/{event.get('shardId', '')}", records
