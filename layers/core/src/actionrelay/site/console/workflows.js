// The list of workflows: newest first, by state, older ones on demand.

import { h, place, showEach } from "./dom.js";
import { shortened, span } from "./formatting.js";
import { Pages } from "./pages.js";
import { empty, Panel } from "./pieces.js";
import { badge } from "./status.js";
import { when } from "./times.js";

const WORKFLOWS_AT_ONCE = 50;
const WORKFLOW_STATUSES = ["running", "blocked", "completed", "failed", "cancelled"];

/** The view at `#/workflows`. */
export class WorkflowsView {
  title = "Workflows";
  every = 5000;
  #pages = new Pages();
  #gone = new AbortController();

  constructor(context, query) {
    this.context = context;
    this.status = WORKFLOW_STATUSES.includes(query.get("status")) ? query.get("status") : "";
    this.panel = new Panel(8);
    this.rows = h("tbody", { role: "rowgroup" });
    this.table = h("table", { class: "executions workflows", role: "table" }, h("caption", { class: "unseen" }, "Workflows, newest first"),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Status", "Workflow", "Begun", "Took", "Webhook"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)))), this.rows);
    this.more = h("button", { type: "button", class: "button", hidden: true, "data-focus": "older", onclick: () => this.#loadOlder() }, "Show older");
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, this.title), this.#choice()),
      h("section", { class: "card flush", "aria-label": "Results" }, this.panel.element, h("div", { class: "list-foot" }, this.more)));
  }

  #choice() {
    return h("fieldset", { class: "segmented states" }, h("legend", { class: "unseen" }, "Workflows that are"), ["", ...WORKFLOW_STATUSES].map((each) => h("label", {},
      h("input", { type: "radio", name: "workflow-status", checked: each === this.status, "data-focus": `status-${each}`,
        onchange: () => this.context.go(each ? `#/workflows?status=${each}` : "#/workflows", `status-${each}`) }), h("span", {}, each || "all"))));
  }

  load(signal, timed) {
    return this.panel.load(() => this.#pages.refresh((next) => this.#page(next, signal), timed), (_, body) => this.#draw(body));
  }

  leave() {
    this.#gone.abort();
  }

  async #page(next, signal) {
    const { workflows, next: after } = await this.context.api.get("workflows", { status: this.status || undefined, limit: WORKFLOWS_AT_ONCE, next }, signal);
    // What keeps pages apart and in order knows executions by their names for it.
    return { executions: workflows.map((each) => ({ ...each, executionId: each.workflowId, createdAt: each.startedAt })), next: after };
  }

  async #loadOlder() {
    this.more.disabled = true;
    try {
      await this.#pages.older((next) => this.#page(next, this.#gone.signal));
      this.#draw(this.panel.body);
    } catch (error) {
      if (!this.#gone.signal.aborted) this.context.failed(error);
    } finally {
      this.more.disabled = false;
    }
  }

  #draw(body) {
    const { rows, goesOn } = this.#pages;
    if (rows.length) {
      showEach(this.rows, rows, (each) => each.workflowId, workflowRow);
      if (!this.table.isConnected) place(body, this.table);
    } else {
      place(body, this.status ? empty(`No workflow is ${this.status}`, "Choose another state.", h("a", { class: "button", href: "#/workflows" }, "Show all"))
        : empty("No workflows yet", "The first one appears here within seconds of POST /workflows."));
    }
    this.more.hidden = !goesOn;
  }
}

function workflowRow({ workflowId, status, error, startedAt, latencyMs, webhookStatus }) {
  const cell = (className, ...content) => h("td", { role: "cell", class: className }, content);
  return h("tr", { role: "row", class: "linked" },
    cell("col-status", badge(status), error ? h("span", { class: "code" }, error.code) : null),
    cell("col-id", h("a", { href: workflowLink(workflowId), class: "whole", "data-focus": `row-${workflowId}`, title: workflowId, "aria-label": `Workflow ${shortened(workflowId)}` }, shortened(workflowId))),
    cell("col-when", when(startedAt)),
    cell("col-took", latencyMs === null ? "" : span(latencyMs)),
    cell("col-webhook", webhookStatus === "none" ? "" : badge(webhookStatus)));
}

/** A workflow's address on this page. */
export function workflowLink(id) {
  return `#/workflows/${encodeURIComponent(id)}`;
}
