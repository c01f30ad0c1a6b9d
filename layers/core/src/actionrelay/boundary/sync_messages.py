"""Messages of the catalogue's queue, and the message of its schedule."""

import json
from collections.abc import Mapping
from typing import Any

from actionrelay.catalogue.ports import SyncMessage
from actionrelay.catalogue.state import Reason
from actionrelay.errors import MessageUnreadableError

HOURLY = SyncMessage(Reason.HOURLY)
"""The schedule's event, whatever its content."""


def read_sync_message(record: Mapping[str, Any]) -> SyncMessage:
    """Read a message: a reason to read the catalogue, or the number of a reading in progress.

    Raises:
        MessageUnreadableError: it is not a message of this queue.
    """
    body = str(record.get("body") or "")
    try:
        document = json.loads(body)
        reason, run = document.get("reason"), document.get("run")
        waited = document.get("waited") is True
        if reason is not None:
            return SyncMessage(Reason(reason))
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise MessageUnreadableError("not a message of this queue", size=len(body)) from None
    if type(run) is not int or run < 1:
        raise MessageUnreadableError("no reading has such a number", size=len(body))
    return SyncMessage(run=run, waited=waited)
