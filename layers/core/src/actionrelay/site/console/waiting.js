// Why something waits, in words, and until when.

import { h } from "./dom.js";
import { until } from "./times.js";

/** What waits for its turn; when that comes is an estimate. */
const TURNS = {
  rate: "Waits for its turn: a worker, and a permit of the rate gate.",
  lane: "Waits for its turn, and its lane shares the rate with the other one.",
};
const REASONS = {
  paused: ["Genesys Cloud asked all workers to pause. It goes on", "."],
  retry: ["Waits for its next try", "."],
  token: ["There was no token for Genesys Cloud at the last try. The next one is", "."],
  lease: ["A worker has it, and its request is on its way. If that worker dies, another takes over", "."],
  webhook: ["Genesys Cloud took it, and its result is to come by webhook. Without one it becomes unknown", "."],
};

/** A sentence about an execution's `waiting`, with a countdown where the end is known; null where it waits for nothing. */
export function waitingNote(waiting) {
  if (!waiting) return null;
  const turn = TURNS[waiting.reason];
  if (turn) {
    const estimate = waiting.until ? [" All that waits in its lane has had its turn ≈ ", until(waiting.until), "."] : null;
    return h("p", { class: "waits" }, turn, estimate);
  }
  const [before, after] = REASONS[waiting.reason] ?? [`Waits (${waiting.reason})`, "."];
  return h("p", { class: "waits" }, before, waiting.until ? [" ", until(waiting.until), after] : after);
}

/** When a pending delivery is tried next; null where none is pending. */
export function deliveryNote({ webhookStatus, nextDeliveryAt, waiting }) {
  if (webhookStatus !== "pending" || waiting) return null;
  return h("span", { class: "hint" }, nextDeliveryAt ? ["next try ", until(nextDeliveryAt)] : "is being delivered");
}
