// What needs somebody: unknown outcomes, deliveries given up, dead letters, late failures; each with what can be done.

import { explained } from "./api.js";
import { bulkButton } from "./bulk_dialog.js";
import { UnderWay } from "./bulk_progress.js";
import { decisionButtons } from "./decision_dialog.js";
import { runbook } from "./deployment.js";
import { h, place, show, showEach, svg } from "./dom.js";
import { listAddress } from "./filters.js";
import { plural, shortened } from "./formatting.js";
import { card, executionLink, faultNote, raise, skeleton } from "./pieces.js";
import { badge } from "./status.js";
import { when } from "./times.js";

const SCHEDULE = 4 * 86400000;
const MOST = 25;
const MOST_CODES = 6;

/**
 * What the API says needs attention. Executions and queues are asked for apart, and null where they can't be read; `faults` says
 * why, by part. `urgent` counts what is shown; `more` says that there is, or may be, more than that.
 */
export async function askAttention(api, signal, queues = api.get("queues", {}, signal)) {
  const asked = { executions: api.get("attention", {}, signal), queues };
  const names = Object.keys(asked);
  const settled = await Promise.allSettled(Object.values(asked));
  const faults = settled.flatMap(({ reason }, at) => (reason ? [{ name: names[at], error: reason }] : []));
  if (signal?.aborted || faults.length === names.length || faults.some(({ error }) => error.expels)) raise(faults.map(({ error }) => error), false);
  const [listed, waiting] = settled.map(({ value }) => value ?? null);
  const { unknown, undelivered, failed } = listed ?? { unknown: null, undelivered: null, failed: null };
  const dead = waiting?.queues.filter((queue) => queue.deadLetters > 0) ?? null;
  const urgent = [unknown?.executions, undelivered?.executions, dead].reduce((sum, part) => sum + (part?.length ?? 0), 0);
  return { unknown, undelivered, failed, dead, faults, urgent,
    more: Boolean(!listed || !dead || unknown.next || undelivered.next) };
}

function isoOf(at) {
  return new Date(at).toISOString();
}

/** Of each group: the filter that finds it, what to do about one, and `many`, what to do about all: from the oldest shown on where `sinceShown`. */
const GROUPS = [
  { name: "unknown", title: "Unknown outcome", filter: { status: "unknown" }, decisions: ["resolve", "retry", "acknowledge"], many: [null, "Decide about all…"],
    runbook: ["Executions that are unknown", "executions-that-are-unknown"],
    text: "The action may have run, or not. Find out in Genesys Cloud or in the system behind it, then resolve; retry only where a second run does no harm." },
  { name: "undelivered", title: "Webhook not delivered", filter: { webhookStatus: "failed" }, decisions: ["redeliver", "acknowledge"],
    many: ["redeliver", "Deliver all…"], pending: true,
    runbook: ["Deliveries that were given up", "deliveries-that-were-given-up"],
    text: "The outcome is recorded, but its caller did not receive it. Fix the receiver, then redeliver." },
  { name: "failed", title: "Failed in the last 24 hours", filter: { status: "failed" }, decisions: ["retry", "acknowledge"], many: ["retry", "Retry all…"], sinceShown: true,
    runbook: ["ErrorRateAlarm", "errorratealarm"],
    text: "Genesys Cloud refused, or all attempts were used up. Retry once the reason is gone." },
];
const PARTS = { executions: "Executions", queues: "Dead-letter queues" };
const REDRIVE = ["Redrive a dead-letter queue", "redrive-a-dead-letter-queue"];
const DEAD = {
  executions: { text: "Workers died over these messages. Look at the errors of execute, then redrive the queue: nothing is lost by it.", runbook: REDRIVE },
  bulk: { text: "Workers died over these messages. Look at the errors of execute, then redrive the queue: nothing is lost by it.", runbook: REDRIVE },
  workflows: { text: "Workers died over these messages. Look at the errors of workflows, then redrive the queue: what is not due does no harm.", runbook: REDRIVE },
  decisions: { text: "Parts of a decision about many were not taken. Look at the errors of decide, then redrive the queue: nothing is decided twice.", runbook: REDRIVE },
  catalogue: { text: "Workers died reading the organisation's actions. Look at the errors of catalogue, then delete these messages: the next reading begins within the hour.",
    runbook: ["CatalogueDlqDepthAlarm", "cataloguedlqdepthalarm"] },
  deliveries: { text: "Redrive the queue: what workers died over is delivered then, and what was given up returns to the dead-letter queue. Redeliver what is listed above, "
    + "then delete those messages. Never purge: callers would never hear of it.", runbook: ["Deliveries that were given up", "deliveries-that-were-given-up"] },
};

