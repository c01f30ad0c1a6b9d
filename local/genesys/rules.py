"""The lasting rules of a simulator, one model for each matter: tokens, rate, latency, signing, callbacks.

JSON names are camelCase. A field that no model knows is refused, so a rule with a wrong name cannot silently be no
rule. The models are frozen: a change makes a new one, and a request sees the same rules from start to end.
"""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from local.genesys.catalogue import PLAIN

DEFAULT_WEBHOOK_SECRET = "whsec_bG9jYWwtd29ybGQtZ2VuZXN5cy13ZWJob29rLWtleSE="

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Bytes = Annotated[int, Field(ge=0, le=50_000_000)]
Attempts = Annotated[int, Field(ge=1, le=20)]


class Mode(StrEnum):
    """How the `data-actions` contract answers: the result comes by callback, or in the answer."""

    QUEUED = "queued"
    COMPLETED = "completed"


class Outcome(StrEnum):
    """How the action itself ended."""

    COMPLETED = "completed"
    FAILED = "failed"


class CallbackTime(StrEnum):
    """When a callback goes out: with `before_answer` it is received before the POST is answered."""

    AFTER_ANSWER = "after_answer"
    BEFORE_ANSWER = "before_answer"
    NEVER = "never"


class Tampering(StrEnum):
    """What is wrong with a callback's signature, to see it refused."""

    NONE = "none"
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    WRONG_SECRET = "wrong_secret"
    STALE = "stale"
    CHANGED_BODY = "changed_body"


class SignatureScheme(StrEnum):
    """How callbacks are signed: the Standard Webhooks headers, or `X-Hub-Signature-256` in one of its
    encodings.
    """

    STANDARD_WEBHOOKS = "standard-webhooks"
    HUB_BASE64 = "x-hub-signature-256-base64"
    HUB_HEX = "x-hub-signature-256-hex"


class Model(BaseModel):
    """The common rules of all models here: frozen, camelCase, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Client(Model):
    """An OAuth client: its secret, whether it is enabled (may have tokens), permitted (may execute actions)
    and may read the organisation's limits and its actions.
    """

    secret: str
    enabled: bool = True
    permitted: bool = True
    reads_limits: bool = True
    views_actions: bool = True


class TokenRules(Model):
    """Who gets a token, for how long, with which scopes.

    `granted_scopes` null grants what is asked. A scope is spoken of in the answer only if one was asked for.
    """

    clients: dict[str, Client] = {"local-client": Client(secret="local-secret")}
    expires_in: Annotated[int, Field(ge=1)] = 86_400
    granted_scopes: tuple[str, ...] | None = None


class RateRules(Model):
    """How many requests a token has in a window. `retry_after` null says the time that is really left."""

    enabled: bool = True
    allowed: Annotated[int, Field(ge=0)] = 300
    window_seconds: Annotated[float, Field(gt=0)] = 60
    retry_after: int | str | None = None


class Latency(Model):
    """How long an action takes, drawn evenly from the range by the seeded source; equal ends make it
    fixed.
    """

    min_ms: Milliseconds = 0
    max_ms: Milliseconds = 0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_ms < self.min_ms:
            msg = "maxMs is less than minMs"
            raise ValueError(msg)
        return self


class Signing(Model):
    """How callbacks are signed. Several secrets make several signatures (Standard Webhooks' way to
    rotate).
    """

    scheme: SignatureScheme = SignatureScheme.STANDARD_WEBHOOKS
    secrets: Annotated[tuple[str, ...], Field(min_length=1)] = (DEFAULT_WEBHOOK_SECRET,)


class CallbackRules(Model):
    """How the result of a queued action is sent.

    `copies` repeats it under one webhook id (or a fresh one each, `fresh_ids`), `gap_ms` apart.
    `contradict` sends the opposite outcome after them. `reorder` n holds the callbacks of n actions and
    sends the newest first (what is held goes out after `reorder_hold_ms` in any case). An attempt that
    meets 5xx, 429 or no connection is repeated, `attempts` in all, the wait doubling from `retry_delay_ms`.
    """

    when: CallbackTime = CallbackTime.AFTER_ANSWER
    delay_ms: Milliseconds = 50
    copies: Attempts = 1
    gap_ms: Milliseconds = 50
    fresh_ids: bool = False
    contradict: bool = False
    reorder: Annotated[int, Field(ge=1, le=1000)] = 1
    reorder_hold_ms: Milliseconds = 2_000
    tampering: Tampering = Tampering.NONE
    attempts: Attempts = 5
    retry_delay_ms: Milliseconds = 250


class CatalogueRules(Model):
    """Which actions the organisation has: those that are written out (`catalogue`), and so many plain ones.

    `removed` are deleted; `changed` is the new schema of inputs of an action, whose version is one more then.
    """

    empty: bool = False
    plain: Annotated[int, Field(ge=0, le=10_000)] = PLAIN
    removed: tuple[str, ...] = ()
    changed: dict[str, dict[str, Any]] = {}
