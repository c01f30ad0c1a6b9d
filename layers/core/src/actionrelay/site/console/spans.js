// What an execution's history says about where its time went: spans in lanes, moments between them, and a scale.

const CODES_OF_OUTCOME = new Set(["completed", "failed", "unknown"]);

/** The lanes, from top to bottom. */
export const LANES = [
  { lane: "wait", label: "Queue and retry waits" },
  { lane: "attempt", label: "Attempts" },
  { lane: "result", label: "Result by webhook" },
  { lane: "delivery", label: "Delivery to the caller" },
];

/** Spans `{lane, kind, label, from, to, open, tone, facts}` and moments `{kind, label, at, tone}`; times are epoch ms. */
export function history(execution, entries, now) {
  const story = new Story();
  for (const entry of entries) story.read(entry, Date.parse(entry.timestamp));
  story.end(execution, now);
  return { spans: story.spans.sort((one, other) => one.from - other.from || one.to - other.to), moments: story.moments };
}

class Story {
  spans = [];
  moments = [];
  #open = {};
  #deliveries = 0;

  read(entry, at) {
    const { event } = entry;
    if (event === "accepted") {
      this.#moment("accepted", "Accepted", at);
      this.#begin("wait", "queue", "Queue wait", at);
    } else if (event === "cache_hit") {
      this.#moment("cache", "Answered from the cache", at, "good");
      this.#awaitDelivery(entry, at);
    } else if (event === "attempt_started") {
      this.#close("wait", at);
      this.#begin("attempt", "attempt", `Attempt ${entry.attempt}`, at);
    } else if (event === "retry_planned") {
      if (!this.#close("attempt", at, { tone: "bad", ended: "to be tried again", entry })) this.#close("wait", at, { entry });
      this.#begin("wait", "retry", "Retry wait", at, entry);
    } else if (event === "awaiting_webhook") {
      this.#close("attempt", at, { tone: "good", ended: "taken by Genesys Cloud", entry });
      this.#begin("result", "webhook", "Wait for the result", at);
    } else if (event === "webhook_received") {
      if (!this.#close("result", at, { tone: "good", ended: "received", entry })) {
        this.#moment("webhook", "Result webhook received", at);
      }
    } else if (CODES_OF_OUTCOME.has(event)) this.#outcome(entry, at);
    else if (event === "rerun_requested") {
      this.#moment("operator", `Retry asked for${by(entry)}`, at);
      this.#drop("delivery");
      this.#begin("wait", "queue", "Queue wait", at);
    } else if (event === "resolved") this.#moment("operator", `Resolved${by(entry)}`, at);
    else if (event === "cancelled") {
      this.#close("wait", at, { ended: "cancelled" });
      this.#moment("cancelled", `Cancelled${by(entry)}`, at);
    } else if (event === "redelivery_requested") {
      this.#moment("operator", `Redelivery asked for${by(entry)}`, at);
      this.#begin("delivery", "pending", "Wait for delivery", at);
    } else if (event.startsWith("webhook_") && event !== "webhook_conflict") this.#delivery(entry, at);
    else this.#moment(event, event.replaceAll("_", " "), at, event === "webhook_conflict" ? "doubt" : "calm");
  }

  /** What has not ended goes on until now. */
  end(execution, now) {
    // An attempt is put on record when it ends; until then only the execution shows that it has begun, and when.
    if (execution.status === "running" && !this.#open.attempt) {
      const began = Date.parse(execution.updatedAt);
      this.#close("wait", began);
      this.#begin("attempt", "attempt", `Attempt ${execution.attempts}`, began);
    }
    const going = { wait: execution.status === "queued", attempt: execution.status === "running",
      result: execution.status === "awaiting_webhook", delivery: execution.webhookStatus === "pending" };
    for (const [lane, goes] of Object.entries(going)) {
      if (goes) this.#close(lane, Math.max(now, this.#open[lane]?.from ?? 0), { open: true, tone: lane === "attempt" ? "busy" : undefined });
    }
  }

  #outcome(entry, at) {
    const good = entry.event === "completed";
    const toneOf = good ? "good" : entry.event === "failed" ? "bad" : "doubt";
    this.#close("attempt", at, { tone: toneOf, ended: entry.event, entry })
      || this.#close("result", at, { tone: toneOf, ended: entry.event, entry })
      || this.#close("wait", at, { ended: entry.event, entry });
    this.#moment(entry.event, entry.event.replace(/^./, (first) => first.toUpperCase()), at, toneOf);
    this.#deliveries = 0;
    this.#drop("delivery");
    this.#awaitDelivery(entry, at);
  }

