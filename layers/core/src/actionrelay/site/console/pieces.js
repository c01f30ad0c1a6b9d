// What several views are made of: cards, rows of executions, notes of what can't be read.

import { explained } from "./api.js";
import { copyButton, h, place } from "./dom.js";
import { shortened, span } from "./formatting.js";
import { badge } from "./status.js";
import { until, when } from "./times.js";

/** A titled part of a page. `level` is its heading's. */
export function card(title, { level = 2, extra = null, className = "" } = {}, ...children) {
  const id = `card-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return h("section", { class: `card ${className}`, "aria-labelledby": id },
    h("header", { class: "card-head" }, h(`h${level}`, { id }, title), extra), children);
}

/** Grey bars in the place of what is still to come. */
export function skeleton(lines) {
  return h("div", { class: "skeleton", "aria-hidden": "true" }, Array.from({ length: lines }, () => h("span")));
}

/** What is shown where there is nothing. */
export function empty(title, text, ...more) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, text), more);
}

/** A part of a page that is loaded by itself: a failure is shown above what was there before, and does not replace it. */
export class Panel {
  constructor(lines = 4) {
    this.fault = h("div", {});
    this.body = h("div", {}, skeleton(lines));
    this.element = h("div", { class: "panel" }, this.fault, this.body);
    this.loaded = false;
  }

  /** Asks, draws, and raises what went wrong for the poller. */
  async load(ask, draw) {
    try {
      const found = await ask();
      if (!this.loaded) this.body.replaceChildren();
      this.loaded = true;
      draw(found, this.body);
      place(this.fault);
      return found;
    } catch (error) {
      if (error.name !== "AbortError") place(this.fault, faultNote(error));
      if (!this.loaded && error.name !== "AbortError") this.body.replaceChildren();
      throw error;
    }
  }
}

/** Waits for all; then raises what is worth raising, where each has done what it could. */
export async function together(...tasks) {
  const settled = await Promise.allSettled(tasks.filter(Boolean));
  raise(settled.map((each) => each.reason), settled.some((each) => each.status === "fulfilled"));
}

/** Raises the failure that says most. Where other parts `went` well, one that these credentials may not see is none. */
export function raise(failures, went) {
  const found = failures.filter((each) => each && !(went && each.code === "access_denied"));
  if (found.length) throw found.find((each) => each.expels) ?? found[0];
}

/** Says above a part why it can't be read. */
export function faultNote(error, about = "") {
  return h("p", { class: "note tone-bad" }, about, explained(error));
}

const COLUMNS = ["Status", "Execution", "Action", "Accepted", "Took", "Tries", "Webhook"];

/** A table of executions; on narrow screens each row is a card, so the roles are explicit. */
export function executionTable(caption) {
  const body = h("tbody", { role: "rowgroup" });
  const table = h("table", { class: "executions", role: "table" }, h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, COLUMNS.map((name) => h("th", { scope: "col", role: "columnheader" }, name)))), body);
  return { table, body };
}

/** One row of it. */
export function executionRow(execution) {
  const { executionId, actionId, status, error, createdAt, latencyMs, attempts, webhookStatus, cacheStatus, nextDeliveryAt } = execution;
  const cell = (className, ...content) => h("td", { role: "cell", class: className }, content);
  return h("tr", { role: "row", class: "linked" },
    cell("col-status", badge(status), error && status !== "completed" ? h("span", { class: "code" }, error.code) : null),
    cell("col-id", h("a", { href: executionLink(executionId), class: "whole", "data-focus": `row-${executionId}`, title: executionId,
      "aria-label": `Execution ${shortened(executionId)}` }, shortened(executionId)), copyButton(executionId, "execution id", { tabbable: false })),
    cell("col-action", h("span", { title: actionId }, shortened(actionId))),
    cell("col-when", when(createdAt)),
    cell("col-took", latencyMs === null ? "" : cacheStatus === "hit" ? "from cache" : span(latencyMs)),
    cell("col-tries", attempts ? String(attempts) : ""),
    cell("col-webhook", webhookStatus === "none" ? "" : [badge(webhookStatus), " ", nextDeliveryAt ? until(nextDeliveryAt) : null]));
}

/** A fact and its name, within a list of facts. */
export function pair(name, value, className = "") {
  return h("div", { class: className }, h("dt", {}, name), h("dd", {}, value));
}

export function executionLink(id) {
  return `#/executions/${encodeURIComponent(id)}`;
}
