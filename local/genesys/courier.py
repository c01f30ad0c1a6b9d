"""Sends callbacks over HTTP: waits, repeats refused ones, and holds back those that are to arrive out of order."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from local.genesys.callbacks import Callback, signature_headers
from local.genesys.ledger import CallbackRecord, Execution, Ledger
from local.genesys.rules import CallbackRules, Signing

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Parcel:
    """The callbacks of one execution, with their rules."""

    execution: Execution
    messages: Sequence[Callback]
    rules: CallbackRules
    signing: Signing


class Courier:
    """Delivers parcels in the background, on the event loop it is used on."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Parcel] = []
        # A connection of its own for every callback: a pooled one could go stale and look like a refusal.
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def deliver(self, parcel: Parcel) -> None:
        """Send every message of the parcel, each at its time; returns when all were taken or given up."""
        async with asyncio.TaskGroup() as group:
            for message in parcel.messages:
                group.create_task(self._send(message, parcel))

    def post(self, parcel: Parcel) -> None:
        """Send the parcel in the background, or hold it until `reorder` parcels are there: the newest goes
        first.
        """
        self._held.append(parcel)
        if len(self._held) >= parcel.rules.reorder:
            self._release()
        elif len(self._held) == 1:
            self._spawn(self._release_after(parcel))

    async def forget(self) -> None:
        """Drop everything that has not been sent."""
        self._held.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Drop the remaining parcels and close the connections."""
        await self.forget()
        await self._client.aclose()

    async def _release_after(self, first: Parcel) -> None:
        await asyncio.sleep(first.rules.reorder_hold_ms / 1000)
        if self._held and self._held[0] is first:
            self._release()

    def _release(self) -> None:
        parcels, self._held = self._held, []
        if len(parcels) > 1:
            self._spawn(self._deliver_newest_first(parcels))
        else:
            self._spawn(self.deliver(parcels[0]))

    async def _deliver_newest_first(self, parcels: Sequence[Parcel]) -> None:
        for parcel in reversed(parcels):
            await self.deliver(parcel)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, message: Callback, parcel: Parcel) -> None:
        await asyncio.sleep(message.wait_ms / 1000)
        parcel.execution.settled = True
        record = CallbackRecord(
            execution_id=message.execution_id,
            trace_id=message.trace_id,
            webhook_id=message.webhook_id,
            url=message.url,
            outcome=message.outcome,
        )
        self._ledger.callbacks.append(record)
        body = json.dumps(message.body, separators=(",", ":")).encode()
        wait = parcel.rules.retry_delay_ms / 1000
        for attempt in range(parcel.rules.attempts):
            if attempt:
                await asyncio.sleep(wait)
                wait *= 2
            if not await self._attempt(message, body, parcel, record):
                return

    async def _attempt(self, message: Callback, body: bytes, parcel: Parcel, record: CallbackRecord) -> bool:
        """Send once; say whether to try again. Anything but 429, 5xx and a lost connection is the last
        word.
        """
        headers = {"Content-Type": "application/json", "User-Agent": "genesys-simulator"}
        if message.trace_id is not None:
            headers["X-Trace-Id"] = message.trace_id
        signed = signature_headers(parcel.signing, message.webhook_id, self._clock(), body, parcel.rules.tampering)
        try:
            answer = await self._client.post(message.url, content=body, headers=headers | signed)
        except (httpx.HTTPError, httpx.InvalidURL) as lost:
            record.attempts.append(type(lost).__name__)
            return not isinstance(lost, httpx.InvalidURL | httpx.UnsupportedProtocol)
        record.attempts.append(answer.status_code)
        record.delivered = answer.is_success
        return answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or (
            answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        )
