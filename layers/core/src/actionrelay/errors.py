"""The tree of errors that leave a capability. Errors for control flow inside a module are defined there.

::

    ActionRelayError
    ├── RequestError                  the caller must change the request; nothing has changed
    │   ├── MalformedJsonError          400 malformed_json
    │   ├── UnauthenticWebhookError     401 unauthentic_webhook
    │   ├── CallerUnknownError          403 caller_unknown
    │   ├── OperatorsOnlyError          403 operators_only
    │   ├── ExecutionNotFoundError      404 execution_not_found
    │   ├── DecisionNotFoundError       404 decision_not_found
    │   ├── WorkflowNotFoundError       404 workflow_not_found
    │   ├── ActionNotFoundError         404 action_not_found
    │   ├── ExecutionConflictError      409 execution_conflict
    │   ├── WorkflowConflictError       409 workflow_conflict
    │   ├── OutcomeConflictError        409 outcome_conflict
    │   ├── WebhookConflictError        409 webhook_conflict
    │   ├── WrongStateError             409 wrong_state
    │   ├── NoCatalogueError            409 no_catalogue
    │   ├── PayloadTooLargeError        413 payload_too_large
    │   ├── UnsupportedMediaTypeError   415 unsupported_media_type
    │   └── InvalidRequestError         422 invalid_request (carries every fault at once)
    ├── BacklogFullError              429 backlog_full (a lane has no room; nothing has changed)
    ├── DependencyError               a service failed; worth trying again
    │   ├── QueueUnavailableError       503 queue_unavailable
    │   ├── StoreUnavailableError       503 store_unavailable
    │   └── SecretUnavailableError      503 secret_unavailable
    ├── MessageUnreadableError        500 message_unreadable (not a message of its queue)
    ├── LedgerError                   the ledger refuses a write
    │   ├── AlreadyRecordedError        409 already_recorded
    │   ├── StaleWriteError             409 stale_write
    │   ├── LeaseHeldError              409 lease_held
    │   ├── RecordUnreadableError       500 record_unreadable
    │   └── IllegalTransitionError      500 illegal_transition
    ├── TokenError                    no usable OAuth token
    │   ├── TokenUnavailableError       503 token_unavailable
    │   ├── TokenBeingRefreshedError    503 token_being_refreshed
    │   ├── CredentialsRefusedError     502 credentials_refused
    │   ├── PermissionMissingError      502 permission_missing
    │   └── ScopeMissingError           502 scope_missing
    ├── DeliveryError                 a webhook was not delivered
    │   ├── DeliveryRefusedError        422 webhook_url (the URL or its address is not allowed)
    │   └── DeliveryFailedError         503 delivery_failed (no response from the receiver)
    ├── ExportError                   a day's audit was not exported; an earlier file is unchanged
    │   ├── ExportRequestError          422 invalid_export
    │   ├── ExportUnfinishedError       500 export_unfinished
    │   └── ExportConflictError         500 export_conflict (entries exported earlier are gone or changed)
    └── DeploymentError               an operator must change the deployment
        ├── SettingsError               500 settings_invalid
        └── PreflightFailedError        503 preflight_failed (carries every check)

Each class has a ``code`` (stable, part of the API), ``http_status`` and ``retryable``. Each error has a ``context`` of
names and numbers that are safe to log: never a token, a secret, a signature, an input or a result.
"""

from typing import TYPE_CHECKING, ClassVar, Self

from actionrelay.fault import MAX_FAULTS, Fault

if TYPE_CHECKING:
    # For the type checker only: other functions' cold starts don't load it.
    from actionrelay.preflight_check import Check


class ActionRelayError(Exception):
    """Base of every error that actionrelay raises on purpose.

    It is never chained to the exception that was being handled, which may quote a request, a token or a secret.
    ``from None`` would hide that one from tracebacks only.
    """

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **context: str | int | None) -> None:
        """``context`` is for logs; values that code reads are attributes of a subclass."""
        super().__init__(message)
        self.message = message
        self.context: dict[str, str | int] = {name: value for name, value in context.items() if value is not None}

    def again(self) -> Self:
        """Return an equal error for another thread to raise, since an exception holds the frames of one thread."""
        equal = type(self).__new__(type(self), *self.args)
        equal.__dict__.update(self.__dict__)
        return equal

    # The interpreter sets the slot underneath; loggers and tracebacks read this property.
    @property
    def __context__(self) -> None:  # type: ignore[override]  # always None
        """None, whatever was being handled."""
        return


