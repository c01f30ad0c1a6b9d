"""AWS services in memory, as far as the adapters use them.

Each call's parameters are checked against the SDK's model of the service, so that a fake accepts only what AWS does.
"""

import io
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.fakes.trouble import Trouble


def aws_error(code: str, operation: str = "Any") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "raised by a fake"}}, operation)


@cache
def _shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def check(service: str, operation: str, parameters: dict[str, Any]) -> None:
    report = ParamValidator().validate(parameters, _shape(service, operation))
    assert not report.has_errors(), report.generate_report()


def _place_in_the_day(row: dict[str, Any]) -> tuple[str, str, float]:
    return row["openedAt"]["S"], row["executionId"]["S"], float(row["seq"]["N"])


@dataclass(slots=True)
class FakeDynamoDb:
    """Tables of items by key attributes, with the conditions that the adapters use."""

    keys: tuple[str, str] = ("pk", "sk")
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    puts: list[dict[str, Any]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)
    page_size: int = 2
    at_once: int = 100
    """The number of keys of a ``BatchGetItem`` that are answered."""
    looks: int = 0
    """The number of ``BatchGetItem`` requests."""

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "PutItem", parameters)
        self.trouble.strike_before("put_item")
        key = self.key_of(parameters["Item"])
        if not self._holds(parameters, self.items.get(key)):
            refused = aws_error("ConditionalCheckFailedException", "PutItem")
            response: Any = refused.response
            if parameters.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                response["Item"] = self.items[key]
            raise refused
        self.items[key] = parameters["Item"]
        self.puts.append(parameters)
        self.trouble.strike_after("put_item")
        return {}

    def get_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "GetItem", parameters)
        self.trouble.strike_before("get_item")
        assert parameters["ConsistentRead"]
        item = self.items.get(self.key_of(parameters["Key"]))
        return {} if item is None else {"Item": item}

    def query(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "Query", parameters)
        self.trouble.strike_before("query")
        if "IndexName" in parameters:
            return self._of_the_day(parameters)
        assert parameters["ConsistentRead"]
        if "BETWEEN" in parameters["KeyConditionExpression"]:
            return self._range(parameters)
        return {"Items": self._partition(parameters)}

    def _range(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return items of a partition in the order of their sort key, ``page_size`` at a time."""
        assert parameters["KeyConditionExpression"] == "pk = :pk AND sk BETWEEN :first AND :last"
        wanted = {name: value["S"] for name, value in parameters["ExpressionAttributeValues"].items()}
        after = parameters.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "")
        keys = sorted(
            (first, second)
            for first, second in self.items
            if first == wanted[":pk"] and wanted[":first"] <= second <= wanted[":last"] and second > after
        )
        answer: dict[str, Any] = {"Items": [self.items[key] for key in keys[: self.page_size]]}
        if len(keys) > self.page_size:
            first, second = keys[self.page_size - 1]
            answer["LastEvaluatedKey"] = {"pk": {"S": first}, "sk": {"S": second}}
        return answer

    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "BatchGetItem", parameters)
        self.trouble.strike_before("batch_get_item")
        [(table, asked)] = parameters["RequestItems"].items()
        self.looks += 1
        now, later = asked["Keys"][: self.at_once], asked["Keys"][self.at_once :]
        found = [self.items[key] for key in map(self.key_of, now) if key in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {table: {"Keys": later}} if later else {}}

    def _of_the_day(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Query the sparse index by day, which has only keys, from a key on."""
        assert parameters["IndexName"] == "by_day"
        assert not parameters.get("ConsistentRead")
        names = ("dayOpened", "openedAt", *self.keys)
        rows = [{name: item[name] for name in names} for item in self._partition(parameters, "dayOpened")]
        rows.sort(key=_place_in_the_day)
        if after := parameters.get("ExclusiveStartKey"):
            assert after.keys() == set(names)
            rows = [row for row in rows if _place_in_the_day(row) > _place_in_the_day(after)]
        return {"Items": rows[: parameters["Limit"]]}

    def get_paginator(self, operation: str) -> "FakeDynamoDb":
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> Any:
        check("dynamodb", "Query", parameters)
        self.trouble.strike_before("query")
        found = self._partition(parameters)
        found.sort(key=lambda item: float(item[self.keys[1]]["N"]))
        for start in range(0, max(len(found), 1), self.page_size):
            yield {"Items": found[start : start + self.page_size]}

    def _partition(self, parameters: dict[str, Any], hash_key: str = "") -> list[dict[str, Any]]:
        [wanted] = parameters["ExpressionAttributeValues"].values()
        return [item for item in self.items.values() if item.get(hash_key or self.keys[0]) == wanted]

    def key_of(self, item: dict[str, Any]) -> tuple[str, str]:
        first, second = (next(iter(item[name].values())) for name in self.keys)
        return first, second

    def _holds(self, parameters: dict[str, Any], stored: dict[str, Any] | None) -> bool:
        values = parameters.get("ExpressionAttributeValues", {})
        before, created_at = values.get(":before"), values.get(":created_at")
        match parameters.get("ConditionExpression"):
            case None:
                return True
            case "attribute_not_exists(pk)" | "attribute_not_exists(executionId)":
                return stored is None
            case "attribute_not_exists(pk) OR created_at <= :gone":
                return stored is None or int(stored["created_at"]["N"]) <= int(values[":gone"]["N"])
            case "attribute_not_exists(pk) OR expires_at <= :now":
                return stored is None or int(stored["expires_at"]["N"]) <= int(values[":now"]["N"])
            case "attribute_not_exists(pk) OR created_at <> :created_at":
                return stored is None or stored["created_at"] != created_at
            case "version = :before AND created_at = :created_at":
                return stored is not None and (stored["version"], stored["created_at"]) == (before, created_at)
            case "attribute_not_exists(pk) OR run_of = :id":
                return stored is None or stored.get("run_of") == values[":id"]
            case "version = :before" | "attribute_not_exists(pk) OR version = :before" as condition:
                return bool(stored["version"] == before) if stored else condition.startswith("attribute_not_exists")
        raise AssertionError("a condition that this fake does not know")


@dataclass(slots=True)
class FakeS3:
    """One bucket."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Parts by upload, including uploads that were never completed."""
    locks: dict[str, datetime | None] = field(default_factory=dict)
    """Until when each object is locked."""
    trouble: Trouble = field(default_factory=Trouble)

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "PutObject", parameters)
        self.trouble.strike_before("put_object")
        self.objects[parameters["Key"]] = parameters["Body"]
        self.locks[parameters["Key"]] = parameters.get("ObjectLockRetainUntilDate")
        return {}

    def create_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "CreateMultipartUpload", parameters)
        self.trouble.strike_before("create_multipart_upload")
        upload_id = f"upload-{len(self.uploads)}"
        self.uploads[upload_id] = {}
        self.locks[parameters["Key"]] = parameters.get("ObjectLockRetainUntilDate")
        return {"UploadId": upload_id}

    def upload_part(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "UploadPart", parameters)
        self.trouble.strike_before("upload_part")
        self.uploads[parameters["UploadId"]][parameters["PartNumber"]] = parameters["Body"]
        return {"ETag": f"etag-{parameters['PartNumber']}"}

    def complete_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "CompleteMultipartUpload", parameters)
        self.trouble.strike_before("complete_multipart_upload")
        parts = self.uploads.pop(parameters["UploadId"])
        listed = parameters["MultipartUpload"]["Parts"]
        assert listed == [{"PartNumber": number, "ETag": f"etag-{number}"} for number in sorted(parts)]
        self.objects[parameters["Key"]] = b"".join(parts[number] for number in sorted(parts))
        return {}

    def get_object(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "GetObject", parameters)
        self.trouble.strike_before("get_object")
        if parameters["Key"] not in self.objects:
            raise aws_error("NoSuchKey", "GetObject")
        stored, offset = self.objects[parameters["Key"]], _first_byte(parameters.get("Range", "bytes=0-"))
        if offset and offset >= len(stored):
            raise aws_error("InvalidRange", "GetObject")
        return {"Body": io.BytesIO(stored[offset:])}

    def list_parts(self, **parameters: Any) -> dict[str, Any]:
        check("s3", "ListParts", parameters)
        if parameters["UploadId"] not in self.uploads:
            raise aws_error("NoSuchUpload", "ListParts")
        return {"Parts": []}


