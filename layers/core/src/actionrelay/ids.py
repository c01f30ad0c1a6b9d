"""The forms of ids in bodies, headers, paths and queries."""

import re
import uuid

from actionrelay.errors import ExecutionNotFoundError, WorkflowNotFoundError

ACTION_ID_FORM = r"[A-Za-z0-9_-]{1,128}"
"""The form of ids in the published platform API; a UUID has it too."""
UUID_FORM = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
"""The text form of RFC 9562, any case."""
NO_UUID = "must be a UUID such as 123e4567-e89b-12d3-a456-426614174000"
LONGEST_ID = 128
"""In characters. No record has a longer id, which might not fit into a key of DynamoDB."""

_RECORDED = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
_UUID = re.compile(UUID_FORM, re.ASCII)
_ACTION_ID = re.compile(ACTION_ID_FORM, re.ASCII)


def run_id(execution_id: str, run: int) -> str:
    """Return the id that a run is sent with: the execution's for the first, then a UUIDv5 (RFC 9562, section 5.5).

    Its name is the run's number in decimal digits, in the namespace of the execution's id.
    """
    return execution_id if run == 1 else str(uuid.uuid5(uuid.UUID(execution_id), str(run)))


def is_uuid(value: str) -> bool:
    """Return whether a text is a UUID."""
    return _UUID.fullmatch(value) is not None


def could_be_recorded(execution_id: str) -> bool:
    """Return whether a record could have this id: visible ASCII, and short enough for a key."""
    return _RECORDED.fullmatch(execution_id) is not None


def is_action_id(value: str) -> bool:
    """Return whether an action could have this id, by either contract."""
    return _ACTION_ID.fullmatch(value) is not None


def recorded_form(given: str, missing: type[ExecutionNotFoundError | WorkflowNotFoundError]) -> str:
    """Return an id as it is recorded: in lower case.

    Raises:
        ExecutionNotFoundError, WorkflowNotFoundError: no record can have this id; ``missing`` says which to raise.
    """
    if not 0 < len(given) <= LONGEST_ID:
        raise missing.of(given)
    return given.lower()
