// How are we doing: counts, latency, queues, what needs somebody, and what came last.

import { askAttention, AttentionGroups } from "./attention.js";
import { LatencyChart } from "./chart.js";
import { h, place, show, showEach } from "./dom.js";
import { count, plural, roughly, share, shortened } from "./formatting.js";
import { card, empty, executionRow, executionTable, Panel, raise, together } from "./pieces.js";
import { drawQueues } from "./queues.js";

const DAY = 86400000;
const LATEST = 12;
const ACTIONS = 10;
const WINDOWS = [
  { name: "today", label: "Today", days: 1, said: "accepted today, by UTC" },
  { name: "week", label: "7 days", days: 7, said: "accepted in the last 7 days, by UTC" },
  { name: "month", label: "30 days", days: 30, said: "accepted in the last 30 days, by UTC" },
  { name: "all", label: "All", days: null, said: "since the deployment" },
];

/** The view at `#/`. */
export class OverviewView {
  title = "Overview";
  every = 5000;
  #window;
  #rounds = 0;

  constructor(context) {
    this.context = context;
    this.#window = WINDOWS.find(({ name }) => name === context.memory.window) ?? WINDOWS[0];
    this.counts = new Panel(3);
    this.tiles = h("dl", { class: "tiles" });
    this.latency = new Panel(6);
    this.extent = h("span", {});
    this.chart = new LatencyChart((said) => { this.extent.textContent = said; });
    this.queues = new Panel(4);
    this.attention = new Panel(4);
    this.groups = new AttentionGroups(context, { rows: 3, compact: true });
    this.latest = new Panel(6);
    this.actions = new Panel(4);
    const { table, body } = executionTable("Latest executions, newest first");
    this.table = table;
    this.rows = body;
    this.element = this.#built();
  }

