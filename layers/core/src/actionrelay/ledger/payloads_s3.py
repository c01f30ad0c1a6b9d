"""Requests and results: small ones travel inside the record, large ones are in the payload bucket below a prefix."""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.execution import PayloadRef
from actionrelay.ledger.ports import PayloadStore
from actionrelay.strict_json import digest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "payload/"
"""Of the objects' keys alone, so that they end by a rule of their own; no reference has it."""
INLINE_MAX_BYTES = 4 * 1_024
"""After compression. Who reads a record pays for these bytes, lists too; above 8 KB the bucket is cheaper to write."""

_LEVEL = 1
"""A fifth of the time of zlib's usual level; what is stored is a twelfth larger."""
_USUAL_LEVEL = 6
_SMALL_BYTES = 4 * 1_024
"""Up to here the usual level takes no longer, and a record is written by the KB."""
_CHUNK = 32 * 1_024


@dataclass(frozen=True, slots=True)
class BucketPayloads(PayloadStore):
    """A ``PayloadStore`` over an S3 bucket."""

    client: "S3Client"
    bucket: str

    @override
    def refer(self, key: str, data: bytes, beside: PayloadRef | None = None) -> PayloadRef:
        """Name data; what compresses to 4 KB or less is returned inline, together with what is ``beside`` it."""
        room = INLINE_MAX_BYTES - len((beside.inline if beside else None) or b"")
        return PayloadRef(key, len(data), digest(data), _compressed_within(room, data))

    @override
    def put(self, ref: PayloadRef, data: bytes) -> None:
        if ref.inline is not None:
            return
        with failures_as(StoreUnavailableError, "the payload bucket can't be written"):
            self.client.put_object(
                Bucket=self.bucket,
                Key=PREFIX + ref.key,
                Body=zlib.compress(data, _LEVEL),
                ContentType="application/zlib",
            )

    @override
    def get(self, ref: PayloadRef) -> bytes | None:
        """Read what a reference names; None when it is gone or not what was written."""
        compressed = ref.inline if ref.inline is not None else self._object(ref.key)
        if compressed is None:
            return None
        try:
            data = zlib.decompress(compressed)
        except zlib.error:
            return None
        return data if digest(data) == ref.digest else None

    def _object(self, key: str) -> bytes | None:
        with failures_as(StoreUnavailableError, "the payload bucket can't be read"):
            try:
                return self.client.get_object(Bucket=self.bucket, Key=PREFIX + key)["Body"].read()
            except ClientError as failure:
                # Readers hold s3:ListBucket: without it S3 answers 403 for a missing object.
                if aws_code(failure) == "NoSuchKey":
                    return None
                raise


def _compressed_within(limit: int, data: bytes) -> bytes | None:
    """Return compressed data, or None as soon as it is clear that it takes more bytes than ``limit``."""
    compressor = zlib.compressobj(_USUAL_LEVEL if len(data) <= _SMALL_BYTES else _LEVEL)
    compressed = b""
    for start in range(0, len(data), _CHUNK):
        compressed += compressor.compress(data[start : start + _CHUNK])
        if len(compressed) > limit:
            return None
    compressed += compressor.flush()
    return compressed if len(compressed) <= limit else None
