"""The body of a result webhook as its sender should write it, for the OpenAPI document.

What is taken is wider: ``report.py`` reads it.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from actionrelay.genesys.reported_error import Reported
from actionrelay.schemas import Document


class ResultWebhook(Document):
    """The body of ``POST /v1/webhooks/genesys``; members that we do not know are left aside."""

    model_config = ConfigDict(extra="ignore")

    execution_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    error: Reported = None
