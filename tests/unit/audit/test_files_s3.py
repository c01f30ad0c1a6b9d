"""Exported days in the bucket: whole or not at all, of any size, with one part in memory."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ConnectTimeoutError

from actionrelay.audit.files_s3 import PART_BYTES, BucketDayFiles
from actionrelay.audit.ports import DayFile
from actionrelay.errors import StoreUnavailableError
from tests.fakes.aws import FakeS3, aws_error
from tests.fakes.chance import SettableClock

LINE = b"x" * 9 + b"\n"
PART = 25
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def files(s3: FakeS3, lock_days: int = 0) -> BucketDayFiles:
    clock = SettableClock(int(NOW.timestamp() * 1_000))
    return BucketDayFiles(s3, "bucket", clock, lock_days, part_bytes=PART)  # type: ignore[arg-type]


def write(file: DayFile, lines: int, first: int = 0) -> DayFile:
    for number in range(first, first + lines):
        file.write(LINE, {"lines": number + 1})
    return file


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4, 6, 7, 100])
def test_a_file_has_all_of_its_lines(lines: int) -> None:
    s3 = FakeS3()
    file = write(files(s3).begin("audit-2026-11-24.jsonl"), lines)
    assert s3.objects == {}, "nobody sees it before its end"
    assert file.finish() == 10 * lines
    assert s3.objects == {"audit/audit-2026-11-24.jsonl": LINE * lines}
    assert s3.uploads == {}


def test_no_more_than_a_part_is_in_memory() -> None:
    s3 = FakeS3()
    file = files(s3).begin("day")
    for number in range(1, 31):
        write(file, 1)
        sent = sum(len(part) for parts in s3.uploads.values() for part in parts.values())
        assert 10 * number - sent <= PART + len(LINE)


@pytest.mark.parametrize("paused_after", range(3, 12))
def test_a_paused_file_goes_on_after_its_last_part(paused_after: int) -> None:
    s3 = FakeS3()
    assert write(files(s3).begin("day"), paused_after).pause()
    resumed = files(s3).resume("day")
    assert resumed is not None
    file, place = resumed
    assert place == {"lines": paused_after // 3 * 3}, "what was not sent is written again"
    assert write(file, 20 - place["lines"], place["lines"]).finish() == 200  # type: ignore[operator, arg-type]
    assert s3.objects["audit/day"] == LINE * 20
    assert files(s3).resume("day") is None, "it is finished"


def test_a_file_without_a_part_begins_again() -> None:
    s3 = FakeS3()
    assert not write(files(s3).begin("day"), 2).pause()
    assert files(s3).resume("day") is None


@pytest.mark.parametrize("offset", [0, 10, 25])
def test_lines_are_streamed_from_any_byte(offset: int) -> None:
    stored = LINE * 20_000 + b"the last one has no end"
    s3 = FakeS3({"audit/day": stored})
    assert b"".join(files(s3).lines("day", offset)) == stored[offset:]
    assert list(files(s3).lines("day", offset))[-1] == b"the last one has no end"


@pytest.mark.parametrize(("name", "offset"), [("none", 0), ("day", 20)])
def test_a_missing_file_or_rest_has_no_lines(name: str, offset: int) -> None:
    assert list(files(FakeS3({"audit/day": LINE * 2})).lines(name, offset)) == []


@pytest.mark.parametrize("lines", [1, 20])
def test_a_locked_file_is_locked_from_its_beginning(lines: int) -> None:
    s3 = FakeS3()
    write(files(s3, lock_days=7).begin("day"), lines).finish()
    assert s3.locks["audit/day"] == datetime(2026, 12, 1, 12, tzinfo=UTC)
    write(files(s3).begin("open"), lines).finish()
    assert s3.locks["audit/open"] is None


@pytest.mark.parametrize("failure", [aws_error("SlowDown"), ConnectTimeoutError(endpoint_url="http://nowhere")])
@pytest.mark.parametrize(
    "operation", ["put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"]
)
def test_a_failing_bucket_changes_nothing(operation: str, failure: Exception) -> None:
    s3 = FakeS3({"audit/day": b"before"})
    s3.trouble.before(operation, failure)
    with pytest.raises(StoreUnavailableError):
        write(files(s3).begin("day"), 1 if operation == "put_object" else 20).finish()
    assert s3.objects == {"audit/day": b"before"}


def test_a_bucket_that_cannot_be_read_is_unavailable() -> None:
    s3 = FakeS3({"audit/day": LINE})
    s3.trouble.before("get_object", aws_error("AccessDenied"))
    with pytest.raises(StoreUnavailableError):
        list(files(s3).lines("day"))
    s3.trouble.before("get_object", aws_error("AccessDenied"))
    with pytest.raises(StoreUnavailableError):
        files(s3).resume("day")


def test_every_part_but_the_last_is_large_enough_for_s3() -> None:
    assert PART_BYTES >= 5 * 1_024 * 1_024
