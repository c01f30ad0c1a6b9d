// The list of executions: filters that are part of the address, newest first, older ones on demand.

import { h, place, showEach } from "./dom.js";
import { moment } from "./formatting.js";
import { Pages } from "./pages.js";
import { empty, executionRow, executionTable, Panel } from "./pieces.js";
import { STATUSES, shape, word } from "./status.js";

const PAGE = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?(Z|[+-]\d\d:\d\d)?$/;
const TIMES = ["from", "to"];

/** The view at `#/executions`. */
export class ListView {
  title = "Executions";
  every = 5000;
  #pages = new Pages();
  #gone = new AbortController();

  constructor(context, query) {
    this.context = context;
    this.filters = read(query);
    this.unread = unreadable(query);
    this.panel = new Panel(8);
    this.status = h("p", { class: "hint", role: "status" });
    this.more = h("button", { type: "button", class: "button", hidden: true, "data-focus": "older", onclick: () => this.#loadOlder() }, "Show older");
    const { table, body } = executionTable("Executions, newest first");
    this.table = table;
    this.rows = body;
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, this.title)),
      this.#form(), h("section", { class: "card flush", "aria-label": "Results" }, this.panel.element, h("div", { class: "list-foot" }, this.status, this.more)));
  }

  load(signal, timed) {
    if (this.unread.length) return this.#misread();
    return this.panel.load(() => this.#pages.refresh((next) => this.#page(next, signal), timed), (_, body) => this.#draw(body));
  }

  /** Ends what would outlive the view. */
  leave() {
    this.#gone.abort();
  }

  #page(next, signal) {
    return this.context.api.get("executions", { ...asked(this.filters), limit: PAGE, next }, signal);
  }

  async #loadOlder() {
    this.more.disabled = true;
    this.more.textContent = "Looking…";
    try {
      await this.#pages.older((next) => this.#page(next, this.#gone.signal));
      this.#draw(this.panel.body);
    } catch (error) {
      if (!this.#gone.signal.aborted) this.context.failed(error);
    } finally {
      this.more.disabled = false;
      this.more.textContent = "Show older";
    }
  }

  #draw(body) {
    const { rows, goesOn } = this.#pages;
    if (rows.length) {
      showEach(this.rows, rows, (each) => each.executionId, executionRow);
      if (!this.table.isConnected) place(body, this.table);
    } else place(body, this.#nothing(goesOn));
    this.more.hidden = !goesOn;
    const said = rows.length ? this.#extent(rows.length) : "";
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  #nothing(goesOn) {
    const filtered = Object.keys(asked(this.filters)).length > 0;
    const clear = filtered ? h("a", { class: "button", href: "#/executions" }, "Clear all filters") : null;
    if (goesOn) return empty("Nothing in the newest part", "What is older has not been looked at yet: “Show older” looks on.", clear);
    return filtered
      ? empty("Nothing fits these filters", "Widen the time, or take a filter away.", clear)
      : empty("No executions yet", "The first one appears here within seconds of POST /executions.");
  }

  #extent(shown) {
    const { goesOn, full, before } = this.#pages;
    const end = full ? "; to see older ones, narrow the time" : goesOn ? "" : ", that is all";
    return `${shown} shown${end}${before.rows ? ` · the older ${before.rows} as of ${moment(before.at)}` : ""}`;
  }

  async #misread() {
    this.every = 60000;
    place(this.panel.body, empty("This address can't be read", "Nothing was asked for. Times have the form 2026-11-24T10:00:00Z, states by their names.",
      h("ul", { class: "hint" }, this.unread.map(({ name, value }) => h("li", {}, h("code", {}, `${name}=${value}`)))),
      h("a", { class: "button", href: "#/executions" }, "Clear all filters")));
  }

  #form() {
    const chosen = new Set(this.filters.status);
    const field = (name, label, attributes) => h("div", { class: "field" }, h("label", { for: `filter-${name}` }, label),
      h("input", { id: `filter-${name}`, name, value: (TIMES.includes(name) ? local(this.filters[name]) : this.filters[name]) || null, autocomplete: "off", "data-focus": `filter-${name}`, ...attributes }));
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
      field("from", "Accepted from", { type: "datetime-local", step: "any" }),
      field("to", "Accepted before", { type: "datetime-local", step: "any" }),
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
    wide.addEventListener("change", follow, { signal: this.#gone.signal });
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
      // An address means the same moment wherever it is opened.
      if (value) query.set(name, TIMES.includes(name) ? new Date(value).toISOString() : value);
    }
    const text = query.toString();
    this.context.go(`#/executions${text ? `?${text}` : ""}`, document.activeElement?.dataset.focus);
  }
}

function read(query) {
  const one = (name) => query.get(name) ?? "";
  return { status: one("status").split(",").filter((each) => STATUSES.includes(each)), webhookStatus: one("webhookStatus"),
    actionId: one("actionId"), traceId: one("traceId"), from: utc(one("from")), to: utc(one("to")) };
}

/** What an address asks for and nobody can understand. */
function unreadable(query) {
  const given = [...(query.get("status") ?? "").split(",").map((value) => ({ name: "status", value, known: STATUSES.includes(value) })),
    ...TIMES.map((name) => ({ name, value: query.get(name) ?? "", known: utc(query.get(name)) !== "" }))];
  return given.filter(({ value, known }) => value && !known);
}

/** The filters as the API takes them. */
function asked({ status, traceId, ...others }) {
  const given = { status: status.join(","), traceId: UUID.test(traceId) ? traceId.toLowerCase() : traceId, ...others };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** A moment of an address in UTC, which a time without a zone is in, as with the API; empty where it is none. */
function utc(text) {
  const [found, date, time, zone] = MOMENT.exec(text ?? "") ?? [];
  const at = new Date(found ? `${date}${time ?? "T00:00"}${zone ?? "Z"}` : "");
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}

/** The same as the fields for times have it: by this machine's clock. */
function local(iso) {
  const at = new Date(iso);
  return iso && new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, -1);
}
