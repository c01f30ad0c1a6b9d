// The list of executions: filters that are part of the address, newest first, older ones on demand.

import { ApiError } from "./api.js";
import { bulkButton } from "./bulk_dialog.js";
import { UnderWay } from "./bulk_progress.js";
import { h, place, showEach } from "./dom.js";
import { FilterForm } from "./filter_form.js";
import { askedOf, contradictions, readFilters, unreadable } from "./filters.js";
import { moment } from "./formatting.js";
import { Pages } from "./pages.js";
import { empty, executionRow, executionTable, Panel } from "./pieces.js";

const PAGE = 50;

/** The view at `#/executions`. */
export class ListView {
  title = "Executions";
  every = 5000;
  #pages = new Pages();
  #gone = new AbortController();

  constructor(context, query) {
    this.context = context;
    this.filters = readFilters(query);
    this.unread = unreadable(query);
    this.wrong = contradictions(this.filters);
    this.panel = new Panel(8);
    this.status = h("p", { class: "hint", role: "status" });
    this.more = h("button", { type: "button", class: "button", hidden: true, "data-focus": "older", onclick: () => this.#loadOlder() }, "Show older");
    this.form = new FilterForm(this.filters, { go: (address, focus) => context.go(address, focus), ended: this.#gone.signal });
    this.underWay = new UnderWay(context);
    const { table, body } = executionTable("Executions, newest first");
    this.table = table;
    this.rows = body;
    this.element = h("div", { class: "view" },
      h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, this.title), bulkButton(context, () => askedOf(this.filters), "Decide about all that fit…")),
      this.underWay.element, this.form.element,
      h("section", { class: "card flush", "aria-label": "Results" }, this.panel.element, h("div", { class: "list-foot" }, this.status, this.more)));
    this.form.say(this.wrong);
  }

  async load(signal, timed) {
    if (this.unread.length || this.wrong.length) return this.#misread();
    this.underWay.load(signal);
    try {
      return await this.panel.load(() => this.#pages.refresh((next) => this.#page(next, signal), timed), (_, body) => this.#draw(body));
    } catch (error) {
      if (error instanceof ApiError && error.status === 422) this.form.say(error.faults.map(({ pointer, detail }) => ({ name: pointer.replace("/query/", ""), detail })));
      throw error;
    }
  }

  /** Ends what would outlive the view. */
  leave() {
    this.#gone.abort();
  }

  #page(next, signal) {
    return this.context.api.get("executions", { ...askedOf(this.filters), limit: PAGE, next }, signal);
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
    const filtered = Object.keys(askedOf(this.filters)).length > 0;
    const clear = filtered ? h("a", { class: "button", href: "#/executions" }, "Clear all filters") : null;
    if (goesOn) return empty("Nothing in the newest part", "What is older has not been looked at yet: “Show older” looks on.", clear);
    if (this.filters.id) return empty("No id with this part", "It is looked for within the time that is set. Widen the time, or take another part of the id.", clear);
    return filtered
      ? empty("Nothing fits these filters", "Widen the time, or take a filter away.", clear)
      : empty("No executions yet", "The first one appears here within seconds of POST /executions.", h("a", { class: "button", href: "#/submit" }, "Submit one"));
  }

  #extent(shown) {
    const { goesOn, full, before } = this.#pages;
    const end = full ? "; to see older ones, narrow the time" : goesOn ? "" : ", that is all";
    return `${shown} shown${end}${before.rows ? ` · the older ${before.rows} as of ${moment(before.at)}` : ""}`;
  }

  async #misread() {
    this.every = 60000;
    const clear = h("a", { class: "button", href: "#/executions" }, "Clear all filters");
    place(this.panel.body, this.unread.length
      ? empty("This address can't be read", "Nothing was asked for. Times have the form 2026-11-24T10:00:00Z, states by their names.",
        h("ul", { class: "hint" }, this.unread.map(({ name, value }) => h("li", {}, h("code", {}, `${name}=${value}`)))), clear)
      : empty("These filters contradict each other", "Nothing was asked for. What is wrong is said at the filter.", clear));
  }
}
