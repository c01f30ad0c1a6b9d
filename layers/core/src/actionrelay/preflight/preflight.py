"""Use case: say whether this deployment can execute actions now, and what to do about it where it can't.

It runs no action and changes nothing: it reads the three secrets and the shared token, asks the login host for a
token of its own where none is shared, and the API host for what the client may do. At most three requests go to the API
host, each with a permit of the rate gate (``GatedProbe``), once a minute for all who ask (``SharedPreflight``).
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
"""How long the whole preflight takes at most, so that its caller has an answer within ten."""
LOGIN_WAIT_MS = 4_000
LOOK_WAIT_MS = 3_000
MIN_LEFT_MS = 60_000
"""Workers replace a token this long before it ends, so one that is older is not what they will use."""

_EVERYWHERE = (checks.CREDENTIALS, checks.TOKEN, checks.API, checks.CLOCK)
_SIGNING = (secrets.WEBHOOK_SECRET, secrets.DELIVERY_SECRET)
_NAMES = {
    GenesysApi.DATA_ACTIONS: (*_EVERYWHERE, checks.SCOPES, *_SIGNING),
    GenesysApi.INTEGRATIONS: (*_EVERYWHERE, checks.PERMISSION, checks.CATALOGUE, checks.LIMITS, *_SIGNING),
}


@dataclass(frozen=True, slots=True)
class RunPreflight:
    """Looks at everything that an execution needs of Genesys Cloud."""

    api: GenesysApi
    requests_per_minute: int
    secret_name: str
    credentials: Callable[[], str]
    """The secret string; raises ``SecretUnavailableError``."""
    signing: secrets.SigningSecrets
    store: TokenStore
    issuer: TokenIssuer
    platform: PlatformProbe
    clock: Clock
    patience_seconds: float = PATIENCE_SECONDS

    def run(self) -> dict[str, Json]:
        """Return ``{status: ok | degraded, checks}`` within ``patience_seconds``.

        Raises:
            PreflightFailedError: at least one check failed; it has all of them.
        """
        return self.report(self.look(), self.clock.now())

    def report(self, found: tuple[Check, ...], looked_at: int | None) -> dict[str, Json]:
        """Say what a look has found.

        Raises:
            PreflightFailedError: at least one check failed; it has all of them.
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
        """Look, for ``patience_seconds`` at most.

        It does so in a thread, since neither a name server nor a connection attempt can be given a time limit.
        A thread that is left behind finds nobody waiting for what it sees.
        """
        seen: dict[str, Check] = {}
        bugs: list[Exception] = []

        def look() -> None:
            try:
                self._look(seen)
            except Exception as bug:  # noqa: BLE001 - it belongs to the caller's thread, which raises it again
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
        """Every check, of which nothing is known."""
        return tuple(checks.not_checked(name, why) for name in _NAMES[self.api])

    def _look(self, seen: dict[str, Check]) -> None:
        """Check one thing after the other; a later look may correct what an earlier one said of the token."""
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
                "See that both hosts belong to one region: GenesysRegion, GenesysApiUrl, GenesysLoginUrl.",
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
        """Take the token that the workers share, or ask for one, which is not shared: a look changes nothing."""
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
                "See that the functions preflight and execute may read the parameter TokenParameterName. "
                "Workers may each ask for a token."
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
        advice = "Nothing: each worker replaces it when it is refused. Where that keeps happening, see who revokes it."
        return token, Check(checks.TOKEN, CheckStatus.WARNING, detail, advice), lacking

    def _scopes(self, token: AccessToken | None, lacking: ActionRelayError | None) -> Check:
        if lacking is not None:
            return checks.missing_scopes(lacking.message)
        if token is None:
            return checks.not_checked(checks.SCOPES, "there is no token")
        return checks.check_scopes(token.scopes, self.issuer.required_scopes)
