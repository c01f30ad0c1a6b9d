"""Every route of the table: which callers may use it, and what is refused before its handler runs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary import http
from actionrelay.boundary.request import HttpRequest
from actionrelay.boundary.routes import FLAGS, LIST_HEADERS, ROUTES, SINGLE_HEADERS, WAITS, Access, Route, route_of
from actionrelay.boundary.waits import asked_wait
from actionrelay.errors import InvalidRequestError
from actionrelay.fault import MAX_POINTER_LENGTH, Fault, cut
from actionrelay.strict_json import pointer

pytestmark = pytest.mark.usefixtures("powertools")

CALLER = {"userArn": "arn:aws:iam::123456789012:user/caller"}
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
FOR_CALLERS = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.access is not Access.OPEN], ids=lambda route: route.operation
)
READ_FIRST = pytest.mark.parametrize(
    "route", [route for route in ROUTES if not route.proof], ids=lambda route: route.operation
)
PROVEN = pytest.mark.parametrize("route", [route for route in ROUTES if route.proof], ids=lambda route: route.operation)
OPERATORS = [route for route in ROUTES if route.access is Access.OPERATOR]
WITH_PARAMETERS = [(route, name) for route in ROUTES for name in route.query]
EVERY_PARAMETER = pytest.mark.parametrize(
    ("route", "name"), WITH_PARAMETERS, ids=[f"{route.operation}-{name}" for route, name in WITH_PARAMETERS]
)


def event(route: Route, identity: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    context = {"extendedRequestId": "JJbxnHHVIAMEjCQ=", "identity": CALLER if identity is None else identity}
    return {"httpMethod": route.method, "resource": route.path, "requestContext": context, **changes}


def serve(asked: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Serve over handlers that answer 200; return the answer and how many of them were asked."""
    requests: list[HttpRequest] = []

    def handle(request: HttpRequest) -> dict[str, Any]:
        requests.append(request)
        return http.answer(200, {})

    answered = http.serve(asked, {route.operation: handle for route in ROUTES})
    return answered, len(requests)


def faults(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the faults of a request that is refused, and that its handler never acts on."""
    answered, asked_handlers = serve(asked)
    problem = json.loads(answered["body"])
    assert (answered["statusCode"], problem["code"]) == (422, "invalid_request")
    assert asked_handlers == 0 or asked["httpMethod"] == "GET"
    listed: list[dict[str, Any]] = problem["errors"]
    return listed


def query(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return a query string as API Gateway has it: the last value of each name, and all of them."""
    multiple: dict[str, list[str]] = {}
    for name, value in pairs:
        multiple.setdefault(name, []).append(value)
    return {
        "queryStringParameters": {name: values[-1] for name, values in multiple.items()},
        "multiValueQueryStringParameters": multiple,
    }


def valid(name: str) -> str:
    if name in WAITS:
        return "5"
    return "true" if name in FLAGS else "x"


# -- The table --


def test_no_two_routes_are_one() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
    assert all(route_of(route.method, route.path) is route for route in ROUTES)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/executions"), ("GET", "/"), ("POST", "/health"), ("", "")])
def test_what_the_table_does_not_have_reaches_no_handler(method: str, path: str) -> None:
    answered, asked = serve(event(ROUTES[0], httpMethod=method, resource=path))
    assert (answered["statusCode"], asked) == (500, 0)


# -- Callers --


@EVERY_ROUTE
@pytest.mark.parametrize("identity", [{"userArn": "arn"}, {"userArn": "arn", "apiKeyId": None}])
def test_whom_iam_allows_a_route_is_let_in(route: Route, identity: dict[str, Any]) -> None:
    answered, asked = serve(event(route, identity))
    assert (answered["statusCode"], asked) == (200, 1)


@EVERY_ROUTE
@pytest.mark.parametrize("key_id", ["a-callers", "", "another-callers", "an-operators-not", "an-operators,more"])
def test_a_callers_key_opens_the_callers_routes_alone(
    monkeypatch: pytest.MonkeyPatch, route: Route, key_id: str
) -> None:
    monkeypatch.setenv("OPERATOR_KEY_IDS", "an-operators,more,")
    answered, asked = serve(event(route, {"apiKeyId": key_id or None, "userArn": None}))
    code = json.loads(answered["body"]).get("code")
    if route.access is Access.OPERATOR and key_id:
        assert (answered["statusCode"], code, asked) == (403, "operators_only", 0)
    elif route.access is Access.OPEN or key_id:
        assert (answered["statusCode"], asked) == (200, 1)
    else:
        assert (answered["statusCode"], code, asked) == (403, "caller_unknown", 0)


@EVERY_ROUTE
@pytest.mark.parametrize("keys", ["an-operators", "an-operators,", "more,an-operators"])
def test_an_operators_key_opens_every_route(monkeypatch: pytest.MonkeyPatch, route: Route, keys: str) -> None:
    monkeypatch.setenv("OPERATOR_KEY_IDS", keys)
    answered, asked = serve(event(route, {"apiKeyId": "an-operators"}))
    assert (answered["statusCode"], asked) == (200, 1)


@pytest.mark.parametrize("route", OPERATORS, ids=lambda route: route.operation)
@pytest.mark.parametrize(
    ("keys", "identity"),
    [
        # API Gateway checks no signature where it asks for keys, so an ARN beside one proves nothing.
        ("an-operators", {"apiKeyId": "a-callers", "userArn": "arn:aws:iam::123456789012:user/operator"}),
        ("an-operators", {"userArn": "arn:aws:iam::123456789012:user/operator"}),
        ("", {"apiKeyId": "a-callers"}),
    ],
)
def test_what_the_deployment_does_not_ask_for_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, route: Route, keys: str, identity: dict[str, Any]
) -> None:
    monkeypatch.setenv("OPERATOR_KEY_IDS", keys)
    answered, asked = serve(event(route, identity))
    assert (answered["statusCode"], json.loads(answered["body"])["code"], asked) == (403, "operators_only", 0)