/** The groups, as cards; used by the view and, shortened, by the overview. */
export class AttentionGroups {
  constructor(context, { rows = MOST, compact = false } = {}) {
    this.context = context;
    this.rows = rows;
    this.found = {};
    this.compact = compact;
    const part = (title, extra, ...children) => (compact
      ? h("div", { class: "need" }, h("h3", {}, title), children)
      : card(title, { className: "need", extra }, children));
    this.parts = GROUPS.map((group) => {
      const list = h("ul", { class: "needing" });
      const codes = h("p", { class: "codes" });
      const more = h("p", { class: "card-foot" });
      const [decision, label] = group.many;
      const extra = h("div", { class: "need-do" },
        group.pending ? bulkButton(context, () => pendingSince(Date.now()), "Pending ones now…", { decision, focus: "pending" }) : null,
        bulkButton(context, () => this.#filterOf(group), label, { decision, focus: group.name }));
      return { group, list, codes, more, element: part(group.title, extra,
        compact ? null : [h("p", { class: "hint" }, group.text, " ", runbook(...group.runbook)), codes], list, more) };
    });
    this.dead = h("ul", { class: "needing" });
    this.deadCard = part("Dead-letter queues", null, this.dead);
    this.faults = h("div", { role: "status" });
    this.calm = h("div", { class: compact ? "" : "card" }, nothing());
    this.element = h("div", { class: compact ? "needs-compact" : "stack" }, skeleton(3));
  }

  /** What a decision about all of a group is about: what the API finds by its filter, not what happens to be drawn. */
  #filterOf({ name, filter, sinceShown }) {
    const accepted = (this.found[name]?.executions ?? []).map(({ createdAt }) => createdAt).sort();
    return { ...filter, ...(sinceShown && accepted.length ? { from: accepted[0] } : {}) };
  }

  draw(found) {
    this.found = found;
    const cards = [];
    if (found.faults.length) {
      show(this.faults, found.faults.map(({ name, error }) => [name, explained(error)]), () => found.faults.map(({ name, error }) => faultNote(error, `${PARTS[name]}: `)));
      cards.push(this.faults);
    }
    for (const { group, list, codes, more, element } of this.parts) {
      const part = found[group.name];
      if (!part) continue;
      this.#list(part, group, list, more);
      show(codes, part.executions.map(({ error }) => error?.code), (all) => (group.name === "undelivered" ? null : codeLinks(all, group.filter)));
      if (part.executions.length || part.next) cards.push(element);
    }
    if (found.dead?.length) {
      showEach(this.dead, found.dead, (queue) => queue.name, deadRow);
      cards.push(this.deadCard);
    }
    if (!cards.length) cards.push(this.calm);
    if (cards.length !== this.element.children.length || cards.some((each, at) => this.element.children[at] !== each)) place(this.element, cards);
  }

  #list({ executions, next }, group, list, more) {
    showEach(list, executions.slice(0, this.rows), (each) => each.executionId, (each) => needRow(each, this.compact ? shortest(group) : group, this.context));
    const rest = executions.length - this.rows;
    const said = next ? "All of them" : rest > 0 ? plural(rest, "more", "more") : null;
    more.hidden = !said;
    show(more, [said], () => said && h("a", { href: listAddress(group.filter), "data-focus": `more-${group.name}` }, said));
  }
}

/** Outcomes whose next delivery is still to come; the schedule of tries ends within four days. */
function pendingSince(now) {
  return { status: "completed,failed,unknown", webhookStatus: "pending", from: isoOf(now - SCHEDULE) };
}

/** A group with what is decided most; the rest is on the page of its own. */
function shortest(group) {
  return { ...group, decisions: group.decisions.filter((name) => name !== "acknowledge") };
}

/** How often each error code is among those shown, each a link to all that have it. */
function codeLinks(codes, filter) {
  const times = new Map();
  for (const code of codes.filter(Boolean)) times.set(code, (times.get(code) ?? 0) + 1);
  if (codes.length < 2) return null;
  return [...times].sort(([, one], [, other]) => other - one).slice(0, MOST_CODES)
    .map(([code, number]) => h("a", { href: listAddress({ ...filter, errorCode: code }), "data-focus": `code-${code}` }, `${number} × ${code}`));
}

function nothing() {
  return h("div", { class: "empty calm" },
    svg("svg", { viewBox: "0 0 48 48", "aria-hidden": "true", class: "calm-sign" }, svg("circle", { cx: "24", cy: "24", r: "20" }), svg("path", { d: "m15 24.5 6.5 6.5L34 18" })),
    h("p", { class: "empty-title" }, "Nothing needs you"), h("p", {}, "No unknown outcome, no delivery given up, no dead letter, no failure in 24 hours."));
}

function needRow(execution, group, context) {
  const { executionId, actionId, status, webhookStatus, error, completedAt, updatedAt } = execution;
  return h("li", { class: "need-row" },
    h("div", { class: "need-what" },
      h("a", { href: executionLink(executionId), class: "mono", title: executionId, "data-focus": `need-${group.name}-${executionId}`,
        "aria-label": `Execution ${shortened(executionId)}` }, shortened(executionId)),
      group.name === "undelivered" ? badge(webhookStatus, "webhook ") : badge(status),
      error ? h("code", { class: "code", title: error.message }, error.code) : null,
      h("span", { class: "hint" }, when(completedAt ?? updatedAt), h("span", { class: "action-of" }, " · action ", h("span", { class: "mono", title: actionId }, shortened(actionId))))),
    h("div", { class: "need-do" }, decisionButtons(execution, context, group.decisions)));
}

function deadRow(queue) {
  return h("li", { class: "need-row" }, h("div", { class: "need-what" },
    h("strong", {}, `${plural(queue.deadLetters, "dead letter")} of ${queue.name}`),
    h("span", { class: "hint dead-advice" }, DEAD[queue.name]?.text, " ", runbook(...(DEAD[queue.name]?.runbook ?? REDRIVE)))));
}

/** The view at `#/attention`. */
export class AttentionView {
  title = "Attention";
  every = 5000;

  constructor(context) {
    this.context = context;
    this.groups = new AttentionGroups(context);
    this.underWay = new UnderWay(context);
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Needs attention")), this.underWay.element, this.groups.element);
  }

  async load(signal) {
    this.underWay.load(signal);
    const found = await askAttention(this.context.api, signal);
    this.context.needing(found);
    this.groups.draw(found);
    raise(found.faults.map(({ error }) => error), true);
  }
}
