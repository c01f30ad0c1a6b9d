// Reads requests as the tutorial's service does, with what it leaves out of its own rules left out here too: no
// duplicate keys, no numbers beyond a double, no lone surrogates. One line in, `<file> <repeats>`; one line out, the µs of one call.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";

const MAX_BYTES = 512_000;
const MAX_DEPTH = 5;

const Request = z.strictObject({
  actionId: z.uuid(),
  inputs: z.record(z.string(), z.unknown()),
  timeout: z.number().int().min(1).max(300_000).default(60_000),
  cacheResults: z.boolean().default(true),
  webhookUrl: z.url().optional(),
  executionId: z.uuid().optional(),
  traceId: z.uuid().optional(),
  actionReferences: z.record(z.string(), z.array(z.string())).optional(),
  idempotent: z.boolean().default(false),
});

const tooDeep = (value, left) =>
  typeof value === "object" && value !== null && Object.values(value).some((child) => left === 0 || tooDeep(child, left - 1));

function hasCycle(graph) {
  const finished = new Set();
  const path = new Set();
  const visit = (name) => {
    if (path.has(name)) return true;
    if (finished.has(name) || !(name in graph)) return false;
    path.add(name);
    if (graph[name].some(visit)) return true;
    path.delete(name);
    finished.add(name);
    return false;
  };
  return Object.keys(graph).some(visit);
}

function read(raw) {
  if (raw.length > MAX_BYTES) throw new Error("too large");
  const request = Request.parse(JSON.parse(raw.toString("utf8")));
  if (tooDeep(request.inputs, MAX_DEPTH)) throw new Error("too deep");
  if (request.actionReferences && hasCycle(request.actionReferences)) throw new Error("a cycle");
  return request;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [file, repeats] = line.split(" ");
  const raw = readFileSync(file);
  const begun = process.hrtime.bigint();
  for (let count = 0; count < Number(repeats); count += 1) read(raw);
  console.log(Number(process.hrtime.bigint() - begun) / 1000 / Number(repeats));
}
