"""Exported days in the bucket: whole or not at all, however large, with one part in memory."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ConnectTimeoutError

from actionrelay.audit.files_s3 import PART_BYTES, BucketDayFiles
from actionrelay.errors import StoreUnavailableError
from tests.fakes.aws import FakeS3, aws_error

LINE = b"x" * 9 + b"\n"


def files(s3: FakeS3) -> BucketDayFiles:
    return BucketDayFiles(s3, "bucket", part_bytes=25)  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4, 6, 7, 100])
def test_a_file_has_all_of_its_lines(lines: int) -> None:
    s3 = FakeS3()
    assert files(s3).write("audit-2026-11-24.jsonl", (LINE for _ in range(lines))) == 10 * lines
    assert s3.objects == {"audit/audit-2026-11-24.jsonl": LINE * lines}
    assert s3.uploads == {}


def test_lines_are_taken_as_the_parts_go_out() -> None:
    s3, taken = FakeS3(), 0

    def lines() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(30):
            sent = sum(len(part) for parts in s3.uploads.values() for part in parts.values())
            assert 10 * taken - sent <= 2 * 30, "no more than a part and the line that ends it"
            taken += 1
            yield LINE

    assert files(s3).write("day", lines()) == 300


@pytest.mark.parametrize("lines", [1, 20])
def test_lines_that_break_off_leave_the_old_file(lines: int) -> None:
    s3 = FakeS3({"audit/day": b"before"})

    def breaking() -> Iterator[bytes]:
        yield from [LINE] * lines
        raise StoreUnavailableError("the audit trail can't be read")

    with pytest.raises(StoreUnavailableError, match="can't be read"):
        files(s3).write("day", breaking())
    assert s3.objects == {"audit/day": b"before"}


@pytest.mark.parametrize("failure", [aws_error("SlowDown"), ConnectTimeoutError(endpoint_url="http://nowhere")])
@pytest.mark.parametrize(
    "operation", ["put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"]
)
def test_a_failing_bucket_changes_nothing(operation: str, failure: Exception) -> None:
    s3 = FakeS3({"audit/day": b"before"})
    s3.trouble.before(operation, failure)
    with pytest.raises(StoreUnavailableError):
        files(s3).write("day", [LINE] * (1 if operation == "put_object" else 20))
    assert s3.objects == {"audit/day": b"before"}


def test_every_part_but_the_last_is_large_enough_for_s3() -> None:
    assert PART_BYTES >= 5 * 1_024 * 1_024
