"""Which IP addresses are public, so that a caller may make us connect to them.

``ipaddress.is_global`` is not enough. It passes multicast, IPv6 forms that a translator turns into any IPv4 address
(``64:ff9b::a9fe:a9fe`` is 169.254.169.254), and whatever is newer than its copy of the registries. So an address passes
three rules: it is outside every network named here, the standard library calls it global, and both hold for an IPv4
address inside it.

Sources: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), RFC 6052 and RFC 8215
(NAT64), RFC 3056 and RFC 7526 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP), RFC 4291.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_DENIED_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud platform's own service"),
        ("169.254.0.0/16", "link-local, where instance metadata lives"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)

# Transition forms that receivers no longer use are refused entirely, whatever address they carry.
_DENIED_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), name)
    for network, name in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("64:ff9b:1::/48", "NAT64 for local use"),
        ("100::/64", "discard-only"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3ffe::/16", "withdrawn (6bone)"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
# The only part of IPv6 that is assigned to global unicast (IANA, RFC 4291).
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFF_FFFF
# The upper half of an ISATAP interface identifier, with and without the "globally unique" bit.
_ISATAP_MARKS = (0x0000_5EFE, 0x0200_5EFE)


def forbidding_rule(address: str) -> str | None:
    """Return the rule by which ``address`` is not public; None if it is public.

    An IPv4 address inside an IPv6 one (mapped, NAT64, ISATAP) is judged by itself, since packets may end there:
    networks with DNS64 give every IPv4-only name an address of this form.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "not an IP address"
    if isinstance(parsed, IPv4Address):
        return _rule_v4(parsed)
    if parsed.scope_id is not None:
        return "scoped to one network interface"
    return _rule_v6(parsed)


def _rule_v4(address: IPv4Address) -> str | None:
    for network, name in _DENIED_V4:
        if address in network:
            return name
    return None if address.is_global else "not globally reachable"


def _rule_v6(address: IPv6Address) -> str | None:
    if address.ipv4_mapped is not None:
        return _inside("IPv4-mapped", address.ipv4_mapped)
    embedded = IPv4Address(int(address) & _LOW_32_BITS)
    if address in _NAT64:
        return _inside("NAT64", embedded)
    for network, name in _DENIED_V6:
        if address in network:
            return name
    if address not in _GLOBAL_UNICAST or not address.is_global:
        return "not globally reachable"
    if (int(address) >> 32) & _LOW_32_BITS in _ISATAP_MARKS:
        return _inside("ISATAP", embedded)
    return None


def _inside(form: str, embedded: IPv4Address) -> str | None:
    rule = _rule_v4(embedded)
    return None if rule is None else f"{form}, {rule}"