  #built() {
    const link = (href, text) => h("a", { href }, text);
    return h("div", { class: "view" },
      h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Overview"), this.#windows()),
      h("section", { class: "card flush", "aria-label": "Counts" }, this.counts.element),
      h("div", { class: "columns" },
        h("div", { class: "stack main" },
          card("Latency and volume", { extra: h("span", { class: "hint" }, this.extent, ", all actions") }, this.latency.element),
          card("Latest executions", { className: "flush", extra: link("#/executions", "All executions") }, this.latest.element)),
        h("div", { class: "stack side" },
          card("Needs attention", { extra: link("#/attention", "What to do") }, this.attention.element),
          card("Queues", {}, this.queues.element))),
      card("Actions", { extra: h("span", { class: "hint" }, "since the deployment, most used first") }, this.actions.element));
  }

  #windows() {
    return h("fieldset", { class: "segmented" }, h("legend", { class: "unseen" }, "Counts of"), WINDOWS.map((each) => h("label", {},
      h("input", { type: "radio", name: "window", checked: each === this.#window, onchange: () => {
        this.#window = each;
        this.context.memory.window = each.name;
        this.context.refresh();
      } }), h("span", {}, each.label))));
  }

  async load(signal) {
    const { api } = this.context;
    const now = Date.now();
    const days = this.#window.days;
    const dayOf = (time) => new Date(time).toISOString().slice(0, 10);
    const period = days ? { from: dayOf(now - (days - 1) * DAY), to: dayOf(now) } : {};
    const metrics = api.get("metrics", period, signal);
    const queues = api.get("queues", {}, signal);
    const attentive = this.#rounds % 3 === 0 || this.context.stale();
    this.#rounds += 1;
    await together(
      this.counts.load(() => metrics, (found, body) => this.#count(found, body)),
      this.latency.load(() => metrics, (found, body) => {
        if (!this.chart.element.isConnected) place(body, this.chart.element);
        this.chart.update(found.hours ?? [], now);
      }),
      this.actions.load(() => metrics, (found, body) => show(body, found.actions ?? [], actionsTable)),
      this.queues.load(() => queues, (found, body) => drawQueues(body, found)),
      this.latest.load(() => api.get("executions", { limit: LATEST }, signal), (found, body) => this.#list(found.executions, body)),
      attentive ? this.attention.load(() => askAttention(api, signal, queues), (found, body) => {
        if (!this.groups.element.isConnected) place(body, this.groups.element);
        this.context.needing(found);
        this.groups.draw(found);
      }).then(({ faults }) => raise(faults.map(({ error }) => error), true)) : null,
    );
  }

  #count(found, body) {
    if (!this.tiles.isConnected) place(body, this.tiles);
    show(this.tiles, { found: { ...found, hours: null, days: null, actions: null }, said: this.#window.said }, () => tiles(found, this.#window.said));
  }

  #list(executions, body) {
    if (!executions.length) {
      place(body, empty("No executions yet", "The first one appears here within seconds of POST /executions.", h("a", { class: "button", href: "#/submit" }, "Submit one")));
      return;
    }
    showEach(this.rows, executions, (each) => each.executionId, executionRow);
    if (!this.table.isConnected) place(body, this.table);
  }
}

function tiles(found, said) {
  const latency = found.latencyMs ?? {};
  const ended = found.successfulExecutions + found.failedExecutions + found.unknownExecutions;
  const rateTone = found.successRate === null ? "" : found.successRate >= 0.99 ? "tone-good" : found.successRate >= 0.95 ? "" : "tone-bad";
  return [
    tile("Success rate", share(found.successRate), ended ? `${count(found.successfulExecutions)} of ${count(ended)} that ended` : "nothing has ended yet", `wide ${rateTone}`),
    tile("Accepted", count(found.totalExecutions), said, "wide"),
    tile("Latency, p95", roughly(latency.p95), `p50 ${roughly(latency.p50)} · p99 ${roughly(latency.p99)}`, "wide"),
    tile("In progress", count(found.inProgressExecutions), "not ended yet"),
    tile("Failed", count(found.failedExecutions), ended ? share(found.failedExecutions / ended) : "", found.failedExecutions ? "tone-bad" : ""),
    tile("Unknown", count(found.unknownExecutions), found.unknownExecutions ? "to resolve" : "none", found.unknownExecutions ? "tone-doubt" : ""),
    tile("Cancelled", count(found.cancelledExecutions), "by operators"),
    tile("Cache hits", count(found.cacheHits), found.totalExecutions ? share(found.cacheHits / found.totalExecutions) : ""),
    tile("Rejected", count(found.rejectedRequests), "refused"),
  ];
}

function tile(name, value, below, kind = "") {
  return h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", { class: "value" }, value), h("dd", { class: "below" }, below));
}

function actionsTable(actions) {
  if (!actions.length) return empty("No actions yet", "Each action that is run is listed here.");
  const most = [...actions].sort((one, other) => other.totalExecutions - one.totalExecutions).slice(0, ACTIONS);
  return h("table", { class: "numbers compact" }, h("caption", { class: "unseen" }, `Actions, ${plural(actions.length, "action")} in all`),
    h("thead", {}, h("tr", {}, [["Action"], ["Accepted"], ["Success"], ["Failed", "spare"], ["Unknown", "spare"], ["Cache hits", "spare"], ["p50", "spare"], ["p95"], ["p99", "spare"]]
      .map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
    h("tbody", {}, most.map((each) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: `#/executions?actionId=${encodeURIComponent(each.actionId)}`, title: each.actionId, class: "mono" }, shortened(each.actionId))),
      h("td", {}, count(each.totalExecutions)), h("td", {}, share(each.successRate)),
      [each.failedExecutions, each.unknownExecutions, each.cacheHits].map((number_) => h("td", { class: "spare" }, count(number_))),
      h("td", { class: "spare" }, roughly(each.latencyMs?.p50)), h("td", {}, roughly(each.latencyMs?.p95)), h("td", { class: "spare" }, roughly(each.latencyMs?.p99))))));
}
