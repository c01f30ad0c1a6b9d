// Receive webhooks and verify them with the published library: WEBHOOK_KEYS="whsec_…" PORT=8080 node receiver.mjs
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const keys = process.env.WEBHOOK_KEYS.split(" ").map((key) => new Webhook(key));
// Ids of webhooks that were taken. A real receiver keeps them where its outcomes are, for as long as tries go on.
const seen = new Set();

/** Return the document of a webhook that one of the keys has signed; undefined for any other. */
function verified(headers, body) {
  for (const key of keys) {
    try {
      return key.verify(body, headers);
    } catch {
      // another key may fit
    }
  }
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const document = verified(request.headers, Buffer.concat(parts).toString("utf8"));
  const id = request.headers["webhook-id"];
  if (document && !seen.has(id)) {
    seen.add(id);
    console.log(document.type, document.data.executionId);
    if (seen.size > 10_000) seen.delete(seen.values().next().value);
  }
  response.writeHead(document ? 204 : 401).end();
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
