// What becomes of a decision about many: it goes on without this page, so any tab and any reload can follow it by its address.

import { ApiError } from "./api.js";
import { DECISIONS } from "./decisions.js";
import { h, place, show, showEach } from "./dom.js";
import { inWordsOf } from "./filters.js";
import { count, exactly, plural } from "./formatting.js";
import { empty, executionLink, Panel } from "./pieces.js";
import { badge } from "./status.js";

const KEPT_DECISIONS = "actionrelay.decisions";
const MOST_KEPT = 5;
const MOST_LISTED = 100;

/** Remembers a decision that was begun here, in this browser: its id and its filter, and no data. */
export function keepDecision(given) {
  save([given, ...kept().filter(({ decisionId }) => decisionId !== given.decisionId)].slice(0, MOST_KEPT));
}

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT_DECISIONS) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each?.decisionId === "string") : [];
  } catch {
    return [];
  }
}

function save(decisions) {
  localStorage.setItem(KEPT_DECISIONS, JSON.stringify(decisions));
}

function markEnded(decisionId) {
  save(kept().map((each) => (each.decisionId === decisionId ? { ...each, ended: true } : each)));
}

/** Numbers of a progress: `left` are those that were left as they are. */
function numbers({ matched, decided, refused, status }) {
  return { matched, decided, left: refused, done: decided + refused, ended: status !== "running" };
}

/** The view at `#/decisions/<id>`. */
export class DecisionView {
  title = "Decision";
  every = 1000;

  constructor(context, id) {
    this.context = context;
    this.id = id;
    this.panel = new Panel(3);
    this.known = kept().find(({ decisionId }) => decisionId === id) ?? {};
    this.head = h("div", {});
    this.bar = progressBar();
    this.refused = h("ul", { class: "needing" });
    this.refusedPart = h("div", { hidden: true }, h("h2", {}, "Left as they are"), h("p", { class: "hint" }, "Their state did not allow it, or had changed."), this.refused);
    this.said = this.known.filter ? `Those that are ${inWordsOf(this.known.filter, exactly)}. ` : "";
    this.content = h("section", { class: "card", "aria-label": "Progress" }, this.head, this.bar.element, this.refusedPart);
    const name = DECISIONS[this.known.decision]?.label;
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/executions" }, "Executions"), " /"),
      h("h1", { tabindex: "-1" }, name ? `${name} many` : "A decision about many"))), this.panel.element);
  }

  load(signal) {
    return this.panel.load(() => this.#ask(signal), ({ progress, left }, body) => {
      if (!this.content.isConnected) place(body, this.content);
      this.#draw(progress, left);
    }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.every = 60000;
      markEnded(this.id);
      place(this.panel.fault);
      place(this.panel.body, empty("No decision with this id", "It may never have been made, or what is known of it has expired.", h("a", { class: "button", href: "#/executions" }, "All executions")));
    });
  }

  async #ask(signal) {
    const progress = numbers(await this.context.api.progress(this.id, signal));
    const { filter } = this.known;
    if (!progress.ended || !progress.left || !filter) return { progress, left: [] };
    // What was decided has changed since, and what was left has not: of those that still fit, it is what changed longest ago.
    const { executions } = await this.context.api.get("executions", { ...filter, limit: MOST_LISTED }, signal);
    return { progress, left: executions.sort((one, other) => (one.updatedAt < other.updatedAt ? -1 : 1)).slice(0, progress.left) };
  }

  #draw({ matched, decided, left, done, ended }, listed) {
    this.every = ended ? 60000 : 1000;
    if (ended) markEnded(this.id);
    show(this.head, { matched, decided, left, ended }, () => [
      h("p", { class: "progress-head", role: "status" }, ended ? "Done: " : "Under way: ", h("strong", {}, `${count(decided)} of ${count(matched)}`), " decided",
        left ? `, ${plural(left, "was", "were")} left as ${left === 1 ? "it is" : "they are"}` : "", "."),
      h("p", { class: "hint" }, this.said, ended ? h("a", { href: "#/attention" }, "What else needs attention")
        : "It goes on without this page: close it, reload it, or open this address again."),
    ]);
    this.bar.show(done, matched);
    this.refusedPart.hidden = !listed.length;
    showEach(this.refused, listed, ({ executionId }) => executionId, refusedRow);
    this.title = ended ? "Decision done" : `${done} of ${matched}`;
  }
}

function refusedRow({ executionId, status, webhookStatus, error }) {
  return h("li", { class: "need-row" }, h("div", { class: "need-what" },
    h("a", { href: executionLink(executionId), class: "mono", "data-focus": `refused-${executionId}` }, executionId), badge(status),
    error ? h("code", { class: "code" }, error.code) : null, webhookStatus === "none" ? null : h("span", {}, badge(webhookStatus, "webhook "))));
}

/** A bar; `show(done, of)` moves it. */
function progressBar() {
  const filled = h("span", { class: "filled" });
  const element = h("div", { class: "progress", role: "progressbar", "aria-label": "Decided", "aria-valuemin": "0" }, filled);
  return { element, show: (done, of) => {
    element.setAttribute("aria-valuemax", String(of));
    element.setAttribute("aria-valuenow", String(done));
    filled.style.setProperty("width", `${of ? (100 * done) / of : 100}%`);
  } };
}

/** What was begun in this browser and has not ended, beside lists that it changes. */
export class UnderWay {
  constructor(context) {
    this.context = context;
    this.element = h("div", { class: "under-way", role: "status" });
  }

  /** Looks how far it is. What can't be read is left out: the page is about something else. */
  async load(signal) {
    const open = kept().filter(({ ended }) => !ended);
    const found = await Promise.all(open.map((each) => this.#followed(each, signal)));
    if (!signal?.aborted) show(this.element, found.filter(Boolean), (each) => each.map(underWayNote));
  }

  async #followed(decision, signal) {
    try {
      const progress = numbers(await this.context.api.progress(decision.decisionId, signal));
      if (progress.ended) markEnded(decision.decisionId);
      return progress.ended ? null : { ...decision, ...progress };
    } catch (error) {
      if (error.status === 404) markEnded(decision.decisionId);
      return null;
    }
  }
}

function underWayNote({ decisionId, decision, done, matched }) {
  return h("p", { class: "note tone-busy" }, `${DECISIONS[decision]?.label ?? "A decision"} is under way: ${count(done)} of ${count(matched)}. `,
    h("a", { href: `#/decisions/${encodeURIComponent(decisionId)}`, "data-focus": `under-way-${decisionId}` }, "Follow it"));
}