  #awaitDelivery(entry, at) {
    if (entry.webhookUrl) this.#begin("delivery", "pending", "Wait for delivery", at);
  }

  #delivery(entry, at) {
    const took = entry.latencyMs ?? 0;
    this.#deliveries += 1;
    const since = this.#open.delivery?.from ?? at - took;
    const from = Math.max(since, at - took);
    this.#close("delivery", from);
    const good = entry.event === "webhook_delivered";
    this.#begin("delivery", "try", `Delivery ${this.#deliveries}`, from);
    this.#close("delivery", at, {
      tone: good ? "good" : "bad", entry,
      ended: good ? "delivered" : entry.event === "webhook_failed" ? "given up" : "to be tried again",
    });
    if (entry.event === "webhook_retry_planned") this.#begin("delivery", "pending", "Wait for the next delivery", at);
  }

  #begin(lane, kind, label, from, entry = null) {
    this.#drop(lane);
    this.#open[lane] = { lane, kind, label, from, cause: entry?.code ?? null };
  }

  #drop(lane) {
    delete this.#open[lane];
  }

  #close(lane, to, { tone: toneOf, ended = null, entry = null, open = false } = {}) {
    const begun = this.#open[lane];
    if (!begun) return false;
    this.#drop(lane);
    // Delivered at once: there was no wait to speak of.
    if (begun.kind === "pending" && to <= begun.from && !open) return true;
    this.spans.push({
      ...begun, to: Math.max(to, begun.from), open, ended, tone: toneOf ?? "calm", code: entry?.code ?? begun.cause,
      correlationId: entry?.correlationId ?? null, limit: entry?.limit ?? null,
    });
    return true;
  }

  #moment(kind, label, at, toneOf = "calm") {
    this.moments.push({ kind, label, at, tone: toneOf });
  }
}

function by(entry) {
  return entry.actor ? ` by ${entry.actor}` : "";
}

const EXPONENT = 0.3;
const READABLE = 0.006;

/** Whether the shortest span of work would hardly be seen, if all were drawn in proportion. */
export function needsCompressing({ spans, moments }) {
  const [start, end] = bounds(spans, moments);
  const work = spans.filter((each) => each.to > each.from && each.lane !== "wait" && each.kind !== "pending");
  return work.some((each) => (each.to - each.from) / (end - start || 1) < READABLE);
}

/** A scale from epoch ms to 0…1: in proportion, or with every stretch between two edges drawn by its 0.3th power. */
export function scaleOf({ spans, moments }, compressed) {
  const [start, end] = bounds(spans, moments);
  const edges = [...new Set([start, end, ...spans.flatMap((each) => [each.from, each.to]), ...moments.map((each) => each.at)])]
    .sort((one, other) => one - other);
  const weight = (ms) => (compressed ? ms ** EXPONENT : ms);
  const places = [0];
  for (let at = 1; at < edges.length; at += 1) places.push(places[at - 1] + weight(edges[at] - edges[at - 1]));
  const whole = places.at(-1) || 1;
  const shareAt = new Map(edges.map((edge, at) => [edge, places[at] / whole]));
  return { start, end, edges, at: (time) => shareAt.get(time) ?? 0 };
}

function bounds(spans, moments) {
  const times = [...spans.flatMap((each) => [each.from, each.to]), ...moments.map((each) => each.at)];
  return times.length ? [Math.min(...times), Math.max(...times)] : [0, 0];
}
