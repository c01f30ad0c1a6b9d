"""Requests shared by all parts of the client: reads, submissions, pages."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from actionrelay_client.errors import UnreadableAnswerError
from actionrelay_client.reading import Document
from actionrelay_client.transport import Answer, Transport

POLL_SECONDS = 1.0
"""Between two reads of something that the API can't wait for."""

D = TypeVar("D", bound=Document)
Moment = str | date | datetime


class Calls:
    """Base of all parts of the client."""

    transport: Transport

    def read(self, path: str, query: Mapping[str, object] | None = None) -> Answer:
        """Send a `GET`; parameters that are None are omitted."""
        return self.transport.send("GET", path, query=query)

    def send(
        self,
        path: str,
        document: Any,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a `POST` whose id makes a repeat safe."""
        return self.transport.send("POST", path, query=query, document=document, headers=headers)

    def pages(self, path: str, query: Mapping[str, object], name: str, kind: type[D]) -> Iterator[D]:
        """Read pages until there is no next one."""
        cursor: object = None
        while True:
            page = object_of(self.read(path, {**query, "next": cursor}))
            listed = page.get(name)
            yield from map(kind.of, listed if isinstance(listed, list) else ())
            cursor = page.get("next")
            if not cursor:
                return


def given(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None; the deployment's defaults apply to the rest."""
    return {name: value for name, value in document.items() if value is not None}


def moment_text(value: Moment | None) -> str | None:
    """Write a day or a time as the API reads it. A time without a zone is this machine's."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.astimezone()).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def object_of(answer: Answer) -> Mapping[str, Any]:
    """Return an answer's JSON object.

    Raises:
        UnreadableAnswerError: it is none.
    """
    if not isinstance(answer.document, dict):
        raise UnreadableAnswerError("a success that is no JSON object", status=answer.status)
    return answer.document
