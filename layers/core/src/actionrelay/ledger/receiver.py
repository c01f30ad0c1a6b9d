"""How a receiver is named where a history is kept, and whom it shares its deliveries' turns with. Pure."""

from hashlib import sha256
from ipaddress import IPv6Network
from urllib.parse import SplitResult, urlsplit

_SHARED = frozenset(
    {
        *("amazonaws.com", "api.aws", "on.aws", "appspot.com", "azure-api.net", "azurewebsites.net"),
        *("cloudapp.azure.com", "cloudfront.net", "cloudfunctions.net", "firebaseapp.com", "fly.dev", "github.io"),
        *("gitlab.io", "herokuapp.com", "netlify.app", "ngrok-free.app", "ngrok.app", "ngrok.dev", "ngrok.io"),
        *("onrender.com", "pages.dev", "pure.cloud", "run.app", "vercel.app", "web.app", "windows.net", "workers.dev"),
    }
)
"""Domains whose names belong to different people, beyond the registries' own."""
_LONGEST_COUNTRYS_SECOND = 3
"""``co.uk``, ``com.au``, ``gv.at``: below a country's domain, so short a name is a registry's, not somebody's."""
_COUNTRY = 2


def without_path(url: str | None) -> str | None:
    """Return ``https://host[:port]/#sha256=<digest of the whole URL>``: None for none.

    Path and query of a webhook URL may be as good as a password, and a history is kept long and read by many.
    The digest says whether two entries mean the same URL, and whether one is the record's.
    """
    if url is None:
        return None
    parts = _parts(url)
    # What comes before an `@` may be a password, too.
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/" if parts else ""
    return f"{origin}#sha256={sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()}"


def receiver_group(url: str) -> str | None:
    """Return what names a receiver's owner, as far as a name shows: its registrable domain, or an address.

    The owner of a domain can use any number of names below it, and each would be a receiver of its own. A rule of thumb
    replaces the list of public suffixes: one label below the registry, a whole name on a platform that many share, an
    IPv4 address, the /64 of an IPv6 one. None for a URL without a host.
    """
    parts = _parts(url)
    host = ((parts.hostname if parts else None) or "").removesuffix(".")
    labels = host.split(".")
    if ":" in host:
        try:
            return str(IPv6Network((host, 64), strict=False))
        except ValueError:
            return None
    if labels[-1].isdecimal() or any(host.endswith(f".{domain}") for domain in _SHARED):
        return host
    below_country = len(labels[-1]) == _COUNTRY and len(labels[-2:][0]) <= _LONGEST_COUNTRYS_SECOND
    return ".".join(labels[-3 if below_country else -2 :]) or None


def _parts(url: str) -> SplitResult | None:
    """Take a URL apart; None for what is none. A record may have one that a later Python does not take any more."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
