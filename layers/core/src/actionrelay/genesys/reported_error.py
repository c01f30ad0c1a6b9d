"""Why an action failed, as a webhook's sender should write it and an operator does."""

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from actionrelay.genesys.error_forms import ACTION_FAILED, as_code, as_id
from actionrelay.ledger.execution import ExecutionError
from actionrelay.schemas import Document, whole


class ReportedError(Document):
    """Why an action failed; unknown members are ignored."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, StringConstraints(max_length=200)] = ACTION_FAILED
    message: Annotated[str, StringConstraints(max_length=2000), Field(repr=False)] = ""
    status: Annotated[int, BeforeValidator(whole)] | None = None
    correlation_id: Annotated[str, StringConstraints(max_length=200)] | None = None


Reported = Annotated[ReportedError | Annotated[str, StringConstraints(max_length=2000)] | None, Field(repr=False)]
"""A member of a document: an object, a sentence, or nothing."""


def reported_error(error: ReportedError | str | None) -> ExecutionError | None:
    """Return a reported error; None where nothing was said."""
    if isinstance(error, ReportedError):
        code = as_code(error.code) or ACTION_FAILED
        return ExecutionError(code, error.message, error.status, as_id(error.correlation_id))
    return ExecutionError(ACTION_FAILED, error) if error else None
