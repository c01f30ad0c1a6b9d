"""Outbound rules: the URLs, names and addresses that a caller may have us connect to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import DeliveryRefusedError
from actionrelay.webhooks.public_addresses import forbidding_rule
from actionrelay.webhooks.targets import MAX_URL_LENGTH, OutboundPolicy, Target, parse_target, vet
from tests.forbidden_targets import FORBIDDEN_ADDRESSES, FORBIDDEN_URLS, url_of

STRICT = OutboundPolicy()
LOCAL_WORLD = OutboundPolicy(allow_private=True)

PUBLIC_ADDRESSES = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2600:1f18::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:830::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2600:1f18::5efe:8.8.8.8",
)


def refusal(url: str, policy: OutboundPolicy = STRICT) -> DeliveryRefusedError:
    with pytest.raises(DeliveryRefusedError) as caught:
        parse_target(url, policy)
    return caught.value


# -- Addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_a_private_address_is_refused_in_a_url_and_by_name(
    address: str,
) -> None:
    target = parse_target("https://hooks.example.com/", STRICT)

    assert forbidding_rule(address) is not None
    assert refusal(url_of(address)).context["rule"] == "address"
    with pytest.raises(DeliveryRefusedError):
        vet(target, [address], STRICT)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_passes(address: str) -> None:
    target = parse_target(url_of(address), STRICT)

    assert forbidding_rule(address) is None
    assert vet(target, [address], STRICT) == (address,)


@pytest.mark.parametrize("text", ["", "example.com", "127.1", "0x7f.0.0.1", "8.8.8.8/32", "[::1]", "8.8.8.8\n", "1"])
def test_text_that_is_no_address_is_not_public(text: str) -> None:
    assert forbidding_rule(text) == "not an IP address"


def test_an_address_of_one_interface_is_not_public() -> None:
    assert forbidding_rule("2606:4700:4700::1111%eth0") == "scoped to one network interface"


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("169.254.169.254", "link-local, where instance metadata lives"),
        ("64:ff9b::a9fe:a9fe", "NAT64, link-local, where instance metadata lives"),
        ("::ffff:127.0.0.1", "IPv4-mapped, loopback"),
        ("2600:1f18::5efe:10.0.0.1", "ISATAP, private"),
        ("2002:a9fe:a9fe::", "6to4"),
        ("255.255.255.255", "broadcast"),
        ("8.8.8.8", None),
    ],
)
def test_given_an_address_when_judged_then_the_rule_is_named(address: str, rule: str | None) -> None:
    assert forbidding_rule(address) == rule


@given(st.ip_addresses())
def test_a_public_address_is_public_to_the_standard_library(
    address: object,
) -> None:
    inside = ("::ffff:", "64:ff9b::")
    text = str(address)

    if forbidding_rule(text) is None and not text.startswith(inside):
        assert getattr(address, "is_global", False)
        assert not getattr(address, "is_multicast", True)


# -- URLs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "rule"), FORBIDDEN_URLS)
def test_a_forbidden_url_names_the_rule(url: str, rule: str) -> None:
    assert refusal(url).context["rule"] == rule


def test_there_are_at_least_80_targets_listed() -> None:
    assert len({*FORBIDDEN_ADDRESSES, *(url for url, _ in FORBIDDEN_URLS)}) >= 80


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@example.com/",
        "https://user:hunter2@[::1]/",
        "http://hunter2:hunter2@localhost:22/hunter2",
        "https://user:hunter2@exam ple.com/",
        "https://user:hunter2@example.com:notaport/",
        "https://[hunter2/",
        "https://hunter2\uff20example.com/",
    ],
)
def test_refused_credentials_in_a_url_are_not_repeated(url: str) -> None:
    error = refusal(url)

    assert "hunter2" not in error.message
    assert "hunter2" not in repr(error.context)


@given(st.text(st.characters(exclude_categories=[]), max_size=60), st.booleans())
def test_any_text_after_the_scheme_is_a_target_or_refused(text: str, private: bool) -> None:
    try:
        target = parse_target(f"https://{text}", OutboundPolicy(allow_private=private))
    except DeliveryRefusedError:
        return
    assert target.host.isascii()
    assert target.path.isascii()
    assert target.path.startswith("/")


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        (
            "https://hooks.example.com",
            Target("https", "hooks.example.com", 443, "/"),
            "hooks.example.com",
        ),
        (
            "HTTPS://Hooks.EXAMPLE.com.:443/a/b%20c?x=1&y=%2F",
            Target("https", "hooks.example.com", 443, "/a/b%20c?x=1&y=%2F"),
            "hooks.example.com",
        ),
        ("https://example.com?x", Target("https", "example.com", 443, "/?x"), "example.com"),
        (
            "https://xn--bcher-kva.example/hook",
            Target("https", "xn--bcher-kva.example", 443, "/hook"),
            "xn--bcher-kva.example",
        ),
        (
            "https://my_app.example.com/",
            Target("https", "my_app.example.com", 443, "/"),
            "my_app.example.com",
        ),
        ("https://8.8.8.8/", Target("https", "8.8.8.8", 443, "/"), "8.8.8.8"),
        (
            "https://[2606:4700:4700:0::1111]/",
            Target("https", "2606:4700:4700::1111", 443, "/"),
            "[2606:4700:4700::1111]",
        ),
        (
            "https://example.com/é?ü=@:",
            Target("https", "example.com", 443, "/%C3%A9?%C3%BC=@:"),
            "example.com",
        ),
    ],
)
def test_an_allowed_urls_parts_fit_a_connection(url: str, target: Target, authority: str) -> None:
    parsed = parse_target(url, STRICT)

    assert parsed == target
    assert parsed.authority == authority


def test_a_url_of_the_greatest_length_passes() -> None:
    url = "https://example.com/"

    assert parse_target(url + "a" * (MAX_URL_LENGTH - len(url)), STRICT).host == "example.com"


def test_only_the_policys_other_port_passes() -> None:
    policy = OutboundPolicy(ports=frozenset({8443}))

    assert parse_target("https://example.com:8443/", policy).authority == "example.com:8443"
    assert refusal("https://example.com/", policy).context["rule"] == "port"


# -- Vetting ------------------------------------------------------------------------------------------------

NAMED = Target("https", "hooks.example.com", 443, "/")


def test_one_forbidden_address_refuses_the_name() -> None:
    with pytest.raises(DeliveryRefusedError) as caught:
        vet(NAMED, ["1.1.1.1", "8.8.8.8", "10.20.30.40", "2606:4700:4700::1111"], STRICT)

    assert caught.value.context == {"rule": "address", "network": "private", "host": "hooks.example.com"}
    assert not any(address in str(caught.value) for address in ("10.20.30.40", "1.1.1.1", "8.8.8.8"))


def test_public_addresses_keep_their_order() -> None:
    assert vet(NAMED, iter(["8.8.8.8", "1.1.1.1"]), STRICT) == ("8.8.8.8", "1.1.1.1")


def test_a_name_may_resolve_later() -> None:
    assert vet(NAMED, [], STRICT) == ()


# -- The local world ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("http://127.0.0.1:8080/hook", Target("http", "127.0.0.1", 8080, "/hook"), "127.0.0.1:8080"),
        ("http://localhost/hook", Target("http", "localhost", 80, "/hook"), "localhost"),
        ("https://[::1]:9443/", Target("https", "::1", 9443, "/"), "[::1]:9443"),
        ("http://sink.internal:443/", Target("http", "sink.internal", 443, "/"), "sink.internal:443"),
    ],
)
def test_the_local_world_allows_http_any_port_and_address(url: str, target: Target, authority: str) -> None:
    parsed = parse_target(url, LOCAL_WORLD)

    assert parsed == target
    assert parsed.authority == authority
    assert vet(parsed, ["127.0.0.1", "169.254.169.254"], LOCAL_WORLD)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://user:pw@127.0.0.1/", "user_info"),
        ("http://2130706433/", "host"),
        ("http://127.0.0.1:0/", "port"),
        ("http://127.0.0.1:70000/", "port"),
        ("http://127.0.0.1\\@x/", "characters"),
        ("ftp://127.0.0.1/", "scheme"),
    ],
)
def test_the_local_world_still_refuses_a_malformed_url(url: str, rule: str) -> None:
    assert refusal(url, LOCAL_WORLD).context["rule"] == rule
