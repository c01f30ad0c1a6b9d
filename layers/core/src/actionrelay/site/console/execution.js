// One execution: what it is, where its time went, every step on record, and what can be decided about it.

import { ApiError, explained } from "./api.js";
import { decisionButtons } from "./decision_dialog.js";
import { copyButton, announce, h, place, show, showEach, svg } from "./dom.js";
import { bytes, moment, plural, shortened, span } from "./formatting.js";
import { card, empty, pair, Panel } from "./pieces.js";
import { laidOut } from "./raw_json.js";
import { RequestDetails } from "./request_details.js";
import { badge, ENDED } from "./status.js";
import { Timeline } from "./timeline.js";
import { when } from "./times.js";
import { deliveryNote, waitingNote } from "./waiting.js";

/** The view at `#/executions/<id>`. */
export class ExecutionView {
  every = 2000;
  #settled = null;

  constructor(context, id) {
    this.context = context;
    this.id = id;
    this.title = `Execution ${shortened(id)}`;
    this.panel = new Panel(6);
    this.summary = h("div", {});
    this.buttons = h("div", { class: "decisions", role: "group", "aria-label": "Decisions" });
    this.timeline = new Timeline();
    this.result = h("div", {});
    this.verdict = h("div", { role: "status", class: "verdict" });
    this.verify = h("button", { type: "button", class: "button", "data-focus": "verify", onclick: () => this.#verify() }, "Verify chain");
    this.entries = h("tbody", { role: "rowgroup" });
    this.content = h("div", { class: "stack" },
      h("section", { class: "card", "aria-label": "Summary" }, this.summary),
      card("Request", {}, new RequestDetails(context, id, () => context.refresh()).element),
      card("Timeline", {}, this.timeline.element),
      card("Result", {}, this.result),
      card("History", { extra: this.verify }, this.verdict, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Audit entries" },
        h("table", { class: "audit", role: "table" }, h("caption", { class: "unseen" }, "Audit entries, oldest first"),
          h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["#", "Time", "Event", "Code", "Took", "More", "Hash"].map((name) => h("th", { scope: "col", role: "columnheader" }, name)))), this.entries))));
    this.element = h("div", { class: "view" },
      h("div", { class: "view-head" }, h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/executions" }, "Executions"), " /"),
        h("h1", { tabindex: "-1", class: "mono" }, id, copyButton(id, "execution id"))), this.buttons),
      this.panel.element);
  }

  load(signal, timed) {
    return this.panel.load(() => this.#ask(signal, timed), ({ execution, entries }, body) => {
      if (!this.content.isConnected) place(body, this.content);
      this.#draw(execution, entries);
    }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.#absent();
    });
  }

  /** Reads both, and what has settled again only where its history has grown: its result may be large. */
  async #ask(signal, timed) {
    const { api } = this.context;
    if (timed && this.#settled) {
      const { entries } = await api.audit(this.id, signal);
      if (entries.length === this.#settled.entries) return { execution: this.#settled.execution, entries };
    }
    const [execution, audit] = await Promise.all([api.execution(this.id, signal), api.audit(this.id, signal)]);
    return { execution, entries: audit.entries };
  }

  #absent() {
    this.every = 10000;
    place(this.panel.fault);
    place(this.panel.body, empty("No execution with this id", "It may never have been accepted, or its retention has ended.",
      h("a", { class: "button", href: `#/executions?traceId=${encodeURIComponent(this.id)}` }, "Look for it as a trace id")));
  }

  #draw(execution, entries) {
    const settled = ENDED.has(execution.status) && execution.webhookStatus !== "pending";
    this.#settled = settled ? { execution, entries: entries.length } : null;
    this.every = settled ? 10000 : 2000;
    const { result: found, resultText, ...facts } = execution;
    show(this.summary, facts, summary);
    show(this.buttons, facts, () => decisionButtons(execution, this.context));
    this.timeline.update(execution, entries, Date.now());
    // A result comes with an outcome, and changes with none; it is left out of what is compared, as it may be large.
    show(this.result, [facts.status, facts.completedAt, facts.error, found === null || found === undefined], () => result(execution));
    showEach(this.entries, entries.map((entry) => ({ ...entry, start: entries[0].timestamp })), (entry) => String(entry.seq), entryRow);
    this.title = `${badge(execution.status).textContent} · ${shortened(this.id)}`;
  }

  async #verify() {
    this.verify.disabled = true;
    place(this.verdict, h("p", { class: "hint" }, "Checking every link…"));
    try {
      const { verification } = await this.context.api.audit(this.id, undefined, { verify: "true" });
      const said = verdictOf(verification);
      place(this.verdict, h("p", { class: `note tone-${verification.intact ? "good" : "bad"}` }, said));
      for (const row of this.entries.children) row.classList.toggle("broken", row.dataset.key === String(verification.brokenAt));
      announce(said);
    } catch (error) {
      place(this.verdict, h("p", { class: "note tone-bad" }, explained(error)));
    } finally {
      this.verify.disabled = false;
    }
  }
}

