"""What Genesys Cloud's documents about actions say. Pure, and tolerant: what has no use is left out.

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
"""Entries of one page that are kept: as many as are asked for."""
_METHOD = re.compile(r"[A-Za-z]{1,16}")
_FILE = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    entries: tuple[Entry, ...]
    last: bool
    total: int | None
    """How many actions there are in all, where it says so."""


def read_page(document: Json, number: int) -> Page | None:
    """Read a page; None where it is none. An entry without an id that can be executed is left out."""
    if not isinstance(document, dict) or not isinstance(listed := document.get("entities"), list):
        return None
    entries = [entry for each in listed[:MAX_PAGE] if (entry := read_entry(each)) is not None]
    count = document.get("pageCount")
    last = not listed or (number >= count if _is_count(count) else not document.get("nextUri"))
    total = document.get("total")
    return Page(tuple(entries), last, total if _is_count(total) else None)


def read_entry(document: Json) -> Entry | None:
    """Read what a list says of an action; None where it has no id that one could have."""
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
    """One side of a contract: the schema itself, or the file that holds it."""

    document: dict[str, Any] | None = field(default=None, repr=False)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """What an action's definition says."""

    entry: Entry
    inputs: Schema
    output: Schema


def read_definition(document: Json, entry: Entry, now: int) -> Definition | None:
    """Read a definition of what a list had as ``entry``; None where it is none."""
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
    """Return a schema; one that is given by its URI is read by the last part of it, at the action's own address.

    So a URI that leads to another host is never followed (``GET …/{id}/schemas/{file}``).
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
    """Return a text that is not too long; a number is one as well."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return cut(str(value), MAX_TEXT) or None


def _is_count(value: Any) -> TypeIs[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
