"""All rules for a request, checked together so that one answer names every fault."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.errors import DeliveryRefusedError
from actionrelay.fault import Fault
from actionrelay.faults import Faults
from actionrelay.genesys.contract import GenesysApi
from actionrelay.graph import cycle_faults
from actionrelay.ids import is_action_id
from actionrelay.schemas import measure_body, read, read_body, uuid_fault
from actionrelay.strict_json import MAX_NESTING, Json, paths_below, pointer
from actionrelay.submit.idempotency import execution_id, read_key
from actionrelay.submit.ports import KnownActions, NothingKnown
from actionrelay.submit.references import REFERENCES, read_references
from actionrelay.submit.request import MAX_ACTION_ID_LENGTH, MAX_TIMEOUT_MS, ExecutionRequest
from actionrelay.webhooks.targets import MAX_URL_LENGTH, OutboundPolicy, Resolver, parse_target, vet

_PUBLISHED_ID = re.compile(r"(custom|static)_", re.IGNORECASE)
"""Action ids of the platform API: ``custom_-_<uuid>``, ``static_-_<name>_-_<uuid>``, ``static_<uuid>``."""
_OTHER_CONTRACT = (
    "; an id such as this one is of the other contract: deploy with the parameter GenesysApi set to integrations"
)
INTEGRATIONS_MAX_TIMEOUT_MS = 60_000
"""The platform API stops an action after 60 s."""


@dataclass(frozen=True, slots=True)
class RequestRules:
    """The rules of one deployment."""

    api: GenesysApi
    max_payload_bytes: int
    max_input_depth: int
    outbound: OutboundPolicy
    resolver: Resolver
    actions: KnownActions = field(default_factory=NothingKnown)

    @property
    def contract_carries_id(self) -> bool:
        """Whether the execution id is sent with every attempt, which makes a repeat safe."""
        return self.api is GenesysApi.DATA_ACTIONS

    def read(self, raw: bytes, idempotency_key: str | None = None, caller: str | None = None) -> ExecutionRequest:
        """Read a body as sent into a valid request with its ids in canonical form.

        ``idempotency_key`` is the header as ``caller`` sent it.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault at once.
        """
        document, most_levels = measure_body(raw, self.max_payload_bytes)
        faults = Faults()
        if idempotency_key is not None:
            document = _with_key(document, idempotency_key, caller, faults)
        request = self.judge(document, most_levels) if isinstance(document, dict) else read(ExecutionRequest, document)
        if isinstance(request, Faults):
            faults.merge(request, order=_place_in(document))
            faults.refuse()
        if faults:
            faults.refuse()
        return self.canonical(request)

    def judge(self, document: dict[str, Json], most_levels: int = MAX_NESTING) -> ExecutionRequest | Faults:
        """Check a document by every rule; return the request, its ids as sent, or all faults.

        ``most_levels`` is the depth of the document, or more. Faults are in the order of their fields in the document.
        """
        request = read(ExecutionRequest, document)
        found = [request] if isinstance(request, Faults) else []
        found.extend(self._cross_rules(document, most_levels))
        if not isinstance(request, Faults) and not found:
            return request
        faults, order = Faults(), _place_in(document)
        for each in found:
            faults.merge(each, order=order)
        return faults

    def body(self, raw: bytes) -> Json:
        """Read a body as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: nested too deep.
        """
        return read_body(raw, self.max_payload_bytes)

    def _cross_rules(self, document: dict[str, Json], most_levels: int) -> Iterator[Faults]:
        """Check what a schema can't, field by field, so that no fault hides another."""
        if single := tuple(filter(None, self._single_values(document))):
            yield Faults.of(*single)
        inputs = document.get("inputs")
        # Each step below inputs is one object or array around the value, and the document is one more.
        may_be_too_deep = most_levels > self.max_input_depth + 1
        if isinstance(inputs, dict) and may_be_too_deep and (paths := paths_below(inputs, self.max_input_depth)):
            yield self._too_deep(paths)
        if isinstance(inputs, dict) and self.actions.enforced and (broken := self._contract(document, inputs)):
            yield Faults.of(*broken)
        references = document.get("actionReferences")
        if isinstance(references, dict):
            graph, faults = read_references(references)
            faults.take(*cycle_faults(graph, REFERENCES))
            if faults:
                yield faults

    def _single_values(self, document: dict[str, Json]) -> tuple[Fault | None, ...]:
        """Check the fields that are one value each. A value that the schema refuses has no second fault here."""
        value = document.get
        return (
            self._action_id(value("actionId")),
            self._timeout(value("timeout")),
            _uuid(value("executionId"), "/executionId"),
            _uuid(value("traceId"), "/traceId"),
            self._webhook_url(value("webhookUrl")),
        )

    def _action_id(self, value: Json) -> Fault | None:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_ACTION_ID_LENGTH:
            return None
        if self.api is GenesysApi.INTEGRATIONS:
            valid = is_action_id(value)
            return None if valid else Fault("/actionId", "schema", "must be letters, digits, _ and - only")
        fault = uuid_fault(value, "/actionId")
        return replace(fault, detail=fault.detail + _OTHER_CONTRACT) if fault and _PUBLISHED_ID.match(value) else fault

    def _timeout(self, value: Json) -> Fault | None:
        if self.api is not GenesysApi.INTEGRATIONS or not isinstance(value, int | float):
            return None
        if not INTEGRATIONS_MAX_TIMEOUT_MS < value <= MAX_TIMEOUT_MS:
            return None
        detail = f"must be at most {INTEGRATIONS_MAX_TIMEOUT_MS} ms by this deployment's contract"
        return Fault("/timeout", "schema", detail)

    def _contract(self, document: dict[str, Json], inputs: dict[str, Json]) -> Sequence[Fault]:
        action_id = document.get("actionId")
        known = isinstance(action_id, str) and is_action_id(action_id)
        return self.actions.faults(str(action_id), inputs) if known else ()

    def _too_deep(self, paths: tuple[tuple[str | int, ...], ...]) -> Faults:
        faults = Faults()
        for path in paths:
            detail = f"is {len(path)} steps below inputs, {self.max_input_depth} are allowed"
            faults.add(("inputs", *path), "depth", detail)
        return faults

    def _webhook_url(self, value: Json) -> Fault | None:
        """Refuse a forbidden URL or address. A name that does not resolve is accepted: it may resolve later."""
        if not isinstance(value, str) or not 0 < len(value) <= MAX_URL_LENGTH:
            return None
        try:
            target = parse_target(value, self.outbound)
            addresses = self.resolver.resolve(target.host, target.port)
            if addresses:
                vet(target, addresses, self.outbound)
        except DeliveryRefusedError as error:
            return Fault("/webhookUrl", "webhook_url", error.message)
        return None

    def webhook_faults(self, value: str) -> tuple[Fault, ...]:
        """Return the faults of a webhook's URL, at ``/webhookUrl``."""
        if len(value) > MAX_URL_LENGTH:
            return (Fault("/webhookUrl", "schema", f"must have at most {MAX_URL_LENGTH} characters"),)
        fault = self._webhook_url(value)
        return (fault,) if fault else ()

    def canonical(self, request: ExecutionRequest) -> ExecutionRequest:
        """Return a request with its ids as records have them: each UUID in lower case."""
        ids = {"execution_id": request.execution_id, "trace_id": request.trace_id}
        if self.api is GenesysApi.DATA_ACTIONS:
            ids["action_id"] = request.action_id
        changed = {name: value.lower() for name, value in ids.items() if value and value != value.lower()}
        return request.model_copy(update=changed) if changed else request


def _uuid(value: Json, where: str) -> Fault | None:
    return uuid_fault(value, where) if isinstance(value, str) else None


def _with_key(document: Json, header: str, caller: str | None, faults: Faults) -> Json:
    """Return the document with the execution id of the ``Idempotency-Key`` header."""
    key = read_key(header)
    if key is None:
        faults.add(("header", "Idempotency-Key"), "schema", "must be 1 to 255 visible ASCII characters")
        return document
    if not isinstance(document, dict):
        return document
    given, meant = document.get("executionId"), execution_id(key, caller)
    if given is None:
        return {**document, "executionId": meant}
    if isinstance(given, str) and given.lower() != meant:
        faults.add(("executionId",), "schema", "differs from the Idempotency-Key header")
    return document


def _place_in(document: Json) -> Callable[[Fault], int]:
    """Order faults like their fields in the document; faults without a field come first."""
    places = {pointer(name): place for place, name in enumerate(document, 1)} if isinstance(document, dict) else {}
    return lambda fault: places.get("/".join(fault.pointer.split("/")[:2]), 0)
