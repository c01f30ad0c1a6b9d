"""Exported days: files in the payload bucket, written part by part while they come about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PREFIX = "audit/"
PART_BYTES = 8 * 1_024 * 1_024
"""S3 takes 10,000 parts of 5 MB at least: so a file may have 80 GB, of which one part is in memory."""
CONTENT_TYPE = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class BucketDayFiles:
    """``DayFiles`` below a prefix of an S3 bucket."""

    client: "S3Client"
    bucket: str
    part_bytes: int = PART_BYTES

    def write(self, name: str, lines: Iterable[bytes]) -> int:
        """Upload lines as they come.

        An upload that does not come to its end leaves no object; the bucket drops its parts after a day.
        """
        parts = _parts(lines, self.part_bytes)
        first = next(parts, b"")
        if len(first) < self.part_bytes:
            with failures_as(StoreUnavailableError, "an exported day can't be written"):
                self.client.put_object(Bucket=self.bucket, Key=PREFIX + name, Body=first, ContentType=CONTENT_TYPE)
            return len(first)
        return self._upload(PREFIX + name, first, parts)

    def _upload(self, key: str, first: bytes, others: Iterable[bytes]) -> int:
        size = 0
        sent: list[CompletedPartTypeDef] = []
        with failures_as(StoreUnavailableError, "an exported day can't be written"):
            upload_id = self.client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=CONTENT_TYPE)[
                "UploadId"
            ]
        for number, part in enumerate(_after(first, others), start=1):
            with failures_as(StoreUnavailableError, "an exported day can't be written"):
                answer = self.client.upload_part(
                    Bucket=self.bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=part
                )
            sent.append({"PartNumber": number, "ETag": answer["ETag"]})
            size += len(part)
        with failures_as(StoreUnavailableError, "an exported day can't be written"):
            self.client.complete_multipart_upload(
                Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": sent}
            )
        return size


def _parts(lines: Iterable[bytes], part_bytes: int) -> Iterator[bytes]:
    """Put lines together to parts of that size at least; the last one has what is left."""
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= part_bytes:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def _after(first: bytes, others: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from others
