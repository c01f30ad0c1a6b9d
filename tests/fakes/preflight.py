"""A deployment as the preflight sees it."""

from dataclasses import dataclass, field

from actionrelay.errors import PreflightFailedError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.preflight.checks import Sight
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.preflight.secrets import SigningSecrets
from actionrelay.preflight_check import Check
from tests.fakes.chance import SettableClock
from tests.fakes.genesys import InMemoryTokenStore, ScriptedIssuer, ScriptedPlatform
from tests.fakes.relay import CREDENTIALS, SIGNING


@dataclass(slots=True)
class Deployment:
    """Everything that a preflight checks; healthy unless changed."""

    api: GenesysApi = GenesysApi.DATA_ACTIONS
    secret: str | Exception = CREDENTIALS
    signing: SigningSecrets = SIGNING
    store: InMemoryTokenStore = field(default_factory=InMemoryTokenStore)
    issuer: ScriptedIssuer = field(default_factory=ScriptedIssuer)
    platform: ScriptedPlatform = field(default_factory=ScriptedPlatform)
    clock: SettableClock = field(default_factory=SettableClock)
    requests_per_minute: int = 270
    patience_seconds: float = 5.0

    def read_secret(self) -> str:
        if isinstance(self.secret, Exception):
            raise self.secret
        return self.secret

    def preflight(self) -> RunPreflight:
        return RunPreflight(
            self.api,
            self.requests_per_minute,
            "genesys-secret",
            self.read_secret,
            self.signing,
            self.store,
            self.issuer,
            self.platform,
            self.clock,
            self.patience_seconds,
        )

    def overall(self) -> str:
        try:
            return str(self.preflight().run()["status"])
        except PreflightFailedError:
            return "failed"

    def found(self) -> dict[str, Check]:
        return {check.name: check for check in self.preflight().look()}

    def sees(self, *sights: Sight) -> None:
        self.platform.about.extend(sights)