function verdictOf({ intact, checkedEntries, brokenAt, detail }) {
  if (intact) return `The chain is intact: ${plural(checkedEntries, "entry", "entries")} checked, each fits the one before.`;
  return `The chain is broken${brokenAt === null ? "" : ` at entry ${brokenAt}`}${detail ? `: ${detail}` : ""}.`;
}

function summary(execution) {
  const { status, error, webhookStatus, cacheStatus } = execution;
  return [
    h("div", { class: `headline tone-${badge(status).className.split("tone-")[1]}` }, badge(status),
      error ? h("p", {}, h("code", {}, error.code), " ", error.message) : null, waitingNote(execution.waiting)),
    h("dl", { class: "facts" },
      pair("Action", [h("code", {}, execution.actionId), copyButton(execution.actionId, "action id")], "long"),
      pair("Trace", [h("code", {}, execution.traceId), copyButton(execution.traceId, "trace id")], "long"),
      pair("Accepted", [moment(execution.createdAt), " · ", when(execution.createdAt)]),
      pair("Ended", execution.completedAt ? [moment(execution.completedAt), " · ", when(execution.completedAt)] : "not yet"),
      pair("Took", span(execution.latencyMs)),
      pair("Attempts", String(execution.attempts)),
      pair("Caller's webhook", webhookStatus === "none" ? "not asked for" : [badge(webhookStatus), " ", deliveryNote(execution)]),
      pair("Cache", cacheStatus === "hit" ? "answered from it" : cacheStatus),
      error?.correlationId ? pair("Correlation", [h("code", {}, error.correlationId), copyButton(error.correlationId, "correlation id")]) : null,
      error?.status ? pair("Genesys answered", `HTTP ${error.status}`) : null),
  ];
}

function result({ status, result: found, resultText, error }) {
  if (found !== null && found !== undefined) {
    return h("pre", { class: "json", tabindex: "0", "aria-label": "Result as JSON" }, laidOut(resultText));
  }
  const said = status === "completed" ? "The action returned nothing, or its result is not stored any more."
    : ENDED.has(status) ? "None: it did not complete." : "Not there yet.";
  return h("p", { class: "hint" }, said, error && status === "completed" ? ` (${error.message})` : null);
}

function entryRow(entry) {
  const more = [
    entry.actor && `by ${entry.actor}`, entry.note && `“${entry.note}”`, entry.limit && `limit ${entry.limit}`,
    entry.correlationId && `correlation ${entry.correlationId}`,
    entry.payloadSizeBytes !== null && entry.payloadSizeBytes !== undefined && bytes(entry.payloadSizeBytes),
  ].filter(Boolean);
  const cell = (className, ...content) => h("td", { role: "cell", class: className }, content);
  return h("tr", { role: "row" }, cell("seq", String(entry.seq)),
    cell("at", h("time", { datetime: entry.timestamp, title: entry.timestamp }, moment(entry.timestamp)), " ",
      h("span", { class: "hint" }, `+${span(Date.parse(entry.timestamp) - Date.parse(entry.start))}`)),
    cell("what", eventShape(entry.event), entry.event.replaceAll("_", " ")),
    cell("why", entry.code ? h("code", {}, entry.code) : null), cell("took", entry.latencyMs === null ? null : span(entry.latencyMs)),
    cell("more", more.join(" · ") || null), cell("chain", h("code", { class: "hash", title: entry.hash }, String(entry.hash).slice(0, 8))));
}

const TONE_OF_EVENT = { completed: "good", webhook_delivered: "good", failed: "bad", webhook_failed: "bad", unknown: "doubt",
  webhook_conflict: "doubt", retry_planned: "wait", webhook_retry_planned: "wait", attempt_started: "busy" };

function eventShape(event) {
  return svg("svg", { viewBox: "0 0 10 10", class: `event tone-${TONE_OF_EVENT[event] ?? "calm"}`, "aria-hidden": "true" },
    svg("path", { d: "M5 1 9 5 5 9 1 5z" }));
}