# -- Requests ---------------------------------------------------------------------------------------------------


class RequestError(ActionRelayError):
    """A request can't be accepted. Sending it again unchanged won't help."""

    http_status = 400


class MalformedJsonError(RequestError):
    """The body is not JSON (RFC 8259), or its meaning depends on the parser (duplicate keys, NaN)."""

    code = "malformed_json"
    title = "The body is not valid JSON"


class UnauthenticWebhookError(RequestError):
    """A webhook's signature is not valid. The reason goes to the log and not into the answer."""

    code = "unauthentic_webhook"
    http_status = 401
    title = "The webhook is not authentic"

    def __init__(self, reason: str, header: str | None = None) -> None:
        """``reason`` and ``header`` are for the log."""
        super().__init__("it is not proven to come from Genesys Cloud", reason=reason, header=header)
        self.reason = reason


class CallerUnknownError(RequestError):
    """A request without a signature and without an API key reached a route that is not open."""

    code = "caller_unknown"
    http_status = 403
    title = "The caller is not known"


class OperatorsOnlyError(RequestError):
    """A caller's API key was used on an operators' route."""

    code = "operators_only"
    http_status = 403
    title = "For operators alone"


class ExecutionNotFoundError(RequestError):
    """No execution has this id, or its retention has ended."""

    code = "execution_not_found"
    http_status = 404
    title = "No such execution"

    @classmethod
    def of(cls, execution_id: str) -> Self:
        """Name the id that was asked for, cut to the length of an id."""
        return cls("no execution with this id", execution_id=execution_id[:128])


class DecisionNotFoundError(RequestError):
    """No decision about many has this id, or its retention has ended."""

    code = "decision_not_found"
    http_status = 404
    title = "No such decision"


class ActionNotFoundError(RequestError):
    """The catalogue has no action with this id."""

    code = "action_not_found"
    http_status = 404
    title = "No such action"


class NoCatalogueError(RequestError):
    """This deployment's contract has no list of actions."""

    code = "no_catalogue"
    http_status = 409
    title = "There is no catalogue"


class ExecutionConflictError(RequestError):
    """The execution id was used for other content."""

    code = "execution_conflict"
    http_status = 409
    title = "The execution id belongs to another request"


class WorkflowNotFoundError(RequestError):
    """No workflow has this id, or its retention has ended."""

    code = "workflow_not_found"
    http_status = 404
    title = "No such workflow"

    @classmethod
    def of(cls, workflow_id: str) -> Self:
        """Name the id that was asked for, cut to the length of an id."""
        return cls("no workflow with this id", workflow_id=workflow_id[:128])


class WorkflowConflictError(RequestError):
    """The workflow id was used for other content."""

    code = "workflow_conflict"
    http_status = 409
    title = "The workflow id belongs to another workflow"


class OutcomeConflictError(RequestError):
    """A webhook contradicts the recorded outcome, which stays."""

    code = "outcome_conflict"
    http_status = 409
    title = "Another outcome is already recorded"


class WebhookConflictError(RequestError):
    """A webhook has the id of an earlier one and other content. The first one counts."""

    code = "webhook_conflict"
    http_status = 409
    title = "The webhook id belongs to another webhook"


class WrongStateError(RequestError):
    """The decision is not possible in the execution's current state, which the message names."""

    code = "wrong_state"
    http_status = 409
    title = "Not possible in this state"

    def __init__(self, message: str, allowed: tuple[str, ...] = (), **context: str | int | None) -> None:
        """``allowed`` are the decisions that are possible; the message lists them, too."""
        instead = f"what can be decided now: {', '.join(allowed)}" if allowed else "nothing can be decided now"
        super().__init__(f"{message}; {instead}", **context)
        self.allowed = allowed


class PayloadTooLargeError(RequestError):
    """The body has more bytes than ``MaxPayloadBytes``."""

    code = "payload_too_large"
    http_status = 413
    title = "The body is too large"


