// The filters as a form; what is wrong with one is said where it is.

import { h, place } from "./dom.js";
import { askedOf, contradictions, listAddress, readFilters, PLAIN_FILTERS, TIMES } from "./filters.js";
import { shape, STATUSES, word } from "./status.js";
import { zoneName } from "./times.js";

/** The form; `go(address, focus)` is called with what a reader asks for. */
export class FilterForm {
  #said = new Map();

  constructor(filters, { go, ended }) {
    this.filters = filters;
    this.go = go;
    this.element = h("form", { class: "filters card", role: "search", "aria-label": "Filter executions", novalidate: true,
      onsubmit: (event) => { event.preventDefault(); this.#apply(); },
      onchange: (event) => { if (event.target.type === "checkbox") this.#apply(); } },
    h("fieldset", { class: "chips" }, h("legend", {}, "Status"), STATUSES.map((status) => this.#chip("status", status, status, word(status))),
      this.#chip("webhookStatus", "failed", "failed", "webhook not delivered"), this.#chip("webhookStatus", "pending", "pending", "webhook pending")),
    this.#details(ended));
  }

  /** Says what is wrong, as [{name, detail}]; what is no field of the form is left to others. */
  say(faults) {
    for (const [name, { input, note }] of this.#said) {
      const found = faults.filter((each) => each.name === name);
      input.setAttribute("aria-invalid", String(found.length > 0));
      place(note, found.map(({ detail }) => h("p", { class: "at-field" }, detail)));
    }
    const first = faults.map(({ name }) => this.#said.get(name)).find(Boolean);
    if (first) this.details.open = true;
    return first?.input ?? null;
  }

  #chip(name, value, sign, label) {
    return h("label", { class: "chip" },
      h("input", { type: "checkbox", name, value, checked: this.filters[name].includes(value), "data-focus": `chip-${name}-${value}` }), h("span", {}, shape(sign), label));
  }

  #field(name, label, attributes, hint = null) {
    const value = TIMES.includes(name) ? local(this.filters[name]) : this.filters[name];
    const note = h("div", { id: `filter-${name}-note`, "aria-live": "polite" });
    const input = h("input", { id: `filter-${name}`, name, value: value || null, autocomplete: "off", spellcheck: "false", "aria-describedby": `filter-${name}-note`,
      "data-focus": `filter-${name}`, ...attributes });
    this.#said.set(name, { input, note });
    return h("div", { class: "field" }, h("label", { for: `filter-${name}` }, label), input, hint ? h("p", { class: "hint" }, hint) : null, note);
  }

  /** Open where there is room, and where a filter is set. */
  #details(ended) {
    const zone = zoneName();
    this.details = h("details", { class: "more-filters" }, h("summary", {}, "More filters"), h("div", { class: "filter-fields" },
      this.#field("errorCode", "Error code", { type: "text", placeholder: "http_503" }),
      this.#field("actionId", "Action id", { type: "text" }),
      this.#field("id", "Part of an id", { type: "text", placeholder: "6 characters or more" }),
      this.#field("traceId", "Trace id", { type: "text" }),
      this.#field("from", `Accepted from (${zone})`, { type: "datetime-local", step: "any" }),
      this.#field("to", `Accepted before (${zone})`, { type: "datetime-local", step: "any" }),
      h("div", { class: "filter-buttons" }, h("button", { type: "submit", class: "button strong", "data-focus": "apply" }, "Apply"),
        h("a", { class: "button", href: "#/executions" }, "Clear"))));
    const wide = matchMedia("(min-width: 50.01rem)");
    const follow = () => { this.details.open = wide.matches || [...PLAIN_FILTERS, ...TIMES].some((name) => this.filters[name]); };
    wide.addEventListener("change", follow, { signal: ended });
    follow();
    return this.details;
  }

  #apply() {
    const given = new FormData(this.element);
    const query = new URLSearchParams();
    for (const name of ["status", "webhookStatus"]) if (given.has(name)) query.set(name, given.getAll(name).join(","));
    for (const name of [...PLAIN_FILTERS, ...TIMES]) {
      const value = String(given.get(name) ?? "").trim();
      // An address means the same moment wherever it is opened.
      if (value) query.set(name, TIMES.includes(name) ? new Date(value).toISOString() : value);
    }
    const filters = readFilters(query);
    const wrong = this.say(contradictions(filters));
    if (wrong) wrong.focus();
    else this.go(listAddress(askedOf(filters)), document.activeElement?.dataset.focus);
  }
}

/** A moment as the fields for times have it: by this machine's clock. */
function local(iso) {
  const at = new Date(iso);
  return iso && new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, -1);
}
