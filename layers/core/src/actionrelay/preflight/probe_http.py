"""The preflight's requests to the API host: GETs of the published platform API, none of which runs an action."""

from dataclasses import dataclass
from typing import override

import urllib3

from actionrelay.errors import MalformedJsonError
from actionrelay.foreign_json import LOOK, read
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.error_answers import read_rate
from actionrelay.genesys.http import NoAnswerError, NotSentError, get
from actionrelay.preflight.checks import Sight
from actionrelay.preflight.ports import PlatformProbe
from actionrelay.strict_json import Json
from actionrelay.token.ports import AccessToken

_ABOUT_CLIENT = {
    GenesysApi.DATA_ACTIONS: "/api/v2/tokens/me",
    GenesysApi.INTEGRATIONS: "/api/v2/authorization/subjects/me?includeFullRoles=true",
}
_LIMITS = "/api/v2/organizations/limits/namespaces/dataactions"


@dataclass(frozen=True, slots=True)
class GenesysProbe(PlatformProbe):
    """A ``PlatformProbe`` over HTTP."""

    pool: urllib3.PoolManager
    api_url: str
    api: GenesysApi

    @override
    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Ask about the token's client: its token with data-actions, its roles and policies with integrations."""
        return self._look(_ABOUT_CLIENT[self.api], token, wait_ms)

    @override
    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Ask for the organisation's limits of data actions (permission ``limits:organization:view``)."""
        return self._look(_LIMITS, token, wait_ms)

    def _look(self, path: str, token: AccessToken | None, wait_ms: int) -> Sight:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.value}"
        try:
            answer = get(self.pool, self.api_url + path, headers, wait_ms / 1_000)
        except (NotSentError, NoAnswerError) as failure:
            return Sight(None, str(failure))
        return Sight(
            answer.status,
            document=_document(answer.body),
            date=answer.headers.get("Date"),
            rate=read_rate(answer.headers),
        )


def _document(body: bytes) -> Json:
    try:
        return read(body, LOOK)
    except (MalformedJsonError, ValueError):
        return None
