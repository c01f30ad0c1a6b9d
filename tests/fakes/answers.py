"""Answers as bytes on the wire: whole or cut off, and errors of both contracts."""

import json
from collections.abc import Mapping
from typing import Any

RECORDED_429 = (
    b'{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds",'
    b'"code":"too.many.requests.retry.after","status":429,"contextId":"ctx-1","details":[],"errors":[]}'
)


def raw(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a whole answer, with its length unless ``headers`` say otherwise."""
    said = {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}
    lines = [f"{name}: {value}" for name, value in said.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines]).encode("latin-1") + b"\r\n\r\n" + body


def platform(status: int, headers: Mapping[str, str] | None = None, **more: Any) -> bytes:
    """Return an error with the platform API's ``ErrorBody``."""
    document = {
        "message": "words",
        "code": "a.code",
        "status": status,
        "contextId": "ctx-1",
        "details": [],
        "errors": [],
    }
    return raw(status, json.dumps(document | more).encode(), headers)


def legacy(status: int, headers: Mapping[str, str] | None = None) -> bytes:
    """Return an error of the contract ``data-actions``."""
    document = {
        "errorCode": "a.code",
        "status": status,
        "correlationId": "corr-1",
        "entityName": "action",
        "userMessage": "words",
        "details": [{"errorCode": "ACTION.AUTHENTICATION"}],
    }
    return raw(status, json.dumps(document).encode(), headers)


def cut(answer: bytes, left: int = 20) -> bytes:
    """Return the beginning of an answer whose connection ends within its body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[:left]


def chunked(*chunks: bytes, status: int = 200, end: bytes = b"0\r\n\r\n", headers: str = "") -> bytes:
    """Return an answer in chunks."""
    head = f"HTTP/1.1 {status} Said\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end
