// What needs somebody: unknown outcomes, deliveries given up, dead letters, late failures; each with what can be done.

import { decisionButtons } from "./decisions.js";
import { h, place, showEach, svg } from "./dom.js";
import { plural, shortened } from "./formatting.js";
import { card, empty, executionLink, skeleton, when } from "./pieces.js";
import { badge } from "./status.js";

const FAILED_WITHIN = 86400000;
const MOST = 25;

/** What the API says needs attention. `total` counts what is shown; `more` says that there is more than that. */
export async function askAttention(api, now, signal) {
  const [unknown, undelivered, failed, queues] = await Promise.all([
    api.get("executions", { status: "unknown", limit: MOST }, signal),
    api.get("executions", { webhookStatus: "failed", limit: MOST }, signal),
    api.get("executions", { status: "failed", from: new Date(now - FAILED_WITHIN).toISOString(), limit: MOST }, signal),
    api.get("queues", {}, signal),
  ]);
  const dead = queues.queues.filter((queue) => queue.deadLetters > 0);
  const urgent = unknown.executions.length + undelivered.executions.length + dead.length;
  return { unknown, undelivered, failed, dead, urgent, more: Boolean(unknown.next || undelivered.next) };
}

const GROUPS = [
  { name: "unknown", title: "Unknown outcome", link: "#/executions?status=unknown", decisions: ["resolve", "retry"],
    text: "The action may have run, or not. Find out in Genesys Cloud or in the system behind it, then resolve; retry only where a second run does no harm." },
  { name: "undelivered", title: "Webhook not delivered", link: "#/executions?webhookStatus=failed", decisions: ["redeliver"],
    text: "The outcome stands, but its caller was not told. Mend the receiver, then redeliver." },
  { name: "failed", title: "Failed in the last 24 hours", link: "#/executions?status=failed", decisions: ["retry"],
    text: "Genesys Cloud refused, or all attempts were used up. Retry once the reason is gone." },
];
const DEAD = {
  executions: "Workers died over these messages. Look at the errors of execute, then redrive the queue: nothing is lost by it.",
  deliveries: "Deliveries that were given up, and messages whose workers died. Redeliver above, then purge or redrive.",
};

/** The groups, as cards; used by the view and, shortened, by the overview. */
export class AttentionGroups {
  constructor(context, { rows = MOST, compact = false } = {}) {
    this.context = context;
    this.rows = rows;
    const part = (title, ...children) => (compact
      ? h("div", { class: "need" }, h("h3", {}, title), children)
      : card(title, { className: "need" }, children));
    this.parts = GROUPS.map((group) => {
      const list = h("ul", { class: "needing" });
      const more = h("p", { class: "card-foot" });
      return { group, list, more, element: part(group.title, compact ? null : h("p", { class: "hint" }, group.text), list, more) };
    });
    this.dead = h("ul", { class: "needing" });
    this.deadCard = part("Dead-letter queues", this.dead);
    this.calm = h("div", { class: compact ? "" : "card" }, nothing());
    this.element = h("div", { class: compact ? "needs-compact" : "stack" }, skeleton(3));
  }

  draw(found) {
    showEach(this.dead, found.dead, (queue) => queue.name, deadRow);
    const cards = [];
    for (const { group, list, more, element } of this.parts) {
      const { executions, next } = found[group.name];
      showEach(list, executions.slice(0, this.rows), (each) => each.executionId, (each) => needRow(each, group, this.context));
      const rest = executions.length - this.rows;
      const said = next || rest > 0;
      more.replaceChildren(...(said ? [h("a", { href: group.link, "data-focus": `more-${group.name}` }, next ? "All of them" : `${plural(rest, "more", "more")}`)] : []));
      more.hidden = !said;
      if (executions.length) cards.push(element);
    }
    if (found.dead.length) cards.push(this.deadCard);
    if (!cards.length) cards.push(this.calm);
    if (cards.length !== this.element.children.length || cards.some((each, at) => this.element.children[at] !== each)) place(this.element, cards);
  }
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
    h("span", { class: "hint dead-advice" }, DEAD[queue.name] ?? "See the runbook.")));
}

/** The view at `#/attention`. */
export class AttentionView {
  title = "Attention";
  every = 5000;

  constructor(context) {
    this.context = context;
    this.groups = new AttentionGroups(context);
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Needs attention")), this.groups.element);
  }

  async load(signal) {
    const found = await askAttention(this.context.api, Date.now(), signal);
    this.context.needing(found);
    this.groups.draw(found);
  }
}
