"""How the history names a webhook's receiver, and which receivers share turns. Pure."""

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
"""Domains below which names belong to different owners, besides those of registries."""
_LONGEST_COUNTRYS_SECOND = 3
"""``co.uk``, ``com.au``, ``gv.at``: below a country's domain, a name this short belongs to the registry."""
_COUNTRY = 2


def without_path(url: str | None) -> str | None:
    """Return ``https://host[:port]/#sha256=<digest of the whole URL>``; None for None.

    Path and query of a webhook URL may hold a secret, and the history is kept for long and read by many. The digest
    shows whether two entries mean the same URL.
    """
    if url is None:
        return None
    parts = _parts(url)
    # The part before an `@` may be a password.
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/" if parts else ""
    return f"{origin}#sha256={sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()}"


def receiver_group(url: str) -> str | None:
    """Return what identifies a receiver's owner: its registrable domain, or an address.

    A domain's owner can use any number of names below it, so all of them are one receiver. A heuristic replaces the
    list of public suffixes: one label below the registry, the whole name on a shared platform, an IPv4 address, the
    /64 of an IPv6 address. None for a URL without a host.
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
    """Split a URL; None if it is invalid. A stored one may be invalid for a later Python."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
