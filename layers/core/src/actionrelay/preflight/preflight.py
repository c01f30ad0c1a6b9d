"""Use case: report whether this deployment can execute actions now, and if not, what to do.

It runs no action and changes nothing: it reads the three secrets and the shared token, requests a token for itself if
none is shared, and asks the API host what the client may do. It sends the API host at most three requests, each with a
permit of the rate gate (``GatedProbe``), once a minute for all callers (``SharedPreflight``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import (
    ActionRelayError,
    DependencyError,
    PreflightFailedError,
    ScopeMissingError,
    SecretUnavailableError,
    TokenError,
)
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ports import Clock
from actionrelay.preflight import checks, secrets
from actionrelay.preflight.document import HealthDocument, check_document
from actionrelay.preflight.ports import PlatformProbe
from actionrelay.preflight_check import Check, CheckStatus
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import iso_or_none
from actionrelay.token.ports import AccessToken, TokenIssuer, TokenStore

PATIENCE_SECONDS = 9.0
"""The most that a whole preflight takes, so that its caller has an answer within ten seconds."""
LOGIN_WAIT_MS = 4_000
LOOK_WAIT_MS = 3_000
MIN_LEFT_MS = 60_000
"""Workers replace a token this long before it expires, so they won't use one with less time left."""

_EVERYWHERE = (checks.CREDENTIALS, checks.TOKEN, checks.API, checks.CLOCK)
_SIGNING = (secrets.WEBHOOK_SECRET, secrets.DELIVERY_SECRET)
_NAMES = {
    GenesysApi.DATA_ACTIONS: (*_EVERYWHERE, checks.SCOPES, *_SIGNING),
    GenesysApi.INTEGRATIONS: (*_EVERYWHERE, checks.PERMISSION, checks.CATALOGUE, checks.LIMITS, *_SIGNING),
}


