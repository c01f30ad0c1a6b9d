"""The body of a result webhook as its sender should write it, for the OpenAPI document.

``report.py`` accepts more.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from actionrelay.genesys.reported_error import Reported
from actionrelay.schemas import Document


class ResultWebhook(Document):
    """The body of ``POST /v1/webhooks/genesys``; unknown members are ignored."""

    model_config = ConfigDict(extra="ignore")

    execution_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
    status: Literal["completed", "failed"]
    result: Annotated[Any, Field(repr=False)] = None
    error: Reported = None
