"""The error responses, of functions and of API Gateway, by status, with all their codes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from actionrelay.boundary.http import PROBLEM
from actionrelay.boundary.routes import Access, Route
from actionrelay.errors import ActionRelayError, BacklogFullError, DependencyError
from tools.openapi import examples
from tools.openapi.operations import ANYWHERE, CALLERS_ALONE, OPERATIONS, OPERATORS_ALONE, READ_FIRST, Operation
from tools.openapi.template import GatewayAnswer

FORBIDDEN = HTTPStatus.FORBIDDEN
UNSIGNED = {"forbidden"}
"""The gateway's one 403 on an open route; the others concern credentials."""


@dataclass(slots=True)
class _Problems:
    """The problems of one status."""

    titles: dict[str, str] = field(default_factory=dict)
    """By code."""
    has_retry_after: bool = False

    def add(self, code: str, title: str, *, has_retry_after: bool) -> None:
        self.titles.setdefault(code, title)
        self.has_retry_after |= has_retry_after

    def with_also(self, other: "_Problems") -> "_Problems":
        """Return both together."""
        return _Problems({**other.titles, **self.titles}, self.has_retry_after or other.has_retry_after)

    def response(self, status: int) -> dict[str, Any]:
        """Return the response object."""
        said = {"status": {"const": status}, "code": {"enum": list(self.titles)}}
        response: dict[str, Any] = {
            "description": "; ".join(f"`{code}`: {title}" for code, title in self.titles.items()),
            "content": {
                PROBLEM: {
                    "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": said}]},
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in self.titles},
                }
            },
        }
        if self.has_retry_after:
            response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
        return response


@dataclass(frozen=True, slots=True)
class ProblemResponses:
    """The problems of every route; the gateway's own are shared by all."""

    gateway: tuple[GatewayAnswer, ...]

    def of(self, route: Route, operation: Operation) -> dict[str, Any]:
        """Return a response, or a reference to one, for each status of a problem of one route."""
        operators = OPERATORS_ALONE if route.access is Access.OPERATOR else ()
        own, everywhere = (
            _own((*operation.errors, *operators)),
            self._everywhere(is_open=route.access is Access.OPEN, is_proven=bool(route.proof)),
        )
        shared = self.shared()
        found: dict[str, Any] = {}
        for status in sorted(own.keys() | everywhere.keys()):
            everybodys = everywhere.get(status, _Problems())
            response = own.get(status, _Problems()).with_also(everybodys).response(status)
            is_shared = shared.get(_name(status)) == response
            found[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"} if is_shared else response
        return found

    def shared(self) -> dict[str, Any]:
        """Return the shared responses, which every callers' route can return."""
        known = self._everywhere(is_open=False)
        return {_name(status): known[status].response(status) for status in sorted(known)}

    def _everywhere(self, *, is_open: bool, is_proven: bool = False) -> "dict[int, _Problems]":
        gateway = [
            answer for answer in self.gateway if not is_open or answer.status != FORBIDDEN or answer.code in UNSIGNED
        ]
        first = () if is_proven else READ_FIRST
        found = _own((*first, *ANYWHERE, *(() if is_open else CALLERS_ALONE)))
        for status, problems in _from_gateway(gateway).items():
            found[status] = found.get(status, _Problems()).with_also(problems)
        return found

    def examples(self) -> dict[str, Any]:
        """Return one problem document for each code."""
        errors = {
            error
            for operation in OPERATIONS.values()
            for error in (*operation.errors, *READ_FIRST, *ANYWHERE, *CALLERS_ALONE, *OPERATORS_ALONE)
        }
        found = {error.code: examples.problem(error) for error in errors}
        for answer in self.gateway:
            found.setdefault(answer.code, _gateway_problem(answer))
        return {code: {"value": found[code]} for code in sorted(found)}


def _own(errors: Iterable[type[ActionRelayError]]) -> dict[int, _Problems]:
    found: dict[int, _Problems] = {}
    for error in errors:
        retried = issubclass(error, DependencyError | BacklogFullError)
        found.setdefault(error.http_status, _Problems()).add(error.code, error.title, has_retry_after=retried)
    return found


def _from_gateway(answers: Iterable[GatewayAnswer]) -> dict[int, _Problems]:
    found: dict[int, _Problems] = {}
    for answer in answers:
        known = found.setdefault(answer.status, _Problems())
        known.add(answer.code, answer.title, has_retry_after=answer.has_retry_after)
    return found


def _name(status: int) -> str:
    """Return the status in words, as one name: ``TooManyRequests``."""
    return "".join(word.capitalize() for word in HTTPStatus(status).phrase.split())


def _gateway_problem(answer: GatewayAnswer) -> dict[str, Any]:
    return {
        "type": f"urn:actionrelay:problem:{answer.code}",
        "title": answer.title,
        "status": answer.status,
        "detail": answer.detail,
        "code": answer.code,
        "traceId": examples.REQUEST_ID,
    }
