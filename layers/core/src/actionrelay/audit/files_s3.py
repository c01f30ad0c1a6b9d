"""Exported days as files in the payload bucket, each written part by part and visible only when it is whole."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.audit.ports import DayFile, DayFiles
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ports import Clock
from actionrelay.strict_json import Json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PREFIX = "audit/"
PAUSED = "audit/.paused/"
PART_BYTES = 8 * 1_024 * 1_024
"""S3 allows 10,000 parts of at least 5 MB. So a file may have 80 GB, with one part of it in memory."""
CONTENT_TYPE = "application/x-ndjson"
_READ_BYTES = 65_536
_DOING = "an exported day can't be written"


@dataclass(frozen=True, slots=True)
class BucketDayFiles(DayFiles):
    """Files below a prefix of an S3 bucket.

    With ``lock_days`` each version of a file is under Object Lock, in governance mode, for that many days: only a
    principal with ``s3:BypassGovernanceRetention`` can delete it, and no function of the deployment is one.
    """

    client: "S3Client"
    bucket: str
    clock: Clock
    lock_days: int = 0
    part_bytes: int = PART_BYTES

    @override
    def lines(self, name: str, offset: int = 0) -> Iterator[bytes]:
        with failures_as(StoreUnavailableError, "an exported day can't be read"):
            try:
                body = self.client.get_object(Bucket=self.bucket, Key=PREFIX + name, Range=f"bytes={offset}-")["Body"]
            except ClientError as failure:
                # `InvalidRange`: the offset is the file's end. `export` holds s3:ListBucket, so a missing file is 404.
                if aws_code(failure) in {"NoSuchKey", "InvalidRange"}:
                    return
                raise
        rest = b""
        while True:
            with failures_as(StoreUnavailableError, "an exported day can't be read"):
                piece = body.read(_READ_BYTES)
            if not piece:
                break
            *whole, rest = (rest + piece).split(b"\n")
            yield from (line + b"\n" for line in whole)
        if rest:
            yield rest

    @override
    def begin(self, name: str) -> DayFile:
        return _BucketDayFile(self, name)

    @override
    def resume(self, name: str) -> tuple[DayFile, Mapping[str, Json]] | None:
        with failures_as(StoreUnavailableError, "a paused export can't be read"):
            try:
                paused = self.client.get_object(Bucket=self.bucket, Key=f"{PAUSED}{name}.json")["Body"].read()
                state: dict[str, Any] = json.loads(paused)
                self.client.list_parts(Bucket=self.bucket, Key=PREFIX + name, UploadId=state["upload_id"], MaxParts=1)
            except ClientError as failure:
                # `NoSuchUpload`: it has been finished since, or the bucket has deleted it after a day.
                if aws_code(failure) in {"NoSuchKey", "NoSuchUpload"}:
                    return None
                raise
        file = _BucketDayFile(self, name, state["upload_id"], state["parts"], state["size"], place=state["place"])
        return file, state["place"]

    def lock(self) -> dict[str, Any]:
        """Return the arguments that lock an object written now; none without ``lock_days``."""
        if not self.lock_days:
            return {}
        until = datetime.fromtimestamp(self.clock.now() / 1_000, UTC) + timedelta(days=self.lock_days)
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}


@dataclass(slots=True)
class _BucketDayFile(DayFile):
    """One file that is being written: a multipart upload as soon as there is more than one part."""

    files: BucketDayFiles
    name: str
    upload_id: str | None = None
    parts: "list[CompletedPartTypeDef]" = field(default_factory=list)
    size: int = 0
    """The bytes in parts that are sent."""
    buffer: bytearray = field(default_factory=bytearray)
    place: Mapping[str, Json] = field(default_factory=dict)
    """The writer's place after the last part."""

    @override
    def write(self, lines: bytes, place: Mapping[str, Json]) -> None:
        self.buffer += lines
        if len(self.buffer) >= self.files.part_bytes:
            self._send_part()
            self.place = place

    @override
    def pause(self) -> bool:
        if self.upload_id is None:
            return False
        state = {"upload_id": self.upload_id, "parts": self.parts, "size": self.size, "place": self.place}
        with failures_as(StoreUnavailableError, _DOING):
            self.files.client.put_object(
                Bucket=self.files.bucket, Key=f"{PAUSED}{self.name}.json", Body=json.dumps(state).encode()
            )
        return True

    @override
    def finish(self) -> int:
        if self.upload_id is None:
            with failures_as(StoreUnavailableError, _DOING):
                self.files.client.put_object(
                    Bucket=self.files.bucket,
                    Key=PREFIX + self.name,
                    Body=bytes(self.buffer),
                    ContentType=CONTENT_TYPE,
                    **self.files.lock(),
                )
            return len(self.buffer)
        if self.buffer:
            self._send_part()
        with failures_as(StoreUnavailableError, _DOING):
            self.files.client.complete_multipart_upload(
                Bucket=self.files.bucket,
                Key=PREFIX + self.name,
                UploadId=self.upload_id,
                MultipartUpload={"Parts": self.parts},
            )
        return self.size

    def _send_part(self) -> None:
        body, number = bytes(self.buffer), len(self.parts) + 1
        with failures_as(StoreUnavailableError, _DOING):
            if self.upload_id is None:
                self.upload_id = self.files.client.create_multipart_upload(
                    Bucket=self.files.bucket, Key=PREFIX + self.name, ContentType=CONTENT_TYPE, **self.files.lock()
                )["UploadId"]
            answer = self.files.client.upload_part(
                Bucket=self.files.bucket,
                Key=PREFIX + self.name,
                UploadId=self.upload_id,
                PartNumber=number,
                Body=body,
            )
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self.size += len(body)
        self.buffer.clear()