@dataclass(frozen=True, slots=True)
class RunPreflight:
    """Checks everything that an execution needs of Genesys Cloud."""

    api: GenesysApi
    requests_per_minute: int
    secret_name: str
    credentials: Callable[[], str]
    """Returns the secret string; raises ``SecretUnavailableError``."""
    signing: secrets.SigningSecrets
    store: TokenStore
    issuer: TokenIssuer
    platform: PlatformProbe
    clock: Clock
    patience_seconds: float = PATIENCE_SECONDS

    def run(self) -> dict[str, Json]:
        """Return ``{status: ok | degraded, checks}`` within ``patience_seconds``.

        Raises:
            PreflightFailedError: at least one check failed. The error has all checks.
        """
        return self.report(self.look(), self.clock.now())

    def report(self, found: tuple[Check, ...], looked_at: int | None) -> dict[str, Json]:
        """Return the document of checks that were made at ``looked_at`` (ms since the epoch).

        Raises:
            PreflightFailedError: at least one check failed. The error has all checks.
        """
        if any(check.has_failed for check in found):
            raise PreflightFailedError(found)
        whole = all(check.status is CheckStatus.OK for check in found)
        seen: HealthDocument = {
            "status": "ok" if whole else "degraded",
            "checks": [check_document(check) for check in found],
            "checkedAt": iso_or_none(looked_at),
        }
        return as_json(seen)

    def look(self) -> tuple[Check, ...]:
        """Make the checks, within ``patience_seconds``.

        They run in a thread, since name resolution and connection attempts can't be given a time limit. What a thread
        finds after that time is ignored.
        """
        seen: dict[str, Check] = {}
        bugs: list[Exception] = []

        def look() -> None:
            try:
                self._look(seen)
            except Exception as bug:  # noqa: BLE001 - the caller's thread raises it again
                bugs.append(bug)

        looking = threading.Thread(target=look, name="preflight", daemon=True)
        looking.start()
        looking.join(self.patience_seconds)
        if bugs:
            raise bugs[0]
        known = dict(seen)
        late = [name for name in _NAMES[self.api] if name not in known]
        known |= {name: checks.not_checked(name, "the time was over") for name in late[1:]}
        known |= {name: checks.overdue(name, self.patience_seconds) for name in late[:1]}
        return tuple(known[name] for name in _NAMES[self.api])

    def nothing_yet(self, why: str) -> tuple[Check, ...]:
        """Return every check as not made, for this reason."""
        return tuple(checks.not_checked(name, why) for name in _NAMES[self.api])

    def _look(self, seen: dict[str, Check]) -> None:
        """Make one check after another; a later one may correct an earlier result for the token."""
        seen |= self.signing.look(results_come_by_webhook=self.api is GenesysApi.DATA_ACTIONS)
        seen[checks.CREDENTIALS] = self._credentials()
        token, seen[checks.TOKEN], lacking = self._shared_or_fresh()
        sight = self.platform.about_client(token, LOOK_WAIT_MS)
        if token and sight.status == 401:
            token, seen[checks.TOKEN], lacking = self._after_refusal()
            if token:
                sight = self.platform.about_client(token, LOOK_WAIT_MS)
        if token and sight.status == 401:
            seen[checks.TOKEN] = Check(
                checks.TOKEN,
                CheckStatus.FAILED,
                "the API host refuses a token that the login host has just granted",
                "Check that both hosts belong to one region: GenesysRegion, GenesysApiUrl, GenesysLoginUrl.",
            )
            token = None
        seen[checks.API] = checks.check_api(sight)
        seen[checks.CLOCK] = checks.check_clock(sight, self.clock.now())
        if self.api is GenesysApi.DATA_ACTIONS:
            seen[checks.SCOPES] = self._scopes(token, lacking)
        elif token is None:
            unseen = (checks.PERMISSION, checks.CATALOGUE, checks.LIMITS)
            seen |= {name: checks.not_checked(name, "there is no token") for name in unseen}
        else:
            seen[checks.PERMISSION] = checks.check_permission(sight)
            seen[checks.CATALOGUE] = checks.check_catalogue(sight)
            limits = self.platform.limits(token, LOOK_WAIT_MS)
            seen[checks.LIMITS] = checks.check_limits(limits, self.requests_per_minute, sight.rate)

    def _credentials(self) -> Check:
        try:
            return checks.check_credentials(self.credentials(), self.secret_name)
        except SecretUnavailableError as error:
            return checks.unreadable_credentials(error, self.secret_name)

    def _shared_or_fresh(self) -> tuple[AccessToken | None, Check, ScopeMissingError | None]:
        """Return the token that the workers share, or request one, which is not shared: a preflight changes nothing."""
        now = self.clock.now()
        try:
            shared = self.store.read()
            ours = shared is not None and shared.issuer == self.issuer.issuer
        except DependencyError as error:
            token, check, lacking = self._fresh()
            if token is None:
                return token, check, lacking
            detail = f"{error.message} ({error.aws_code or error.code}); one was granted on request"
            advice = (
                "Check that the functions preflight and execute may read the parameter TokenParameterName. "
                "Otherwise each worker may request a token."
            )
            return token, Check(checks.TOKEN, CheckStatus.WARNING, detail, advice), lacking
        except TokenError as error:
            return None, checks.refused_token(error, self.secret_name), None
        complete = shared is not None and set(self.issuer.required_scopes) <= set(shared.scopes)
        if shared is None or not ours or not complete or shared.expires_at - now <= MIN_LEFT_MS:
            return self._fresh()
        left = (shared.expires_at - now) // 1_000
        check = Check(checks.TOKEN, CheckStatus.OK, f"the shared token is valid for {left} s; none was asked for")
        return shared, check, None

    def _fresh(self) -> tuple[AccessToken | None, Check, ScopeMissingError | None]:
        try:
            token = self.issuer.request(self.clock.now(), LOGIN_WAIT_MS)
        except TokenError as error:
            check = checks.refused_token(error, self.secret_name)
            return None, check, error if isinstance(error, ScopeMissingError) else None
        left = (token.expires_at - self.clock.now()) // 1_000
        return token, Check(checks.TOKEN, CheckStatus.OK, f"a token was granted on request, for {left} s"), None

    def _after_refusal(self) -> tuple[AccessToken | None, Check, ScopeMissingError | None]:
        token, check, lacking = self._fresh()
        if token is None:
            return token, check, lacking
        detail = "the API host refused the token; another was granted on request"
        advice = "Nothing: each worker replaces a refused token. If it keeps happening, find out who revokes it."
        return token, Check(checks.TOKEN, CheckStatus.WARNING, detail, advice), lacking

    def _scopes(self, token: AccessToken | None, lacking: ActionRelayError | None) -> Check:
        if lacking is not None:
            return checks.missing_scopes(lacking.message)
        if token is None:
            return checks.not_checked(checks.SCOPES, "there is no token")
        return checks.check_scopes(token.scopes, self.issuer.required_scopes)
