"""One token for everybody: memory, then the shared store, then the login host."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from actionrelay.errors import CredentialsRefusedError, StoreUnavailableError, TokenError, TokenUnavailableError
from actionrelay.ports import AccessToken
from actionrelay.tokens import REFRESH_BEFORE_MS, SharedToken
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.genesys import InMemoryTokenStore, ScriptedIssuer, a_token
from tests.fakes.recorded_telemetry import RecordedTelemetry


class Tokens:
    """A source with its surroundings; ``another_worker`` shares the store and nothing else."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.store = InMemoryTokenStore()
        self.issuer = ScriptedIssuer()
        self.telemetry = RecordedTelemetry()
        self.source = self.another_worker()

    def another_worker(self) -> SharedToken:
        return SharedToken(self.store, self.issuer, self.telemetry, self.clock)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


def test_given_nothing_when_asked_then_one_is_issued_shared_and_kept(tokens: Tokens) -> None:
    token = tokens.source.token()
    assert token.version == "issued-1"
    assert tokens.store.token == token
    assert tokens.source.token() is token
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 1)
    assert tokens.telemetry.counts["TokenRefreshes"] == 1


def test_given_a_shared_token_when_another_worker_asks_then_no_second_is_issued(tokens: Tokens) -> None:
    token = tokens.source.token()
    assert tokens.another_worker().token() == token
    assert tokens.issuer.requests == 1


@pytest.mark.parametrize(
    ("left_ms", "requests"), [(REFRESH_BEFORE_MS + 1, 1), (REFRESH_BEFORE_MS, 2), (REFRESH_BEFORE_MS - 1, 2)]
)
def test_given_a_token_near_its_end_when_asked_then_a_minute_before_is_the_border(
    tokens: Tokens, left_ms: int, requests: int
) -> None:
    token = tokens.source.token()
    tokens.clock.time = token.expires_at - left_ms
    tokens.source.token()
    assert tokens.issuer.requests == requests
    tokens.another_worker().token()
    assert tokens.issuer.requests == requests


def test_given_a_newer_token_in_the_store_when_the_held_one_ends_then_it_is_taken(tokens: Tokens) -> None:
    held = tokens.source.token()
    tokens.clock.time = held.expires_at - 1
    newer = a_token("newer", tokens.clock.time + 3_600_000)
    tokens.store.token = newer
    assert tokens.source.token() == newer
    assert tokens.issuer.requests == 1


@pytest.mark.parametrize(
    "token",
    [
        a_token(issuer="another deployment"),
        AccessToken("value", 2**62, ("data:action:view",), a_token().issuer, "v"),
        AccessToken("value", 2**62, (), a_token().issuer, "v"),
    ],
    ids=["issuer", "scope", "no-scope"],
)
def test_given_a_shared_token_that_is_not_ours_or_not_enough_when_asked_then_it_is_ignored(
    tokens: Tokens, token: AccessToken
) -> None:
    tokens.store.token = token
    assert tokens.source.token().version == "issued-1"


def test_given_a_contract_without_scopes_when_asked_then_any_of_our_tokens_will_do(tokens: Tokens) -> None:
    tokens.issuer.required_scopes = ()
    tokens.store.token = AccessToken("value", 2**62, (), tokens.issuer.issuer, "v")
    assert tokens.source.token().version == "v"


def test_given_a_refused_version_when_asked_then_it_is_replaced_even_if_the_store_still_has_it(tokens: Tokens) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-1")
    assert tokens.source.token().version == "issued-2"
    assert tokens.store.token is not None
    assert tokens.store.token.version == "issued-2"


def test_given_another_version_refused_late_when_asked_then_the_newer_token_stays(tokens: Tokens) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-0")
    assert tokens.source.token().version == "issued-1"


def test_given_a_refused_version_when_somebody_has_replaced_it_then_theirs_is_taken(tokens: Tokens) -> None:
    other = tokens.another_worker()
    tokens.source.token()
    other.token()
    tokens.source.refuse("issued-1")
    tokens.source.token()
    other.refuse("issued-1")
    assert other.token().version == "issued-2"
    assert tokens.issuer.requests == 2


def test_given_a_store_that_cannot_be_read_when_asked_then_one_is_issued(tokens: Tokens) -> None:
    tokens.store.trouble.before("read", StoreUnavailableError("down"))
    assert tokens.source.token().version == "issued-1"
    assert tokens.telemetry.events == [("token_store_unreadable", {"code": "store_unavailable"})]


def test_given_a_store_that_cannot_be_written_when_issued_then_it_is_used_all_the_same(tokens: Tokens) -> None:
    tokens.store.trouble.before("write", StoreUnavailableError("down"))
    assert tokens.source.token().version == "issued-1"
    assert tokens.source.token().version == "issued-1"
    assert tokens.telemetry.events == [("token_store_unwritable", {"code": "store_unavailable"})]


@pytest.mark.parametrize("error", [TokenUnavailableError("down"), CredentialsRefusedError("no")])
def test_given_a_login_that_fails_when_the_held_token_is_still_valid_then_it_is_used_to_its_end(
    tokens: Tokens, error: TokenError
) -> None:
    held = tokens.source.token()
    tokens.issuer.trouble.before("request", error, times=2)
    tokens.clock.time = held.expires_at - 1
    assert tokens.source.token() == held
    tokens.clock.time = held.expires_at
    with pytest.raises(type(error)):
        tokens.source.token()


def test_given_a_cold_worker_and_a_login_that_fails_when_the_shared_token_is_still_valid_then_it_is_used_to_its_end(
    tokens: Tokens,
) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"), times=2)
    assert tokens.source.token().version == "shared"
    tokens.clock.time = NOON + 30_000
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_given_a_shared_token_that_was_refused_when_the_login_fails_then_it_is_not_used_again(tokens: Tokens) -> None:
    tokens.store.token = a_token("shared", NOON + 30_000)
    tokens.source.refuse("shared")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_given_a_login_that_fails_when_nothing_is_held_then_the_error_names_itself(tokens: Tokens) -> None:
    tokens.issuer.trouble.before("request", CredentialsRefusedError("no"))
    with pytest.raises(CredentialsRefusedError):
        tokens.source.token()
    assert tokens.source.token().version == "issued-2"


def test_given_a_refused_token_when_the_login_fails_then_it_is_not_used_again(tokens: Tokens) -> None:
    tokens.source.token()
    tokens.source.refuse("issued-1")
    tokens.issuer.trouble.before("request", TokenUnavailableError("down"))
    with pytest.raises(TokenUnavailableError):
        tokens.source.token()


def test_given_ten_threads_when_they_ask_at_once_then_one_token_is_issued(tokens: Tokens) -> None:
    with ThreadPoolExecutor(10) as threads:
        versions = {token.version for token in threads.map(lambda _: tokens.source.token(), range(10))}
    assert versions == {"issued-1"}
    assert (tokens.issuer.requests, tokens.store.reads) == (1, 1)


def test_given_a_token_when_shown_then_its_value_is_not(tokens: Tokens) -> None:
    token = tokens.source.token()
    assert token.value not in repr(token)
    assert token.value not in repr(tokens.source)
    assert token.expires_at == NOON + tokens.issuer.lifetime_ms
