"""Faults: exceptions from the scenario for single requests, as validated models."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from local.genesys.errors import Dialect
from local.genesys.rules import Bytes, CallbackRules, Milliseconds, Mode, Model, Outcome

ErrorStatus = Annotated[int, Field(ge=300, le=599)]


class Point(StrEnum):
    """When a connection breaks or stalls: before or after the action ran."""

    BEFORE_RUN = "before_run"
    AFTER_RUN = "after_run"


class BodyFault(StrEnum):
    """A malformed 200 response to an action that ran."""

    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    EMPTY = "empty"


class Fault(Model):
    """How one request is treated otherwise than the scenario says. An empty one is an ordinary request.

    At most one of `status`, `reset`, `hang` and `body`. `status` answers an error and the action does not
    run, or did run with `ran`. The ids limit a fault to requests that carry them; `on` says which
    endpoint it is for.
    """

    on: Literal["execute", "token", "actions"] = "execute"
    execution_id: str | None = None
    trace_id: str | None = None
    action_id: str | None = None
    status: ErrorStatus | None = None
    dialect: Dialect = Dialect.PLATFORM
    code: str | None = None
    message: str | None = None
    retry_after: int | str | None = None
    ran: bool = False
    reset: Point | None = None
    hang: Point | None = None
    body: BodyFault | None = None
    delay_ms: Milliseconds = 0
    result_bytes: Bytes | None = None
    mode: Mode | None = None
    outcome: Outcome | None = None
    callbacks: CallbackRules | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in ("status", "reset", "hang", "body") if getattr(self, name) is not None]
        if len(kinds) > 1:
            msg = f"a fault has one kind, this has {', '.join(kinds)}"
            raise ValueError(msg)
        if self.ran and self.status is None:
            msg = "ran goes with status; reset and hang say where themselves"
            raise ValueError(msg)
        return self

    @property
    def prevents_run(self) -> bool:
        """Whether the action does not run."""
        unrun_status = self.status is not None and not self.ran
        return unrun_status or Point.BEFORE_RUN in (self.reset, self.hang)

    @property
    def kind(self) -> str | None:
        """The fault's name in the record of requests; None for an ordinary request."""
        if self.status is not None:
            return f"status:{self.status}"
        if self.reset is not None:
            return f"reset:{self.reset}"
        if self.hang is not None:
            return f"hang:{self.hang}"
        return f"body:{self.body}" if self.body is not None else None


class ScriptedFault(Fault):
    """A fault in the script: it applies to the next `times` matching requests."""

    times: Annotated[int, Field(ge=1)] = 1


class RandomFault(Fault):
    """A fault of the scenario: it applies to a `share` of matching requests, drawn by the seeded source."""

    share: Annotated[float, Field(ge=0, le=1)] = 1.0
