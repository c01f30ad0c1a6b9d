"""Genesys Cloud's addresses: the published regions, the URLs that a deployment may use instead, and paths."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from actionrelay.genesys.contract import GenesysApi

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


_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?")


@dataclass(frozen=True, slots=True)
class GenesysHosts:
    """The base URLs of the API and of the login host, without a trailing slash."""

    api: str
    login: str


def find_hosts(api: GenesysApi, region: str, api_url: str = "", login_url: str = "") -> GenesysHosts:
    """Return the hosts of a region; an override replaces one. The data-actions contract logs in at the API host.

    Raises:
        ValueError: not a published region, or an override that is not an http(s) URL of a host.
    """
    require_region(region)
    api_host = base_url(api_url) if api_url else f"https://api.{region}"
    login_host = api_host if api is GenesysApi.DATA_ACTIONS else f"https://login.{region}"
    return GenesysHosts(api_host, base_url(login_url) if login_url else login_host)


def require_region(region: str) -> str:
    """Return a region if it is on the published list, so that credentials don't go to another host by mistake.

    Raises:
        ValueError: it is not on the list.
    """
    if region not in REGIONS:
        raise ValueError("not a published Genesys Cloud region")
    return region


def base_url(url: str) -> str:
    """Return the URL of a host, with a port and a path if it has them, without a trailing slash.

    The URL must have a form that every parser reads the same way (RFC 3986), so that what is checked here is what is
    connected to. Errors don't quote it, since it may hold a password.

    Raises:
        ValueError: another scheme, no host, user information, a query or a fragment.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an http or https URL of a host, without credentials")
    if parts.query or parts.fragment or "?" in url or "#" in url or parts.port == 0:
        raise ValueError("must end with its host, port or path")  # `parts.port` raises ValueError for an impossible one
    host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    if " " in url or not url.isprintable() or not _HOST.fullmatch(host) or not _PATH.fullmatch(parts.path):
        raise ValueError("must be a host and a path in plain characters")
    return url.rstrip("/")


def as_segment(text: str) -> str:
    """Quote a text so that a URL holds it as one path segment (RFC 3986, section 3.3).

    ``quote`` leaves dots alone, but ``.`` and ``..`` have a meaning in a path, so theirs are quoted here.
    """
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")
