"""The rules for a webhook URL and for the addresses behind it. Pure.

:func:`parse_target` reads the URL, :func:`vet` judges what its name resolves to. Both run when a URL is submitted and
at every attempt, because DNS changes. A connection goes to one of the addresses that :func:`vet` returned, without
asking DNS again.

Forms that parsers read differently (backslashes, whitespace, user info, percent signs in the host, IPv4 in octal, hex
or fewer than four parts, host names outside ASCII) are refused, so that a check and a connection can't disagree.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol
from urllib.parse import quote, urlsplit

from actionrelay.errors import DeliveryRefusedError
from actionrelay.webhooks.public_addresses import forbidding_rule

MAX_URL_LENGTH = 2048

_DEFAULT_PORTS = {"https": 443, "http": 80}
_HIGHEST_PORT = 65535
_MAX_NAME_LENGTH = 253
_INTERNAL_SUFFIXES = ("localhost", "local", "localdomain", "internal")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# The WHATWG URL standard's "ends in a number": inet_aton, and so a resolver, may read it as IPv4.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """What is allowed beyond a public address behind https on one of ``ports``.

    ``allow_private`` lifts the rules about scheme, port, name and address, but none about the form of a URL. It is only
    for the local world.
    """

    allow_private: bool = False
    ports: frozenset[int] = frozenset({443})


_ANYWHERE = OutboundPolicy(allow_private=True)
"""For reading a URL without judging its destination."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed the rules, in the parts that a connection needs."""

    scheme: str
    host: str
    """Lower case, ASCII, no trailing dot, no brackets: fit for DNS, SNI and the certificate check."""
    port: int
    path: str
    """Starts with ``/`` and carries the query; ASCII."""

    @property
    def authority(self) -> str:
        """The ``Host`` header: brackets around IPv6, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """A receiver's response: status, ``Retry-After`` as sent (None if absent), and the time it took (ms)."""

    status: int
    retry_after: str | None
    latency_ms: float


class Resolver(Protocol):
    """Finds the addresses of a name."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return every IP address of ``host``, which may itself be one; none if it does not resolve now."""
        ...


def parse_target(url: str, policy: OutboundPolicy) -> Target:
    """Read a webhook URL. An address in it is judged here; a name's addresses are judged by :func:`vet`.

    Raises:
        DeliveryRefusedError: it breaks a rule, which is named. The URL, which may hold a credential, is not quoted.
    """
    _require_plain_text(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _refused("host", "needs a valid host") from None
    if parts.scheme not in _DEFAULT_PORTS or (parts.scheme == "http" and not policy.allow_private):
        raise _refused("scheme", "must begin with https://")
    if "@" in parts.netloc:
        raise _refused("user_info", "must not carry a user name or password")
    if "#" in url:
        raise _refused("fragment", "must not have a fragment, which is never sent")
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None or not parts.netloc:
        raise _refused("host", "needs a valid host, and a port in digits if any")
    host = _ipv6(authority["v6"]) if authority["v6"] else _name_or_ipv4(authority["name"], policy)
    port = int(authority["port"] or _DEFAULT_PORTS[parts.scheme])
    if not 0 < port <= _HIGHEST_PORT or not (policy.allow_private or port in policy.ports):
        raise _refused("port", "has a port that is not allowed")
    # Only outside ASCII: what is percent-encoded already stays as the caller wrote it.
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    encoded = "".join(character if character.isascii() else quote(character) for character in path)
    target = Target(parts.scheme, host, port, encoded)
    if _is_literal(host):
        vet(target, (host,), policy)
    return target


def host_of(url: str) -> str:
    """Return the host of a webhook URL in the form that its receiver's key is derived from (see ``read_host``).

    Raises:
        DeliveryRefusedError: not a valid webhook URL.
    """
    return parse_target(url, _ANYWHERE).host


def read_host(text: str) -> str:
    """Read a host, and return it in lower case, without brackets and a final dot.

    Raises:
        DeliveryRefusedError: not a host, or more than one.
    """
    target = parse_target(f"https://{text}/", _ANYWHERE)
    if target.path != "/" or target.port != _DEFAULT_PORTS["https"] or text.endswith(":443"):
        raise DeliveryRefusedError("must be a host name or an address, and nothing else", rule="host")
    return target.host


def vet(target: Target, addresses: Iterable[str], policy: OutboundPolicy) -> tuple[str, ...]:
    """Return ``addresses`` if every one is public. None at all is fine: a name may resolve later.

    One forbidden address is enough to refuse a name, since its owner decides which of them a connection gets.

    Raises:
        DeliveryRefusedError: it names the rule, not the address, which could show what internal DNS says.
    """
    vetted = tuple(addresses)
    for address in vetted:
        rule = forbidding_rule(address)
        if rule is not None and not policy.allow_private:
            raise DeliveryRefusedError(
                f"the webhook URL leads to an address that is not public ({rule})",
                rule="address",
                network=rule,
                host=target.host,
            )
    return vetted


def _require_plain_text(url: str) -> None:
    if len(url) > MAX_URL_LENGTH:
        raise _refused("length", f"is longer than {MAX_URL_LENGTH} characters")
    # Not printable: control characters, separators, invisible format characters, lone surrogates.
    if not url.isprintable() or " " in url or "\\" in url:
        raise _refused("characters", "contains whitespace, a backslash, a control or an invisible character")


def _ipv6(text: str) -> str:
    try:
        return IPv6Address(text).compressed
    except ValueError:
        raise _refused("host", "has no valid IPv6 address between its brackets") from None


def _name_or_ipv4(text: str, policy: OutboundPolicy) -> str:
    # Before lower(), which turns the Kelvin sign into a plain k.
    if not text.isascii():
        # Two IDNA standards map some names to different ASCII ones; only the caller knows which is meant.
        raise _refused("host", "has a host outside ASCII; write it in its xn-- form")
    name = text.lower()
    absolute = name.removesuffix(".")
    labels = absolute.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        return _ipv4(name)
    if len(absolute) > _MAX_NAME_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("host", "needs a valid host name")
    if not policy.allow_private and (len(labels) == 1 or labels[-1] in _INTERNAL_SUFFIXES):
        raise _refused("internal_name", "has a host name of an internal network")
    return absolute


def _ipv4(text: str) -> str:
    try:
        return IPv4Address(text).compressed
    except ValueError:
        raise _refused("host", "has an IPv4 address that is not four plain decimal numbers") from None


def _is_literal(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdecimal()


def _refused(rule: str, complaint: str) -> DeliveryRefusedError:
    return DeliveryRefusedError(f"the webhook URL {complaint}", rule=rule)
