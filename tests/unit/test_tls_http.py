"""TLS with receivers and with Genesys Cloud: as strict as curl and browsers, and no stricter."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from actionrelay.errors import DeliveryFailedError
from actionrelay.genesys.http import NotSentError, new_pool, post
from actionrelay.tls_http import trusting_as_browsers_do
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.targets import OutboundPolicy
from tests.fakes.certificates import AUTHORITY, KEY_IDENTIFIERS, NO_KEY_IDENTIFIERS, Authority, self_signed
from tests.fakes.loopback import LoopbackServer, answering

NAME = "127.0.0.1"


def from_receiver(url: str, trusted: Path) -> bool:
    policy = OutboundPolicy(allow_private=True)
    sender = PinnedSender(SystemResolver(), policy, 5, tls=trusting_as_browsers_do(str(trusted)))
    try:
        return sender.send(url, {}, b"{}").status == 200
    except DeliveryFailedError as failure:
        return failure.context["reason"] != "tls"


def from_genesys(url: str, trusted: Path) -> bool:
    pool = new_pool()
    pool.connection_pool_kw["ca_certs"] = str(trusted)
    try:
        return post(pool, url, {}, b"{}", 5).status == 200
    except NotSentError:
        return False
    finally:
        pool.clear()


@pytest.fixture(params=[from_receiver, from_genesys], ids=["receiver", "genesys"])
def believed(request: pytest.FixtureRequest) -> Callable[[ssl.SSLContext, Path], bool]:
    def ask(served: ssl.SSLContext, trusted: Path, name: str = NAME) -> bool:
        with LoopbackServer(answering(200, b"ok"), tls=served) as server:
            answered: bool = request.param(server.url.replace("http://127.0.0.1", f"https://{name}"), trusted)
        assert len(server.requests) == int(answered), "no request leaves before the certificate is believed"
        return answered

    return ask


@pytest.mark.parametrize(
    ("root", "leaf"),
    [
        pytest.param((*AUTHORITY, *KEY_IDENTIFIERS), KEY_IDENTIFIERS, id="as RFC 5280 wants it"),
        pytest.param((*AUTHORITY, *NO_KEY_IDENTIFIERS), NO_KEY_IDENTIFIERS, id="no key identifiers at all"),
        pytest.param((*AUTHORITY, *NO_KEY_IDENTIFIERS), KEY_IDENTIFIERS[:1], id="a root without them"),
        pytest.param((*AUTHORITY, *KEY_IDENTIFIERS), NO_KEY_IDENTIFIERS, id="a leaf without them"),
        pytest.param(("basicConstraints=CA:TRUE", *NO_KEY_IDENTIFIERS), (), id="constraints that are not critical"),
        pytest.param(("basicConstraints=critical,CA:TRUE",), (), id="a root that names no usage"),
    ],
)
def test_what_browsers_believe_is_believed(
    root: tuple[str, ...], leaf: tuple[str, ...], tmp_path: Path, believed: Callable[..., bool]
) -> None:
    authority = Authority.new(tmp_path, *root)
    assert believed(authority.issue(NAME, *leaf), authority.certificate)


def test_what_no_browser_believes_is_refused(tmp_path: Path, believed: Callable[..., bool]) -> None:
    folders = {name: tmp_path / name for name in ("ours", "theirs", "alone", "leaf")}
    for folder in folders.values():
        folder.mkdir()
    ours = Authority.new(folders["ours"], *AUTHORITY, *KEY_IDENTIFIERS)
    theirs = Authority.new(folders["theirs"], *AUTHORITY, *KEY_IDENTIFIERS)
    leaf = Authority.new(folders["leaf"], "basicConstraints=critical,CA:FALSE", *KEY_IDENTIFIERS)
    verdicts = {
        "trusted": believed(ours.issue(NAME), ours.certificate),
        "expired": believed(ours.issue(NAME, days=-1), ours.certificate),
        "other name": believed(ours.issue("hooks.example.com"), ours.certificate),
        "right address, asked by another name": believed(ours.issue(NAME), ours.certificate, name="localhost"),
        "untrusted root": believed(theirs.issue(NAME), ours.certificate),
        "self-signed": believed(self_signed(folders["alone"], NAME)[0], ours.certificate),
        "signed by what may not sign": believed(leaf.issue(NAME), leaf.certificate),
    }
    assert [name for name, answered in verdicts.items() if answered] == ["trusted"]


def test_names_and_certificates_are_checked() -> None:
    context = trusting_as_browsers_do()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
