// Queue health: what waits, what is in work, what is in a dead-letter queue, and whether the rate gate is open.

import { h, show } from "./dom.js";
import { count, plural, span } from "./formatting.js";
import { until } from "./times.js";

const NAMES = { executions: "Executions", bulk: "Bulk executions", deliveries: "Deliveries",
  workflows: "Workflows", decisions: "Decisions about many", catalogue: "Readings of the actions" };
/** Drawn only while they hold something. */
const ASIDE = ["workflows", "decisions", "catalogue"];
const LANE_OF = { executions: "interactive", bulk: "bulk" };

/** The queues and the gate, in a container. */
export function drawQueues(container, { queues, rateGate }) {
  const pauseEnds = rateGate.pausedUntil ? Date.parse(rateGate.pausedUntil) : 0;
  const paused = Math.max(0, Math.ceil((pauseEnds - Date.now()) / 1000));
  show(container, { queues, rateGate, paused }, () => [
    queues.filter((queue) => !ASIDE.includes(queue.name) || holds(queue))
      .map((queue) => queueRow(queue, rateGate.lanes.find((lane) => lane.name === LANE_OF[queue.name]))),
    h("div", { class: "queue" }, h("h3", {}, "Rate gate"),
      h("p", { class: paused ? "gate tone-wait" : "gate" }, paused
        ? `Paused for ${span(paused * 1000)} more, as Genesys Cloud asked for`
        : `Open, at most ${plural(rateGate.requestsPerMinute, "request")} a minute`),
      h("p", { class: "gate" }, `≈ ${count(rateGate.inFlight)} of at most ${plural(rateGate.maxInFlight, "action")} under way`,
        rateGate.inFlight >= rateGate.maxInFlight ? ": each has to end before another begins" : null)),
  ]);
}

function holds({ waiting, delayed, inFlight, deadLetters }) {
  return waiting + delayed + inFlight + deadLetters > 0;
}

/** How a lane gets on; null for a queue that is none, and for a lane in which nobody waits. */
function laneNote(lane) {
  if (!lane?.callersWaiting) return null;
  const shares = `${plural(lane.callersWaiting, "caller")} before the rate gate, ${lane.sharePercent} % of the rate while both lanes wait`;
  return h("p", { class: "gate" }, shares, lane.workedOffBy ? [". Worked off ≈ ", until(lane.workedOffBy)] : null);
}

function queueRow({ name, waiting, delayed, inFlight, deadLetters }, lane) {
  const all = Math.max(1, waiting + delayed + inFlight);
  const part = (kind, fraction) => (fraction ? h("span", { class: `part ${kind}`, css: { "flex-grow": String(fraction) } }) : null);
  return h("div", { class: "queue" },
    h("h3", {}, NAMES[name] ?? name, deadLetters ? h("span", { class: "badge tone-bad dead" }, plural(deadLetters, "dead letter")) : null),
    h("div", { class: "parts", "aria-hidden": "true" }, part("in-flight", inFlight / all), part("waiting", waiting / all), part("delayed", delayed / all),
      waiting + delayed + inFlight ? null : part("idle", 1)),
    h("dl", { class: "parts-legend" },
      number("in work", inFlight, "in-flight"), number("waiting", waiting, "waiting"), number("delayed", delayed, "delayed"),
      number("dead", deadLetters, deadLetters ? "dead" : "none")),
    laneNote(lane));
}

function number(name, value, kind) {
  return h("div", {}, h("dt", {}, h("span", { class: `key ${kind}`, "aria-hidden": "true" }), name), h("dd", {}, count(value)));
}
