"""Reads Genesys Cloud's documents about actions. Pure and tolerant: unusable values are left out.

The shapes are those of the published SDKs (``ActionEntityListing``, ``Action``, ``ActionContract``, ``ActionConfig``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeIs

from actionrelay.catalogue.action import MAX_TEXT, Entry
from actionrelay.fault import cut
from actionrelay.ids import is_action_id
from actionrelay.strict_json import Json

MAX_PAGE = 100
"""Entries of one page that are kept: as many as are requested."""
_METHOD = re.compile(r"[A-Za-z]{1,16}")
_FILE = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    entries: tuple[Entry, ...]
    last: bool
    total: int | None
    """The number of all actions, if it is given."""


def read_page(document: Json, number: int) -> Page | None:
    """Read a page; None if it is not one. Entries without a valid id are left out."""
    if not isinstance(document, dict) or not isinstance(listed := document.get("entities"), list):
        return None
    entries = [entry for each in listed[:MAX_PAGE] if (entry := read_entry(each)) is not None]
    count = document.get("pageCount")
    last = not listed or (number >= count if _is_count(count) else not document.get("nextUri"))
    total = document.get("total")
    return Page(tuple(entries), last, total if _is_count(total) else None)


def read_entry(document: Json) -> Entry | None:
    """Read an action of a list; None if it has no valid id."""
    if not isinstance(document, dict):
        return None
    action_id = document.get("id")
    if not isinstance(action_id, str) or not is_action_id(action_id):
        return None
    return Entry(
        action_id,
        name=_text(document.get("name")) or action_id,
        category=_text(document.get("category")),
        integration=_text(document.get("integrationId")),
        version=_text(document.get("version")),
        secure=document.get("secure") is True,
    )


@dataclass(frozen=True, slots=True)
class Schema:
    """One side of a contract: the schema itself, or the file that has it."""

    document: dict[str, Any] | None = field(default=None, repr=False)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """An action's definition."""

    entry: Entry
    inputs: Schema
    output: Schema


def read_definition(document: Json, entry: Entry, now: int) -> Definition | None:
    """Read the definition of the action ``entry``; None if it is not one."""
    if not isinstance(document, dict):
        return None
    config, contract = _object(document, "config"), _object(document, "contract")
    method = _object(config, "request").get("requestType")
    seconds = config.get("timeoutSeconds")
    listed = read_entry({**document, "id": entry.action_id}) or entry
    known = replace(
        entry,
        name=listed.name if document.get("name") else entry.name,
        category=listed.category or entry.category,
        integration=listed.integration or entry.integration,
        version=listed.version or entry.version,
        secure=listed.secure or entry.secure,
        request_type=method.upper() if isinstance(method, str) and _METHOD.fullmatch(method) else None,
        timeout_seconds=int(seconds) if isinstance(seconds, int | float) and 1 <= seconds <= 3_600 else None,
        read_at=now,
    )
    return Definition(
        known,
        _schema(_object(contract, "input"), "inputSchema"),
        _schema(_object(contract, "output"), "successSchema"),
    )


def _schema(side: Mapping[str, Any], name: str) -> Schema:
    """Return a schema. Of a URI, only the last part is used, as a file of the action.

    So a URI of another host is never followed (``GET …/{id}/schemas/{file}``).
    """
    document, uri = side.get(name), side.get(f"{name}Uri")
    if isinstance(document, dict) and document:
        return Schema(document)
    if isinstance(uri, str):
        file = uri.partition("?")[0].rstrip("/").rpartition("/")[2]
        return Schema(file=file if _FILE.fullmatch(file) and file.strip(".") else None)
    return Schema()


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Json) -> str | None:
    """Return a text, or a number as text, cut to ``MAX_TEXT``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return cut(str(value), MAX_TEXT) or None


def _is_count(value: Any) -> TypeIs[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
