"""An API with the deployment's manners and made-up data: it serves the real page, and checks who asks for the rest."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from actionrelay.catalogue.actions import ReadActions
from actionrelay.site.console_page import FOLDER, PageFacts, assemble
from actionrelay.timestamps import DAY_MS, iso
from tests.browser.decided import DECISIONS, Many
from tests.browser.flows import flows
from tests.browser.sample import Day, metrics, queues, quiet_day
from tests.browser.trails import Trail
from tests.fakes.catalogue import Reading
from tests.openapi import DOCUMENT

API_KEY = "k3y-of-the-fake-api-000000000000"
REGION = "eu-central-1"
IDENTITY = Credentials("AKIAFAKEFAKEFAKEFAKE", "s3cr3t/of+the/fake", "FwoGZXIvYXdzEBYaDE+token/with=signs==")
type Fault = tuple[int, str, str]


@dataclass(slots=True)
class FakeApi:
    """What it returns, and how it behaves; tests change both while the page looks on."""

    way: str = "API_KEY"
    day: Day = field(default_factory=lambda: quiet_day(time.time() * 1_000))
    faults: dict[str, Fault] = field(default_factory=dict)
    """By the last part of a path, or by part of a query such as `status=unknown`: status, code, detail."""
    held: set[str] = field(default_factory=set)
    """Named like faults: what is answered only when it is held no more."""
    asked: list[str] = field(default_factory=list)
    """Method, path and query of each request that was let in."""
    bodies: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Bodies of submissions, as they were sent."""
    refusal: list[dict[str, str]] = field(default_factory=list)
    """Faults of every submission; none lets them in."""
    warnings: list[dict[str, str]] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    """Both of every dry run."""
    catalogue: Reading = field(default_factory=Reading)
    """Empty until a test has it read."""
    page_size: int | None = None
    empty_pages: int = 0
    broken_at: int | None = None
    strict_clock: bool = False
    """A signature that is more than five minutes off is refused, as API Gateway does."""
    first_hour: int | None = None
    """How many hours ago the deployment took its first execution, as far as the counters know."""
    too_many: bool = False
    """Whether any filter means more than one decision may be about."""
    contract: str = "data-actions"
    runbook: str = ""
    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Workflows by id, newest first."""
    many: dict[str, Many] = field(default_factory=dict)
    a_look: int = 1_000
    """How many of a decision about many are decided between two looks at it."""
    url: str = ""

    def reset(self, way: str, day: Day) -> None:
        """Begin again."""
        self.way, self.day = way, day
        self.faults, self.held, self.asked, self.bodies, self.texts, self.refusal = {}, set(), [], [], [], []
        self.page_size, self.empty_pages, self.broken_at, self.strict_clock = None, 0, None, False
        self.contract, self.runbook, self.many, self.a_look, self.first_hour = "data-actions", "", {}, 1_000, None
        self.too_many = False
        self.flows = flows(day.now) if day.trails else {}
        self.warnings, self.defaults, self.catalogue = [], {}, Reading()

    @property
    def console(self) -> str:
        """Where the page is."""
        return f"{self.url}/v1/console"

    # -- Answers --------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Let in who proves who they are, then answer."""
        body = await request.body()
        refused = self._refusal(request, body)
        if refused:
            return _problem(403, refused, "not let in")
        path = request.url.path.removeprefix("/v1")
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append(f"{request.method} {path}{query}")
        last = path.rpartition("/")[2]
        while any(each == last or ("=" in each and each in query) for each in self.held):  # noqa: ASYNC110 - no event of this loop's
            await asyncio.sleep(0.01)  # the test lets go of it from another thread
        fault = self.faults.get(last) or next(
            (fault for each, fault in self.faults.items() if "=" in each and each in query), None
        )
        return _problem(*fault) if fault else self._answer(path.strip("/").split("/"), request, body)

    def _answer(self, parts: list[str], request: Request, body: bytes) -> Response:
        plain: dict[str, Callable[[], dict[str, Any]]] = {
            "health": lambda: {"status": "ok"},
            "openapi.json": lambda: DOCUMENT,
            "metrics": self._metrics,
            "queues": lambda: queues(self.day),
            "attention": self._attention,
            "actions": lambda: ReadActions(self.catalogue.store).listing({}),
        }
        for action_id in self.catalogue.ids() if parts[:1] == ["actions"] else ():
            plain[f"actions/{action_id}"] = partial(ReadActions(self.catalogue.store).action, action_id)
        if "/".join(parts) in plain:
            return JSONResponse(plain["/".join(parts)]())
        match parts:
            case ["webhooks", "key"]:
                return JSONResponse({"host": request.query_params["host"], "keys": ["whsec_b25lIG9mIHRoZW0="]})
            case ["executions"]:
                return self._submitted(request, body) if request.method == "POST" else JSONResponse(self._page(request))
            case ["workflows", *rest]:
                return self._about_flows(rest, request, body)
            case ["executions", "decisions", *rest]:
                return self._about_many(rest, body)
            case ["executions", execution_id, *rest] if execution_id in self.day.trails:
                return self._about(self.day.trails[execution_id], "/".join(rest), request, body)
            case ["executions", *_]:
                return _problem(404, "execution_not_found", "no execution with this id")
        return _problem(403, "missing_authentication", "nothing is served here")

    def _metrics(self) -> dict[str, Any]:
        found = metrics(self.day)
        hours = found["hours"] if self.first_hour is None else found["hours"][-self.first_hour - 1 :]
        return found | {"hours": hours}

    def _attention(self) -> dict[str, Any]:
        def first(most: int, filters: dict[str, str]) -> dict[str, Any]:
            found = [trail.document(result=False) for trail in self._found(filters)]
            return {"executions": found[:most], "next": "after-the-first" if found[most:] else None}

        now = int(self.day.now)
        failed = first(100, {"status": "failed", "from": iso(now - 3 * DAY_MS)})
        lately = [each for each in failed["executions"] if each["completedAt"] >= iso(now - DAY_MS)]
        return {
            "unknown": first(25, {"status": "unknown"}),
            "undelivered": first(25, {"webhookStatus": "failed"}),
            "failed": failed | {"executions": lately},
        }

    def _about_flows(self, rest: list[str], request: Request, body: bytes) -> Response:
        if not rest:
            wanted = request.query_params.get("status")
            found = [each for each in self.flows.values() if wanted in {None, each["status"]}]
            without = [{name: value for name, value in each.items() if name != "steps"} for each in found]
            return JSONResponse({"workflows": without, "next": None})
        flow = self.flows.get(rest[0])
        if flow is None:
            return _problem(404, "workflow_not_found", "no workflow with this id")
        if request.method == "POST":
            self.bodies.append(json.loads(body) if body else None)
            flow["status"] = "cancelled" if rest[1] == "cancel" else "running"
        return JSONResponse(flow, 202 if rest[1:] == ["retry"] else 200)

    def _about_many(self, rest: list[str], body: bytes) -> Response:
        if not rest:
            return self._decided_about_many(json.loads(body))
        if rest[0] in self.many:
            return JSONResponse(self.many[rest[0]].progress())
        return _problem(404, "decision_not_found", "no decision with this id")

    def _about(self, trail: Trail, what: str, request: Request, body: bytes) -> Response:
        if what == "":
            return JSONResponse(trail.document())
        if what == "audit":
            history: dict[str, Any] = {"executionId": trail.execution_id, "entries": trail.entries}
            if request.query_params.get("verify") == "true":
                history["verification"] = self._verification(trail)
            return JSONResponse(history)
        if what == "request":
            trail.step("request_read", 1_000, actor="operator")
            return Response(trail.request(), media_type="application/json")
        self.bodies.append(json.loads(body) if body else None)
        if not DECISIONS[what](trail, self.bodies[-1] or {}):
            return _problem(409, "wrong_state", f"the execution is {trail.status}", allowed=["redeliver"])
        return JSONResponse(trail.document(), 202 if what in {"retry", "webhook/redeliver"} else 200)

    def _verification(self, trail: Trail) -> dict[str, Any]:
        intact = self.broken_at is None
        return {
            "intact": intact,
            "checkedEntries": len(trail.entries) if intact else self.broken_at,
            "brokenAt": self.broken_at,
            "detail": None if intact else "its hash is not that of its fields",
        }

    def _submitted(self, request: Request, body: bytes) -> Response:
        self.texts.append(body.decode())
        given = json.loads(body)
        if self.refusal:
            return _problem(422, "invalid_request", "the request breaks a rule", errors=self.refusal)
        if request.query_params.get("dryRun") == "true":
            said = {"warnings": self.warnings, "defaults": self.defaults}
            extra = {name: value for name, value in said.items() if value}
            return JSONResponse(given | extra) if extra else Response(body, media_type="application/json")
        trail = self.day.opened(0)
        self.day.trails[given["executionId"]] = self.day.trails.pop(trail.execution_id)
        trail.execution_id, trail.action_id = given["executionId"], given["actionId"]
        return JSONResponse(trail.document(), 202)

    def _decided_about_many(self, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        if not body["filter"]:
            return _problem(422, "invalid_request", "a filter is missing")
        if self.too_many:
            fault = {"pointer": "/filter", "code": "too_many", "detail": "matches more than 1000 executions: narrow it"}
            return _problem(422, "invalid_request", "the request breaks a rule", errors=[fault])
        found = self._found(body["filter"])
        if body.get("dryRun"):
            return JSONResponse({"matched": len(found)})
        many = Many(body["decision"], found, body, self.a_look)
        self.many[many.decision_id] = many
        return JSONResponse({"decisionId": many.decision_id, "matched": len(found)}, 202)

    def _found(self, query: Mapping[str, str]) -> list[Trail]:
        """Those that fit, newest first; what was acknowledged is in no list of trouble."""
        fits: list[Callable[[dict[str, Any]], bool]] = [
            lambda each, name=name: each[name] in query[name].split(",")  # type: ignore[misc]
            for name in ("status", "webhookStatus", "actionId", "traceId")
            if query.get(name)
        ]
        if code := query.get("errorCode"):
            fits.append(lambda each: (each["error"] or {}).get("code") == code)
        if part := query.get("id"):
            fits.append(lambda each: part in each["executionId"])
        if since := query.get("from"):
            fits.append(lambda each: each["createdAt"] >= since)
        if before := query.get("to"):
            fits.append(lambda each: each["createdAt"] < before)
        statuses = set(query.get("status", "").split(","))
        trouble = statuses <= {"failed", "unknown"} or query.get("webhookStatus") == "failed"
        found = [each for each in self.day.newest() if not (each.acknowledged and trouble)]
        return [each for each in found if all(fit(each.document(result=False)) for fit in fits)]

    def _page(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        found = [trail.document(result=False) for trail in self._found(query)]
        kind, _, after = query.get("next", "empty-0").partition("-")
        if kind == "empty" and int(after) < self.empty_pages:
            return {"executions": [], "next": f"empty-{int(after) + 1}"}
        if kind == "after":
            found = [each for each in found if f"{each['createdAt']}#{each['executionId']}" < after]
        page = found[: self.page_size or int(query.get("limit", "50"))]
        last = f"after-{page[-1]['createdAt']}#{page[-1]['executionId']}" if len(page) < len(found) else None
        return {"executions": page, "next": last}

    # -- Who asks -------------------------------------------------------------------------------------------------

    def _refusal(self, request: Request, body: bytes) -> str | None:
        if self.way == "API_KEY":
            return None if request.headers.get("x-api-key") == API_KEY else "invalid_api_key"
        given = request.headers.get("Authorization", "")
        if f"Credential={IDENTITY.access_key}/" not in given:
            return "missing_authentication"
        signed_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if self.strict_clock and abs(signed_at.timestamp() - time.time()) > 300:
            return "invalid_signature"
        return None if given == expected_authorization(request, body) else "invalid_signature"


def expected_authorization(request: Request, body: bytes) -> str:
    """What botocore's signer makes of a request, at the time and over the headers that the request names."""
    names = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: request.headers[name] for name in names if name not in {"x-amz-date", "x-amz-security-token"}}
    return authorization(request.method, str(request.url), headers, body, request.headers["x-amz-date"])


def authorization(method: str, url: str, headers: dict[str, str], body: bytes, date: str) -> str:
    """The header `Authorization` by botocore, as of `date`."""
    signer = SigV4Auth(IDENTITY, "execute-api", REGION)
    request = AWSRequest(method, url, headers=headers, data=body)
    request.context["timestamp"] = date
    signer._modify_request_before_signing(request)  # type: ignore[attr-defined]
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(to_sign, request))  # type: ignore[attr-defined]
    return str(request.headers["Authorization"])


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    document = {"type": f"urn:actionrelay:problem:{code}", "title": code, "status": status, "detail": detail}
    return JSONResponse({**document, "code": code, "traceId": "t", **more}, status)


@contextmanager
def serving() -> Iterator[FakeApi]:
    """Serve one on a free port of 127.0.0.1, until the block ends."""
    api = FakeApi()

    def console(_request: Request) -> Response:
        page = assemble(PageFacts(api.way, REGION, api.contract, api.runbook))
        return HTMLResponse(page.html, headers=page.headers)

    def module(request: Request) -> Response:
        text = Path(FOLDER, request.path_params["name"]).read_text(encoding="utf-8")
        return PlainTextResponse(text, media_type="text/javascript")

    routes = [
        Route("/v1/console", console),
        Route("/v1/{path:path}", api.answer, methods=["GET", "POST"]),
        Route("/modules/{name}", module),
        Route("/blank", lambda _request: HTMLResponse("<!doctype html><title>blank</title>")),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    [socket] = [each for listener in server.servers for each in listener.sockets]
    api.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    try:
        yield api
    finally:
        server.should_exit = True
        thread.join(5)
