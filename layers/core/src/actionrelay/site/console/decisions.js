// What an operator can decide about an execution: when it is offered, and what is said of it beforehand.

import { repeatsAreSafe } from "./deployment.js";
import { ENDED } from "./status.js";

const DELIVERS = " Its caller's webhook gets the outcome.";
const AGAIN = " Its caller's webhook gets the new outcome.";
const ASK = "Asks Genesys Cloud again under the same id: it answers what came of the run, or runs it now if it never did. Nothing runs twice.";
const RUN_AGAIN = "Runs the action again under an id of its own. If the first run took place, the action has run twice.";
const MAYBE_TWICE = "Nobody knows whether the action ran, and this contract has no id to ask about. If it ran, it runs twice: find out first, or "
  + "make sure that a second time does no harm.";

/**
 * By name. `allowed` says for which execution, `text` what happens to one, `textOfMany` to many; `fields` are what is asked
 * for besides.
 */
export const DECISIONS = {
  retry: {
    label: "Retry", title: "Run this execution again?", confirm: "Run it again", done: "is queued for another run", verb: "Retry",
    allowed: ({ status }) => status === "failed" || status === "unknown",
    text: ({ status, webhookStatus }) => (status === "unknown"
      ? (repeatsAreSafe() ? "Nobody knows whether the action ran." : MAYBE_TWICE)
      : "It failed, so the same request goes out as another run, with all its attempts before it.")
      + (webhookStatus === "none" ? "" : AGAIN),
    textOfMany: () => `Failed ones run again. ${repeatsAreSafe() ? "Unknown ones are asked about again under the same id, so nothing runs twice."
      : "Of unknown ones nobody knows whether they ran, and this contract has no id to ask about: those that ran, run twice."}`,
    fields: ({ status }) => (status === "unknown" && repeatsAreSafe() ? ["again"] : []),
  },
  resolve: {
    label: "Resolve", title: "Record how it ended", confirm: "Put on record", done: "is resolved", verb: "Resolve",
    allowed: ({ status }) => status === "unknown",
    text: ({ webhookStatus }) => `Say what you found out. It becomes the outcome, with your name.${webhookStatus === "none" ? "" : DELIVERS}`,
    textOfMany: () => "Each that is unknown gets this outcome, with your name. Callers that asked for a webhook get it.",
    fields: () => ["resolution"],
  },
  redeliver: {
    label: "Redeliver", title: "Deliver the webhook again?", confirm: "Deliver again", done: "is being delivered again", verb: "Deliver",
    allowed: ({ status, webhookStatus }) => ENDED.has(status) && ["failed", "delivered"].includes(webhookStatus),
    text: ({ webhookStatus }) => (webhookStatus === "delivered"
      ? "The caller's webhook took this outcome once. It gets it again under the same webhook-id."
      : "The caller's webhook is tried again, with the whole schedule of tries before it."),
    textOfMany: () => "What was given up is tried again, with the whole schedule before it; what waits for its next try is tried now.",
    fields: () => [],
  },
  tryNow: {
    label: "Try now", title: "Try the delivery now?", confirm: "Try it now", done: "is being delivered", verb: "Deliver", route: "redeliver",
    allowed: ({ status, webhookStatus }) => ENDED.has(status) && webhookStatus === "pending",
    text: () => "Its next try is made now. Where that fails, the schedule goes on.",
    fields: () => [],
  },
  cancel: {
    label: "Cancel", title: "Cancel this execution?", confirm: "Cancel it, for good", done: "is cancelled", verb: "Cancel", danger: true,
    allowed: ({ status }) => status === "queued",
    text: ({ webhookStatus }) => `It will not run, and this can't be undone.${webhookStatus === "none" ? "" : " Its caller's webhook gets nothing."}`,
    textOfMany: () => "Those that still wait and that no attempt may have run will not run. This can't be undone, and no webhook is sent.",
    fields: () => [],
  },
  acknowledge: {
    label: "Acknowledge", title: "Acknowledge that you have seen it?", confirm: "Acknowledge", done: "is acknowledged", verb: "Acknowledge",
    allowed: ({ status, webhookStatus }) => status === "failed" || status === "unknown" || webhookStatus === "failed",
    text: () => "It stays what it is and leaves the list of what needs attention, until an outcome, another run or a redelivery makes it news again.",
    textOfMany: () => "They stay what they are and leave the list of what needs attention, until something makes them news again.",
    fields: () => ["note"],
  },
};

/** What can be decided about many at once, by the names that the API knows. */
export const OF_MANY = ["retry", "redeliver", "resolve", "acknowledge", "cancel"];

/** The two ways to retry an unknown one where its id can be asked about; the first one harms nobody. */
export const WAYS = [
  { value: "ask", label: "Ask again", hint: ASK, confirm: "Ask again" },
  { value: "again", label: "Run it again", hint: RUN_AGAIN, confirm: "Run it again, maybe twice" },
];

const MEANINGS = {
  wrong_state: "It has moved on, so this can't be decided any more; what is shown is being refreshed.",
  stale_write: "Others wrote to it at the same moment. Nothing has changed; try again.",
  queue_unavailable: "The decision may be on record, but its message could not be sent. Repeat it: that is harmless.",
  store_unavailable: "A table did not answer. The decision may be on record: look at the history before you repeat it.",
};

/** What a refusal means beyond its own words; null where it says all. */
export function meaningOf({ code, allowed }) {
  const meaning = MEANINGS[code] ?? null;
  if (code !== "wrong_state" || allowed === null) return meaning;
  return `${meaning} ${allowed.length ? `What it allows now: ${allowed.join(", ")}.` : "It allows no decision now."}`;
}
