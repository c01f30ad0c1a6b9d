// The list of executions: filters that are part of the address, newest first, older ones on demand.

import { h, place, showEach } from "./dom.js";
import { empty, executionRow, executionTable, Panel } from "./pieces.js";
import { STATUSES, shape, word } from "./status.js";

const PAGE = 50;
const LOOK_ON = 6;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The view at `#/executions`. */
export class ListView {
  title = "Executions";
  every = 5000;
  #older = [];
  #first = [];
  #next = null;
  #deep = false;

  constructor(context, query) {
    this.context = context;
    this.filters = read(query);
    this.panel = new Panel(8);
    this.status = h("p", { class: "hint", role: "status" });
    this.more = h("button", { type: "button", class: "button", hidden: true, "data-focus": "older", onclick: () => this.#loadOlder() }, "Show older");
    const { table, body } = executionTable("Executions, newest first");
    this.table = table;
    this.rows = body;
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, this.title)),
      this.#form(), h("section", { class: "card flush", "aria-label": "Results" }, this.panel.element, h("div", { class: "list-foot" }, this.status, this.more)));
  }

  load(signal) {
    return this.panel.load(async () => {
      let page = await this.#page(null, signal);
      const found = [...page.executions];
      // An answer looks at a bounded number of entries, so a page may be empty and still not be the last.
      for (let looked = 1; !found.length && page.next && looked < LOOK_ON; looked += 1) {
        page = await this.#page(page.next, signal);
        found.push(...page.executions);
      }
      return { executions: found, next: page.next };
    }, (page, body) => {
      if (this.#deep) this.#older = slidOff([...this.#first, ...this.#older], page);
      else this.#next = page.next;
      this.#first = page.executions;
      this.#draw(body);
    });
  }

  #page(next, signal) {
    return this.context.api.get("executions", { ...asked(this.filters), limit: PAGE, next }, signal);
  }

  async #loadOlder() {
    this.more.disabled = true;
    this.more.textContent = "Looking…";
    try {
      const before = this.#all().length;
      for (let looked = 0; this.#next && looked < LOOK_ON && this.#all().length === before; looked += 1) {
        const page = await this.#page(this.#next);
        this.#deep = true;
        this.#older.push(...page.executions);
        this.#next = page.next;
      }
      this.#draw(this.panel.body);
    } catch (error) {
      this.context.failed(error);
    } finally {
      this.more.disabled = false;
      this.more.textContent = "Show older";
    }
  }

  /** What was loaded further down stays; what the first page shows of it now is newer. */
  #all() {
    const byId = new Map([...this.#older, ...this.#first].map((each) => [each.executionId, each]));
    return [...byId.values()].sort((one, other) => (other.createdAt < one.createdAt ? -1 : other.createdAt > one.createdAt ? 1
      : other.executionId < one.executionId ? -1 : 1));
  }

  #draw(body) {
    const all = this.#all();
    const filtered = Object.keys(asked(this.filters)).length > 0;
    if (all.length) {
      showEach(this.rows, all, (each) => each.executionId, executionRow);
      if (!this.table.isConnected) place(body, this.table);
    } else {
      place(body, filtered
        ? empty("Nothing fits these filters", "Widen the time, or take a filter away.",
          h("a", { class: "button", href: "#/executions" }, "Clear all filters"))
        : empty("No executions yet", "The first one appears here within seconds of POST /executions."));
    }
    this.more.hidden = !this.#next;
    const said = all.length ? `${all.length} shown${this.#next ? "" : ", that is all"}` : "";
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  #form() {
    const chosen = new Set(this.filters.status);
    const field = (name, label, attributes) => h("div", { class: "field" }, h("label", { for: `filter-${name}` }, label),
      h("input", { id: `filter-${name}`, name, value: this.filters[name] || null, autocomplete: "off", "data-focus": `filter-${name}`, ...attributes }));
    this.form = h("form", { class: "filters card", role: "search", "aria-label": "Filter executions",
      onsubmit: (event) => { event.preventDefault(); this.#apply(); }, onchange: (event) => { if (event.target.type === "checkbox") this.#apply(); } },
    h("fieldset", { class: "chips" }, h("legend", {}, "Status"), STATUSES.map((status) => h("label", { class: "chip" },
      h("input", { type: "checkbox", name: "status", value: status, checked: chosen.has(status), "data-focus": `chip-${status}` }),
      h("span", {}, shape(status), word(status)))),
    h("label", { class: "chip" }, h("input", { type: "checkbox", name: "webhookStatus", value: "failed", checked: this.filters.webhookStatus === "failed", "data-focus": "chip-webhook" }),
      h("span", {}, shape("failed"), "webhook not delivered"))),
    this.#details(h("div", { class: "filter-fields" },
      field("actionId", "Action id", { type: "text", spellcheck: "false" }),
      field("traceId", "Trace id", { type: "text", spellcheck: "false" }),
      field("from", "Accepted from", { type: "datetime-local" }),
      field("to", "Accepted before", { type: "datetime-local" }),
      h("div", { class: "filter-buttons" }, h("button", { type: "submit", class: "button strong", "data-focus": "apply" }, "Apply"),
        h("a", { class: "button", href: "#/executions" }, "Clear")))));
    return this.form;
  }

  /** Open where there is room, and where a filter is set. */
  #details(fields) {
    const { actionId, traceId, from, to } = this.filters;
    const details = h("details", { class: "more-filters" }, h("summary", {}, "More filters"), fields);
    const wide = matchMedia("(min-width: 50.01rem)");
    const follow = () => { details.open = wide.matches || Boolean(actionId || traceId || from || to); };
    wide.addEventListener("change", follow);
    follow();
    return details;
  }

  #apply() {
    const given = new FormData(this.form);
    const query = new URLSearchParams();
    const statuses = given.getAll("status");
    if (statuses.length) query.set("status", statuses.join(","));
    for (const name of ["webhookStatus", "actionId", "traceId", "from", "to"]) {
      const value = String(given.get(name) ?? "").trim();
      if (value) query.set(name, value);
    }
    const spelled = query.toString();
    this.context.go(`#/executions${spelled ? `?${spelled}` : ""}`, document.activeElement?.dataset.focus);
  }
}

/** What lay on the first page and does not now is older than it, or does not fit the filters any more. */
function slidOff(before, { executions, next }) {
  if (!next) return [];
  const oldest = executions.at(-1)?.createdAt ?? "";
  return before.filter((each) => !oldest || each.createdAt <= oldest);
}

function read(query) {
  const one = (name) => query.get(name) ?? "";
  return { status: one("status").split(",").filter((each) => STATUSES.includes(each)), webhookStatus: one("webhookStatus"),
    actionId: one("actionId"), traceId: one("traceId"), from: one("from"), to: one("to") };
}

/** The filters as the API takes them; the reader's times are local, the API's are not. */
function asked({ status, webhookStatus, actionId, traceId, from, to }) {
  const moments = { from: utc(from), to: utc(to) };
  const given = { status: status.join(","), webhookStatus, actionId, traceId: UUID.test(traceId) ? traceId.toLowerCase() : traceId, ...moments };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

function utc(local) {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