def test_a_refusal_names_the_key_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPERATOR_KEY_IDS", "an-operators")
    answered, _ = serve(event(OPERATORS[0], {"apiKeyId": "a-callers"}))
    assert "a-callers" not in answered["body"]
    assert "a-callers" in capsys.readouterr().out


def test_what_decides_or_shows_more_is_for_operators() -> None:
    # Written out, so that a new route is looked at here: a POST is a decision, except for what callers submit.
    assert {route.operation for route in OPERATORS} == {
        "getExecutionRequest",
        "retryExecution",
        "resolveExecution",
        "cancelExecution",
        "acknowledgeExecution",
        "redeliverWebhook",
        "getReceiverKeys",
        "decideAboutMany",
        "getDecision",
        "retryWorkflow",
        "cancelWorkflow",
        "syncActions",
    }
    assert [route.operation for route in ROUTES if route.method == "POST" and route.access is Access.CALLER] == [
        "submitExecution",
        "submitBatch",
        "submitWorkflow",
    ]


@FOR_CALLERS
@pytest.mark.parametrize(
    "identity",
    [
        {},
        {"userArn": None, "apiKeyId": None},
        {"userArn": "", "apiKeyId": ""},
        {"sourceIp": "192.0.2.7", "user": "somebody", "accountId": "123456789012", "apiKey": "a value, not an id"},
    ],
)
def test_without_a_caller_nothing_is_served(route: Route, identity: dict[str, Any]) -> None:
    answered, asked = serve(event(route, identity))
    problem = json.loads(answered["body"])
    assert (answered["statusCode"], problem["code"], asked) == (403, "caller_unknown", 0)
    assert problem["traceId"] == "JJbxnHHVIAMEjCQ="


@FOR_CALLERS
@pytest.mark.parametrize("context", [None, {}, {"identity": None}])
def test_without_an_identity_nothing_is_served(route: Route, context: Any) -> None:
    answered, asked = serve(event(route, requestContext=context))
    assert (answered["statusCode"], asked) == (403, 0)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access is Access.OPEN], ids=lambda r: r.operation)
def test_an_open_route_asks_nobody_who_they_are(route: Route) -> None:
    answered, asked = serve(event(route, {}))
    assert (answered["statusCode"], asked) == (200, 1)


@FOR_CALLERS
@pytest.mark.parametrize(("value", "status"), [("true", 200), ("false", 403), ("", 403)])
def test_sam_local_proves_no_caller(monkeypatch: pytest.MonkeyPatch, route: Route, value: str, status: int) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", value)
    assert serve(event(route, {}))[0]["statusCode"] == status


# -- Query parameters --


@EVERY_ROUTE
@pytest.mark.parametrize("name", ["surprise", "", "a/b", "ä", "%00", "x" * 5_000, "__proto__"])
def test_an_unknown_parameter_is_refused(route: Route, name: str) -> None:
    [fault] = faults(event(route, **query((name, "1"))))
    assert fault["code"] == "schema"
    assert fault["pointer"] == cut(pointer("query", name), MAX_POINTER_LENGTH)
    assert fault["detail"].startswith("unknown parameter")
    assert all(known in fault["detail"] for known in route.query) or "did you mean" in fault["detail"]


@EVERY_PARAMETER
def test_a_misspelled_parameter_is_refused_with_the_right_one(route: Route, name: str) -> None:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    for misspelled in {name.lower(), name.upper(), snake, name[:-1] + name[-1] * 2, name + "s"} - set(route.query):
        [fault] = faults(event(route, **query((misspelled, valid(name)))))
        assert fault["pointer"] == f"/query/{misspelled}"
        assert f"did you mean {name}?" in fault["detail"]


