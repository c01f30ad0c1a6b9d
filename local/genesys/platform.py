"""The platform's own routes: the token endpoint and the two contracts for executing an action.

An execute request passes, in this order: token (401), rate (429), permission and scope (403), size and body
(413, 415, 400). Only a request that passed all of them takes a fault off the script or draws one.
"""

import asyncio
import json
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.actions import inputs_hash
from local.genesys.admission import admit, open_exchange
from local.genesys.answers import ResetAnswer, SilentAnswer, json_answer
from local.genesys.choice import Subject
from local.genesys.courier import Parcel
from local.genesys.exchange import Exchange, PlatformError
from local.genesys.ledger import RequestRecord
from local.genesys.rules import CallbackTime, Mode, Outcome
from local.genesys.simulator import Call, Simulator
from local.genesys.tokens import TokenRefusedError, token_hash

OAUTH_REFUSALS = (400, 401, 403)
EXECUTE_SCOPE = "data:action:execute"
ACTION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Platform:
    """The routes of the platform over one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return what Genesys Cloud answers, the login host's path and the API host's side by side."""
        return [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/api/v2/data/actions/execute", self.execute, methods=["POST"]),
            Route("/api/v2/integrations/actions/{action_id}/execute", self.execute, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Issue a token for client credentials."""
        simulator, exchange, body = self._simulator, *await open_exchange(self._simulator, request)
        simulator.ledger.tally("tokenRequests")
        fault = simulator.fault_for(Subject(on="token"))
        exchange.record.fault = fault.kind
        issued: dict[str, Any] = {}
        if not fault.prevents_run:
            form = dict(parse_qsl(body.decode("utf-8", "replace")))
            authorization = request.headers.get("authorization")
            try:
                issued = simulator.tokens.issue(authorization, form, simulator.scenario.tokens, simulator.clock())
            except TokenRefusedError as refused:
                exchange.record.status = refused.status
                return json_answer(refused.body(), refused.status, exchange.headers)
            simulator.ledger.tally("tokensIssued")
            exchange.record.ran = True
            exchange.record.token_hash = token_hash(issued["access_token"])
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.status in OAUTH_REFUSALS:
            refusal = TokenRefusedError(fault.status, fault.code or "invalid_client", fault.message or "refused")
            return self._close(exchange, json_answer(refusal.body(), refusal.status, exchange.headers))
        return self._close(exchange, exchange.faulty(fault, issued))

    async def execute(self, request: Request) -> Response:
        """Execute an action by either contract."""
        exchange, body = await open_exchange(self._simulator, request)
        self._simulator.ledger.tally("executeRequests")
        exchange.record.contract = "integrations" if "action_id" in request.path_params else "data-actions"
        exchange.record.trace_id = request.headers.get("x-trace-id")
        try:
            self._authorise(request, exchange)
            call = self._parse(request, body, exchange.record)
        except PlatformError as refusal:
            return self._close(exchange, exchange.error(refusal))
        return self._close(exchange, await self._perform(call, exchange))

    def _close(self, exchange: Exchange, answer: Response) -> Response:
        if not isinstance(answer, ResetAnswer | SilentAnswer):
            exchange.record.status = answer.status_code
        return answer

    def _authorise(self, request: Request, exchange: Exchange) -> None:
        simulator = self._simulator
        token = admit(simulator, request, exchange)
        integrations = exchange.record.contract == "integrations"
        if not simulator.permits(token, None if integrations else EXECUTE_SCOPE):
            missing = "integrations:action:execute" if integrations else EXECUTE_SCOPE
            message = "Unable to perform the requested action. You are missing the following permission(s): "
            raise PlatformError(403, "missing.permissions", message + missing)

    def _parse(self, request: Request, body: bytes, record: RequestRecord) -> Call:
        if len(body) > self._simulator.scenario.max_request_bytes:
            raise PlatformError(413)
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise PlatformError(415)
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            _invalid("the body must be a JSON object")
        if record.contract == "integrations":
            call = Call("integrations", request.path_params["action_id"], content, record.trace_id)
        else:
            call = _data_action_call(content, record.trace_id)
        if not ACTION_ID.fullmatch(call.action_id):
            raise PlatformError(404)
        record.action_id, record.execution_id, record.trace_id = (
            call.action_id,
            call.execution_id,
            call.trace_id,
        )
        record.inputs_hash = inputs_hash(call.inputs)
        return call

    async def _perform(self, call: Call, exchange: Exchange) -> Response:
        simulator, record = self._simulator, exchange.record
        subject = Subject("execute", call.execution_id, call.trace_id, call.action_id)
        fault = simulator.fault_for(subject)
        record.fault = fault.kind
        pause = simulator.pause_seconds(fault)
        if fault.prevents_run:
            await asyncio.sleep(pause)
            return exchange.faulty(fault, None)
        execution, ran_now = simulator.run(call, fault, record)
        parcel = simulator.parcel(call, execution, fault, record.correlation_id) if ran_now else None
        if parcel is not None and parcel.rules.when is CallbackTime.BEFORE_ANSWER:
            await simulator.courier.deliver(parcel)
            parcel = None
        await asyncio.sleep(pause)
        background = None if parcel is None else BackgroundTask(_post, simulator, parcel)
        if execution.mode is Mode.COMPLETED and execution.outcome is Outcome.FAILED and fault.kind is None:
            return exchange.error(PlatformError(400, "action.failed", "The action ran and reported a failure."))
        bare = call.contract == "integrations"
        content = execution.result if bare else simulator.answer(call, execution)
        if ran_now and background is None:
            execution.settled = True  # nobody calls back any more, so a repeat is how to find out
        return exchange.faulty(fault, content, background)


async def _post(simulator: Simulator, parcel: Parcel) -> None:
    simulator.courier.post(parcel)


def _data_action_call(content: dict[str, Any], trace_id: str | None) -> Call:
    action_id, inputs = _text(content, "actionId"), content.get("inputs", {})
    if not action_id:
        _invalid("actionId is required")
    if not isinstance(inputs, dict):
        _invalid("inputs must be an object")
    return Call(
        contract="data-actions",
        action_id=action_id,
        inputs=inputs,
        trace_id=trace_id or _text(content, "traceId"),
        execution_id=_text(content, "executionId"),
        webhook_url=_text(content, "webhookUrl"),
        cache_results=content.get("cacheResults") is not False,
    )


def _text(content: dict[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        _invalid(f"{name} must be a string")
    return value


def _invalid(message: str) -> NoReturn:
    raise PlatformError(400, "invalid.schema", message)
