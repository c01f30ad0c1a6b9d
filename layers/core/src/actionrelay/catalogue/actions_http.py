"""Genesys Cloud's own list of actions (the published platform API, permission ``integrations:action:view``)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import override

import urllib3

from actionrelay.catalogue.ports import ActionsApi, Answered, Seen
from actionrelay.catalogue.reading import MAX_PAGE
from actionrelay.errors import MalformedJsonError
from actionrelay.foreign_json import CATALOGUE, read
from actionrelay.genesys.hosts import as_segment
from actionrelay.genesys.http import NoAnswerError, NotSentError, get
from actionrelay.token.ports import AccessToken

_ACTIONS = "/api/v2/integrations/actions"
_ANSWERED = {
    HTTPStatus.UNAUTHORIZED: Answered.TOKEN_REFUSED,
    HTTPStatus.FORBIDDEN: Answered.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Answered.MISSING,
    HTTPStatus.TOO_MANY_REQUESTS: Answered.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class GenesysActions(ActionsApi):
    """An ``ActionsApi``. Asks only the API host, whatever a response refers to."""

    pool: urllib3.PoolManager
    api_url: str

    @override
    def page(self, number: int, token: AccessToken, wait_ms: int) -> Seen:
        """Ask for a page of the actions that can be executed. Genesys Cloud leaves out those that only log in."""
        return self._get(f"{_ACTIONS}?pageSize={MAX_PAGE}&pageNumber={number}", token, wait_ms)

    @override
    def definition(self, action_id: str, token: AccessToken, wait_ms: int) -> Seen:
        return self._get(f"{_ACTIONS}/{as_segment(action_id)}?expand=contract&includeConfig=true", token, wait_ms)

    @override
    def schema(self, action_id: str, file: str, token: AccessToken, wait_ms: int) -> Seen:
        return self._get(f"{_ACTIONS}/{as_segment(action_id)}/schemas/{as_segment(file)}", token, wait_ms)

    def _get(self, path: str, token: AccessToken, wait_ms: int) -> Seen:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token.value}"}
        try:
            answer = get(self.pool, self.api_url + path, headers, wait_ms / 1_000)
            if answer.status != HTTPStatus.OK:
                answered = _ANSWERED.get(HTTPStatus(answer.status), Answered.FAILED)
                return Seen(answered, retry_after=answer.headers.get("Retry-After"))
            return Seen(Answered.DOCUMENT, read(answer.body, CATALOGUE))
        except (NotSentError, NoAnswerError, MalformedJsonError, ValueError):
            return Seen(Answered.FAILED)