def _first_byte(span: str) -> int:
    return int(span.removeprefix("bytes=").removesuffix("-"))


@dataclass(slots=True)
class FakeSqs:
    """Queues as lists of what was sent."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    """The attributes of a queue, by its URL."""
    trouble: Trouble = field(default_factory=Trouble)

    def get_queue_attributes(self, **parameters: Any) -> dict[str, Any]:
        check("sqs", "GetQueueAttributes", parameters)
        self.trouble.strike_before("get_queue_attributes")
        said = self.attributes[parameters["QueueUrl"]]
        return {"Attributes": {name: said[name] for name in parameters["AttributeNames"]}}

    def send_message(self, **parameters: Any) -> dict[str, Any]:
        check("sqs", "SendMessage", parameters)
        self.trouble.strike_before("send_message")
        self.sent.append(parameters)
        return {"MessageId": "1"}


@dataclass(slots=True)
class FakeSsm:
    """Parameters by name."""

    values: dict[str, str] = field(default_factory=dict)
    puts: list[dict[str, Any]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def get_parameter(self, **parameters: Any) -> dict[str, Any]:
        check("ssm", "GetParameter", parameters)
        self.trouble.strike_before("get_parameter")
        assert parameters["WithDecryption"]
        if parameters["Name"] not in self.values:
            raise aws_error("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self.values[parameters["Name"]]}}

    def put_parameter(self, **parameters: Any) -> dict[str, Any]:
        check("ssm", "PutParameter", parameters)
        self.trouble.strike_before("put_parameter")
        self.values[parameters["Name"]] = parameters["Value"]
        self.puts.append(parameters)
        return {}


@dataclass(slots=True)
class FakeSecrets:
    """Secrets by name."""

    values: dict[str, str] = field(default_factory=dict)
    reads: int = 0
    trouble: Trouble = field(default_factory=Trouble)

    def get_secret_value(self, **parameters: Any) -> dict[str, Any]:
        check("secretsmanager", "GetSecretValue", parameters)
        self.reads += 1
        self.trouble.strike_before("get_secret_value")
        if parameters["SecretId"] not in self.values:
            raise aws_error("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.values[parameters["SecretId"]]}
