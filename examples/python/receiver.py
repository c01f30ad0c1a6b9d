"""Receive webhooks and verify them with the published library: WEBHOOK_KEYS="whsec_…" PORT=8080 python receiver.py."""

import os
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

KEYS = [Webhook(key) for key in os.environ["WEBHOOK_KEYS"].split()]
SEEN: OrderedDict[str, None] = OrderedDict()
"""Ids of webhooks that were taken. A real receiver keeps them where its outcomes are, for as long as tries go on."""


def verified(headers: dict[str, str], body: bytes) -> Any:
    """Return the document of a webhook that one of the keys has signed; None for any other."""
    for key in KEYS:
        try:
            return key.verify(body, headers)
        except WebhookVerificationError:
            continue
    return None


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks, each once."""

    def do_POST(self) -> None:
        """Answer 204 for what is authentic, a repeat included, and 401 for all else."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        document = verified(headers, body)
        if document is not None and headers["webhook-id"] not in SEEN:
            SEEN[headers["webhook-id"]] = None
            print(document["type"], document["data"]["executionId"], flush=True)
            while len(SEEN) > 10_000:
                SEEN.popitem(last=False)
        self.send_response(401 if document is None else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
