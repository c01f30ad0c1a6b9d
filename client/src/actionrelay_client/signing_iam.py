"""A SigV4 signature, by the credentials that botocore finds."""

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from actionrelay_client.errors import SettingsError
from actionrelay_client.settings import Settings
from actionrelay_client.signing import Signer


class IamSigner(Signer):
    """A signature by AWS credentials: environment, profile, single sign-on, a role, whatever botocore finds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = self._find()
        self._region = settings.region or self._session_region()

    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        """Add a signature over all of it, by the credentials as they are now."""
        request = AWSRequest(method, url, headers=dict(headers), data=body or b"")
        try:
            SigV4Auth(self._credentials.get_frozen_credentials(), "execute-api", self._region).add_auth(request)
        except BotoCoreError as error:
            raise SettingsError(f"the AWS credentials can't be used: {error}") from None
        return dict(request.headers.items())

    def renew(self) -> bool:
        """Find the credentials again: the user may have logged in again."""
        if self._settings.access_key_id:
            return False
        self._credentials = self._find()
        return True

    def _find(self) -> Credentials:
        settings = self._settings
        if settings.access_key_id and settings.secret_access_key:
            return Credentials(settings.access_key_id, settings.secret_access_key)
        try:
            found: Credentials | None = Session(profile=settings.profile).get_credentials()
        except BotoCoreError as error:
            raise SettingsError(f"the AWS credentials can't be used: {error}") from None
        if found is None:
            raise SettingsError(
                "no credentials: set an AWS profile or the AWS environment's variables, or ACTIONRELAY_API_KEY"
            )
        return found

    def _session_region(self) -> str:
        region = Session(profile=self._settings.profile).get_config_variable("region")
        if not isinstance(region, str):
            raise SettingsError("no region: give one, or set AWS_REGION")
        return region