@EVERY_PARAMETER
def test_a_parameter_that_comes_twice_is_refused(route: Route, name: str) -> None:
    for pair in (("true", "false"), ("false", "true"), ("true", "true"), ("", "")):
        [fault] = faults(event(route, **query(*((name, value) for value in pair))))
        assert fault["pointer"] == f"/query/{name}"
        assert "is given 2 times" in fault["detail"]


FLAGGED = [(route, name) for route, name in WITH_PARAMETERS if name in FLAGS]


@pytest.mark.parametrize(("route", "name"), FLAGGED, ids=lambda each: getattr(each, "operation", each))
@pytest.mark.parametrize("value", ["maybe", "True", "1", "", "yes", "true ", "null"])
def test_a_flag_is_true_or_false(route: Route, name: str, value: str) -> None:
    [fault] = faults(event(route, **query((name, value))))
    assert (fault["pointer"], fault["detail"]) == (f"/query/{name}", "must be true or false")


def test_a_refusal_waits_for_nothing() -> None:
    route = next(route for route in ROUTES if "wait" in route.query)
    checked: list[HttpRequest] = []

    def check(request: HttpRequest) -> dict[str, Any]:
        checked.append(request)
        return {}

    http.serve(event(route, **query(("wait", "20"), ("wiat", "20"))), {route.operation: check})
    assert [asked_wait(request) for request in checked] == [None]


WAITED = [(route, name) for route, name in WITH_PARAMETERS if name in WAITS]


@pytest.mark.parametrize(("route", "name"), WAITED, ids=[f"{route.operation}-{name}" for route, name in WAITED])
@pytest.mark.parametrize("value", ["", "0", "21", "-1", "1.5", "020", "20s", " 5", "\u0665", "true"])
def test_a_wait_is_1_to_20_seconds(route: Route, name: str, value: str) -> None:
    [fault] = faults(event(route, **query((name, value))))
    assert (fault["pointer"], fault["code"]) == (f"/query/{name}", "schema")


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_every_flag_is_known_to_a_route(name: str) -> None:
    assert any(name in route.query for route in ROUTES)


@given(st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1, max_size=3), min_size=1, max_size=200))
def test_any_query_is_understood_or_refused_at_its_places(parameters: dict[str, list[str]]) -> None:
    route = next(route for route in ROUTES if route.operation == "getQueues")
    asked = event(route, multiValueQueryStringParameters=parameters)
    listed = faults(asked)
    assert len(listed) == min(len(parameters), 100)
    assert len(serve(asked)[0]["body"].encode()) <= 256 * 1_024


# -- Headers --


def headers(**values: list[str]) -> dict[str, Any]:
    named = {name.replace("_", "-"): each for name, each in values.items()}
    return {"headers": {name: each[-1] for name, each in named.items()}, "multiValueHeaders": named}


WITH_HEADERS = [
    (route, name)
    for route in ROUTES
    if not route.proof
    for name in dict.fromkeys((*SINGLE_HEADERS, *route.headers))
    if name not in LIST_HEADERS
]


@pytest.mark.parametrize(
    ("route", "name"), WITH_HEADERS, ids=[f"{route.operation}-{name}" for route, name in WITH_HEADERS]
)
def test_a_header_that_comes_twice_is_refused(route: Route, name: str) -> None:
    for sent in (name, name.lower(), name.upper()):
        for values in (["a", "b"], ["a", "a"], ["", ""]):
            [fault] = faults(event(route, **headers(**{sent: values})))
            assert (fault["pointer"], fault["code"]) == (f"/header/{name}", "schema")


def test_names_that_differ_in_case_are_one_header() -> None:
    route = ROUTES[0]
    [fault] = faults(event(route, multiValueHeaders={"idempotency-key": ["a"], "Idempotency-Key": ["a"]}))
    assert fault["pointer"] == "/header/Idempotency-Key"


@READ_FIRST
@pytest.mark.parametrize("name", sorted(LIST_HEADERS))
def test_a_list_may_come_in_several_lines(route: Route, name: str) -> None:
    assert name not in SINGLE_HEADERS
    answered, asked = serve(event(route, **headers(**{name: ["respond-async", "wait=5"]})))
    assert (answered["statusCode"], asked) == (200, 1)


@EVERY_ROUTE
def test_other_headers_may_come_as_often_as_they_like(route: Route) -> None:
    answered, _ = serve(event(route, **headers(Accept=["a", "b"], X_Forwarded_For=["192.0.2.7", "192.0.2.8"])))
    assert answered["statusCode"] == 200


