"""The numbers of refused submissions, as items of the executions table.

::

    pk                     sk          what
    refusals#<YYYY-MM-DD>  <caller>    `refused`: how many submissions of this caller were refused that day
"""

from collections.abc import Mapping

from actionrelay.aws.attributes import Attribute, Item, attribute, key, value_of

KIND = "refusals"
"""The value of the attribute ``kind``, by which `count` receives these items."""
_LONGEST_CALLER = 1_000
"""A sort key has 1,024 bytes; an ARN has fewer."""


def partition(day: str) -> str:
    """Return the partition of a day."""
    return f"refusals#{day}"


def refusals_key(day: str, caller: str) -> Item:
    """Return the key of a caller's number."""
    return key(partition(day), caller.encode("utf-8", "replace")[:_LONGEST_CALLER].decode("utf-8", "ignore"))


def counting_update(expires_at: int) -> dict[str, object]:
    """Return the update that adds one to a number, which expires at ``expires_at`` (seconds), and returns it."""
    return {
        "UpdateExpression": "ADD refused :one SET kind = :kind, expires_at = if_not_exists(expires_at, :expires_at)",
        "ExpressionAttributeValues": {
            ":one": attribute(1),
            ":kind": attribute(KIND),
            ":expires_at": attribute(expires_at),
        },
        "ReturnValues": "UPDATED_NEW",
    }


def number_in(item: Mapping[str, Attribute]) -> int:
    """Return an item's number; 0 if there is no item."""
    return int(value_of(item["refused"])) if "refused" in item else 0


def is_refusals(item: Mapping[str, Attribute]) -> bool:
    """Whether an item is a number of refusals."""
    return item.get("kind") == attribute(KIND)


def day_in(item: Mapping[str, Attribute]) -> str:
    """Return an item's day."""
    return str(value_of(item["pk"])).partition("#")[2]
