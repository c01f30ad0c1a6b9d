"""Where Genesys Cloud lives: the published regions, and what a deployment may put in their place."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from actionrelay.models import GenesysApi

REGIONS = frozenset(
    {
        "mypurecloud.com",
        "mypurecloud.ie",
        "mypurecloud.com.au",
        "mypurecloud.jp",
        "mypurecloud.de",
        "usw2.pure.cloud",
        "cac1.pure.cloud",
        "apne2.pure.cloud",
        "euw2.pure.cloud",
        "aps1.pure.cloud",
        "sae1.pure.cloud",
        "mec1.pure.cloud",
        "apne3.pure.cloud",
        "euc2.pure.cloud",
        "mxc1.pure.cloud",
        "apse1.pure.cloud",
        "use2.us-gov-pure.cloud",
        "edee1.eusc-pure.cloud",
    }
)


@dataclass(frozen=True, slots=True)
class GenesysHosts:
    """The base URLs of the API and of the login host, without a slash at the end."""

    api: str
    login: str


def find_hosts(api: GenesysApi, region: str, api_url: str = "", login_url: str = "") -> GenesysHosts:
    """Return the hosts of a region; an override replaces its half. The data-actions contract logs in at the API host.

    Raises:
        ValueError: not a published region, or an override that is no http(s) URL of a host.
    """
    if region not in REGIONS:
        raise ValueError(f"{region} is not a Genesys Cloud region")
    api_host = _base(api_url) if api_url else f"https://api.{region}"
    login_host = api_host if api is GenesysApi.DATA_ACTIONS else f"https://login.{region}"
    return GenesysHosts(api_host, _base(login_url) if login_url else login_host)


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("an override must be an http or https URL of a host, without credentials")
    if parts.query or parts.fragment or parts.port == 0:  # an impossible port is a ValueError of its own
        raise ValueError("an override must end with its host, port or path")
    return url.rstrip("/")
