"""The attribute ``detail`` of an item: JSON that is compressed with a preset dictionary of common text.

A write is billed by the KB of its item, and an execution's ``detail`` is mostly the names of its fields. zlib's preset
dictionary (RFC 1950, FDICT) holds them once for all items, which makes each about 200 bytes smaller.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

_LEVEL = 9

# What is written most often is last: zlib encodes a near match in fewer bits than a far one.
_DICTIONARY = (
    # a workflow and its steps
    b'{"settled_at":17,"stop":null,"error":null,"round":0,"renewed":{},"actor":null,"delivery":{"status":"delivered",'
    b'"attempts":1,"next_at":null,"repeats":0}}'
    b'{"content_hash":"","definition":{"key":"/definition/","size":1,"digest":""},"webhook_url":null,"lane":"bulk",'
    b'"caller":"","acceptance_id":""}'
    b'{"run":1,"round":0,"items":["w1","s1","c1","c1","c1"],"result":{"key":"/result/","size":1,"digest":"",'
    b'"inline":null},"started_at":17,"completed_at":17,"item_failed_at":17}'
    # what few executions have
    b'"resolved":true,"run":2,"reruns":1,"may_have_run":true,"acknowledged":true,"webhook_ids":[""],"decision_ids":[""],'
    b'"defaults":[["cache_results",false,""]],"warnings":[["/inputs/","unknown_input","the contract has no input of '
    b'this name",null]],"workflow":{"workflow_id":"","step":"","index":0,"run":1},"lane":"bulk","postponements":1,'
    b'"webhook_url":"https://","webhook_status":"pending","delivery_attempts":1,"deliver_at":17,"next_at":17,'
    b'"event":"webhook_delivered","event":"webhook_retry_planned","event":"awaiting_webhook","deadline_at":17,'
    b'{"outcome":{"status":"failed","error":{"code":"genesys_http_error","message":"Genesys Cloud answered ",'
    b'"status":400,"correlation_id":""}},"event":"failed","payload_size_bytes":null,"payload_sha256":null,"code":"'
    # what every execution has
    b'{"content_hash":"","request":{"key":"/request/","size":7,"digest":""},"timeout_ms":60000,"cache_key":"",'
    b'"repeatable":true,"cache_status":"enabled","idempotent":false,"references":{"key":"/references/","size":9,'
    b'"digest":""},"acceptance_id":"","audit_kept_days":365,"caller":"","version":1,"audit_seq":1,"audit_hash":"",'
    b'"audit_day":"20","pending_audit":[{"seq":1,"event":"accepted","day":"20","accepted_at":17,"kept_days":365,'
    b'"previous_hash":""}]}'
    b'{"outcome":{"status":"completed","result":{"key":"/result/","size":7,"digest":""}},"completed_at":17,'
    b'"attempt":{"attempt_id":"","number":1,"lease_until":17},"audit_day":"20","pending_audit":[{"seq":2,"timestamp":17,'
    b'"event":"attempt_started","status":"running","accepted_at":17,"kept_days":365,"previous_hash":""},{"seq":3,'
    b'"event":"completed","latency_ms":300,"correlation_id":"","accepted_at":17,"kept_days":365,"previous_hash":"'
)
"""Part of the storage format: an item that was written with one dictionary can't be read with another."""


def packed(detail: Mapping[str, Any]) -> bytes:
    """Return JSON values as the bytes of the attribute."""
    compressor = zlib.compressobj(_LEVEL, zdict=_DICTIONARY)
    return compressor.compress(json.dumps(detail, separators=(",", ":")).encode()) + compressor.flush()


def unpacked(data: bytes) -> dict[str, Any]:
    """Read the bytes of the attribute. Earlier releases wrote them without the dictionary.

    Raises:
        ValueError: these are not the bytes of a ``detail``.
    """
    decompressor = zlib.decompressobj(zdict=_DICTIONARY)
    try:
        text = decompressor.decompress(data)
    except zlib.error:
        raise ValueError("it can't be decompressed") from None
    if not decompressor.eof:
        raise ValueError("it is cut off")
    detail: dict[str, Any] = json.loads(text)
    return detail