@READ_FIRST
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "GZIP", "identity, gzip", "gzip, identity", "x" * 9_000])
def test_a_coded_body_is_refused_by_name(route: Route, coding: str) -> None:
    answered, asked = serve(event(route, **headers(Content_Encoding=[coding])))
    problem = json.loads(answered["body"])
    assert (answered["statusCode"], problem["code"], asked) == (415, "unsupported_media_type", 0)
    assert answered["headers"]["Accept-Encoding"] == "identity"
    assert next(each for each in coding.split(", ") if each.lower() != "identity")[:40] in problem["detail"]


@EVERY_ROUTE
@pytest.mark.parametrize("sent", [["identity"], ["Identity"], [""], ["identity", "identity"], ["identity, identity"]])
def test_a_body_that_is_not_coded_is_taken(route: Route, sent: list[str]) -> None:
    assert serve(event(route, **headers(Content_Encoding=sent)))[0]["statusCode"] == 200


@READ_FIRST
@pytest.mark.parametrize(
    "charset", ["iso-8859-1", "latin1", "utf-16", "UTF-16LE", "utf-7", "us-ascii", "", '"utf-16"', "utf-8x", "ütf-8"]
)
def test_another_charset_is_refused(route: Route, charset: str) -> None:
    for sent in (f"application/json; charset={charset}", f"text/plain;Charset = {charset}; v=1"):
        answered, asked = serve(event(route, **headers(Content_Type=[sent])))
        assert (answered["statusCode"], asked) == (415, 0)


@EVERY_ROUTE
@pytest.mark.parametrize(
    "sent",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"; profile=x',
        "application/json; CHARSET=utf8",
        "text/plain",
        "",
        ";;;",
        "application/json; x-charset=latin1",
    ],
)
def test_utf_8_is_taken_whatever_the_type(route: Route, sent: str) -> None:
    assert serve(event(route, **headers(Content_Type=[sent])))[0]["statusCode"] == 200


# -- Routes that a proof opens --


def test_a_proof_opens_the_webhook_of_genesys_cloud_alone() -> None:
    assert [route.operation for route in ROUTES if route.proof] == ["receiveGenesysWebhook"]


NOT_LOOKED_AT: dict[str, dict[str, Any]] = {
    "a charset": headers(Content_Type=["application/json; charset=ISO-8859-1"]),
    "a coding": headers(Content_Encoding=["gzip"]),
    "a type twice": headers(Content_Type=["a", "b"]),
    "a preference twice": headers(Prefer=["wait=1", "wait=2"]),
    "all of it": headers(Content_Type=["a", "b;charset=utf-16"], Content_Encoding=["br"]),
}


@PROVEN
@pytest.mark.parametrize("case", NOT_LOOKED_AT)
def test_nothing_is_refused_before_a_proof_is_judged(route: Route, case: str) -> None:
    answered, asked = serve(event(route, {}, body="{}", **NOT_LOOKED_AT[case]))
    assert (answered["statusCode"], asked) == (200, 1)


@PROVEN
@pytest.mark.parametrize("body", ["%%%", "ab=c", "a", "é"])
def test_a_body_whose_bytes_are_lost_is_not_authentic(route: Route, body: str) -> None:
    answered, asked = serve(event(route, {}, body=body, isBase64Encoded=True))
    problem = json.loads(answered["body"])
    assert (answered["statusCode"], problem["code"], asked) == (401, "unauthentic_webhook", 0)
    assert "base64" not in answered["body"]


@PROVEN
def test_a_proof_is_judged_over_the_bytes_that_came(route: Route) -> None:
    judged: list[bytes] = []

    def judge(request: HttpRequest) -> dict[str, Any]:
        judged.append(request.body)
        return http.answer(200, {})

    asked = event(route, {}, body="/wCB", isBase64Encoded=True, **NOT_LOOKED_AT["all of it"])
    http.serve(asked, {route.operation: judge})
    assert judged == [b"\xff\x00\x81"]


# -- All at once --


def test_faults_of_query_headers_and_body_come_together() -> None:
    route = next(route for route in ROUTES if route.operation == "submitExecution")

    def check(_request: HttpRequest) -> dict[str, Any]:
        raise InvalidRequestError((Fault("/timeout", "schema", "d"), Fault("/query/a", "schema", "e")))

    asked = event(route, **query(("a", "1"), ("dryRun", "maybe")), **headers(Idempotency_Key=["x", "y"]))
    answered = http.serve(asked, {route.operation: check}, checks={route.operation: check})

    pointers = [fault["pointer"] for fault in json.loads(answered["body"])["errors"]]
    assert pointers == ["/query/a", "/query/dryRun", "/header/Idempotency-Key", "/timeout"]