class UnsupportedMediaTypeError(RequestError):
    """The body is compressed, or in another charset than UTF-8."""

    code = "unsupported_media_type"
    http_status = 415
    title = "The body's coding is not supported"


class InvalidRequestError(RequestError):
    """The request breaks at least one rule. ``faults`` has all of its faults, or the first ``MAX_FAULTS``."""

    code = "invalid_request"
    http_status = 422
    title = "The request is invalid"

    def __init__(self, faults: tuple[Fault, ...], count: int | None = None) -> None:
        """``faults`` are in the order of the document; ``count`` is their number if not all are here."""
        count = len(faults) if count is None else count
        self.faults = faults[:MAX_FAULTS]
        self.count = count
        unlisted = count - len(self.faults)
        said = f"{count} {'fault' if count == 1 else 'faults'} found"
        if unlisted:
            said += f": the first {len(self.faults)}, and {unlisted} more that are not listed"
        super().__init__(said, faults=count)


class BacklogFullError(ActionRelayError):
    """A lane has all the work that it can do in time, and this caller has had its share of it."""

    code = "backlog_full"
    http_status = 429
    title = "The backlog is full"
    retryable = True

    def __init__(self, lane: str, retry_after_s: int) -> None:
        """Name the lane, and the seconds after which to try again."""
        super().__init__(f"the {lane} lane has no room for more", lane=lane, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


# -- Services that we depend on --------------------------------------------------------------------------------


class DependencyError(ActionRelayError):
    """An AWS service failed. The same call may succeed later."""

    http_status = 503
    retryable = True

    def __init__(self, message: str, *, aws_code: str | None = None, **context: str | int | None) -> None:
        """``aws_code`` is the service's error code, if it gave one."""
        super().__init__(message, aws_code=aws_code, **context)
        self.aws_code = aws_code


class QueueUnavailableError(DependencyError):
    """A message could not be sent."""

    code = "queue_unavailable"
    title = "The queue is not available"

    def __init__(
        self,
        message: str,
        *,
        aws_code: str | None = None,
        execution_id: str | None = None,
        workflow_id: str | None = None,
    ) -> None:
        """Name what is on record: a repeat with its id sends the message."""
        super().__init__(message, aws_code=aws_code, execution_id=execution_id, workflow_id=workflow_id)
        self.execution_id, self.workflow_id = execution_id, workflow_id


class StoreUnavailableError(DependencyError):
    """A table or the payload bucket could not be read or written."""

    code = "store_unavailable"
    title = "The store is not available"


class SecretUnavailableError(DependencyError):
    """A secret could not be read, or its content is not usable."""

    code = "secret_unavailable"
    title = "A secret is not available"


class MessageUnreadableError(ActionRelayError):
    """A message that no worker can handle: it is not one of its queue."""

    code = "message_unreadable"
    title = "Not a message of this queue"


# -- The ledger -------------------------------------------------------------------------------------------------


class LedgerError(ActionRelayError):
    """The ledger refuses a write; the record stays."""

    http_status = 409


class AlreadyRecordedError(LedgerError):
    """An execution with this id exists."""

    code = "already_recorded"
    title = "Already recorded"


class StaleWriteError(LedgerError):
    """The record has changed since it was read: read it again, and decide again."""

    code = "stale_write"
    title = "The record has changed"
    retryable = True


class LeaseHeldError(LedgerError):
    """Another worker holds the attempt, and its lease has not ended."""

    code = "lease_held"
    title = "Another worker holds the lease"
    retryable = True

    def __init__(self, message: str, remaining_ms: int, **context: str | int | None) -> None:
        """``remaining_ms`` is how long the lease still lasts."""
        super().__init__(message, remaining_ms=remaining_ms, **context)
        self.remaining_ms = remaining_ms


class RecordUnreadableError(LedgerError):
    """This release can't read the record: it was changed, or a newer release wrote it."""

    code = "record_unreadable"
    http_status = 500
    title = "The record can't be read"


class IllegalTransitionError(LedgerError):
    """The state machine has no such step: a bug, never a caller's fault."""

    code = "illegal_transition"
    http_status = 500
    title = "No such transition"


# -- OAuth ------------------------------------------------------------------------------------------------------


class TokenError(ActionRelayError):
    """There is no token, so no request was sent."""

    http_status = 502

    def __init__(
        self, message: str, *, status: int | None = None, reason: str | None = None, **context: str | int | None
    ) -> None:
        """``status`` is that of the login host's response; ``reason`` says why there is none."""
        super().__init__(message, status=status, reason=reason, **context)
        self.status, self.reason = status, reason


class TokenUnavailableError(TokenError):
    """The login host did not return a token. It may later."""

    code = "token_unavailable"
    http_status = 503
    title = "No token could be obtained"
    retryable = True

    def __init__(
        self, message: str, *, retry_after_ms: int = 0, status: int | None = None, reason: str | None = None
    ) -> None:
        """``retry_after_ms`` is how long the host asks to wait; 0 if it does not say."""
        super().__init__(message, status=status, reason=reason, retry_after_ms=retry_after_ms or None)
        self.retry_after_ms = retry_after_ms


class TokenBeingRefreshedError(TokenError):
    """Another worker is getting a token for all. The execution is tried again later."""

    code = "token_being_refreshed"
    http_status = 503
    title = "A token is being obtained"
    retryable = True

    def __init__(self, message: str, *, retry_within_ms: int = 1_000) -> None:
        """Try again after a random time of at most ``retry_within_ms``."""
        super().__init__(message, retry_within_ms=retry_within_ms)
        self.retry_within_ms = retry_within_ms


class CredentialsRefusedError(TokenError):
    """The login host refused the client id and secret (400 or 401)."""

    code = "credentials_refused"
    title = "Genesys Cloud refused the client credentials"


class PermissionMissingError(TokenError):
    """The client lacks a permission (403)."""

    code = "permission_missing"
    title = "The OAuth client lacks a permission"


class ScopeMissingError(TokenError):
    """The token lacks a scope that the contract needs; the message names it."""

    code = "scope_missing"
    title = "The token lacks a required scope"


# -- Outbound webhooks ------------------------------------------------------------------------------------------


class DeliveryError(ActionRelayError):
    """A webhook was not delivered."""


class DeliveryRefusedError(DeliveryError):
    """The outbound rules forbid this URL, so no connection was made."""

    code = "webhook_url"
    http_status = 422
    title = "The webhook URL is not allowed"


class DeliveryFailedError(DeliveryError):
    """The receiver could not be reached, or did not respond in time."""

    code = "delivery_failed"
    http_status = 503
    title = "The webhook could not be delivered"
    retryable = True


# -- Exported days ----------------------------------------------------------------------------------------------


class ExportError(ActionRelayError):
    """A day's audit was not exported. An earlier file is unchanged."""


class ExportRequestError(ExportError):
    """The requested day can't be exported."""

    code = "invalid_export"
    http_status = 422
    title = "No day that can be exported"


class ExportUnfinishedError(ExportError):
    """A day has more entries than one invocation can export; the next invocation goes on."""

    code = "export_unfinished"
    title = "The export did not come to its end in time"


class ExportConflictError(ExportError):
    """The table lacks or contradicts entries of an earlier export: the audit was changed."""

    code = "export_conflict"
    title = "The export differs from the earlier one"


# -- The deployment ---------------------------------------------------------------------------------------------


class DeploymentError(ActionRelayError):
    """An operator must change the deployment. No other request and no waiting helps."""


class SettingsError(DeploymentError):
    """An environment variable is missing or invalid; the message says which and why, without its value."""

    code = "settings_invalid"
    title = "The settings can't be used"


class PreflightFailedError(DeploymentError):
    """The deployment can't execute actions. ``checks`` says why, and what to do."""

    code = "preflight_failed"
    http_status = 503
    title = "This deployment can't execute actions"

    def __init__(self, checks: "tuple[Check, ...]") -> None:
        """``checks`` are all checks, including those that passed."""
        failed = [check.name for check in checks if check.has_failed]
        super().__init__(f"{len(failed)} of {len(checks)} checks failed", failed=", ".join(failed))
        self.checks = checks
