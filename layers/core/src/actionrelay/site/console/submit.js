// Submitting an execution by hand: checked first, then sent exactly as it was checked.

import { ApiError, explained } from "./api.js";
import { choice } from "./decision_fields.js";
import { repeatsAreSafe } from "./deployment.js";
import { h, place, toast } from "./dom.js";
import { shortened } from "./formatting.js";
import { executionLink } from "./pieces.js";
import { checkedJson, laidOut, placeIn, splicedJson } from "./raw_json.js";

/** The view at `#/submit`. */
export class SubmitView {
  title = "Submit";
  every = 600000;
  #checked = null;
  #id = null;

  constructor(context) {
    this.context = context;
    this.fields = new Map();
    this.touched = new Set();
    this.answer = h("div", { class: "stack", role: "status" });
    this.check = h("button", { type: "submit", class: "button" }, "Check");
    this.send = h("button", { type: "button", class: "button strong", disabled: true, onclick: () => this.#send() }, "Send");
    this.form = this.#built();
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Submit an execution")),
      h("div", { class: "columns" }, this.form, this.answer));
    place(this.answer, h("div", { class: "card" }, h("h2", {}, "First a check, then the run"), h("p", { class: "hint" },
      "Check asks the API whether it would take this, and changes nothing. Send is possible once a check has passed, and sends what was checked.")));
  }

  /** Nothing is asked for until somebody submits. */
  load() {
    return Promise.resolve();
  }

  #built() {
    const text = (name, label, hint, attributes) => this.#field(name, label, hint, h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes }));
    const tick = (name, label, hint, checked = false) => {
      const input = h("input", { type: "checkbox", id: `submit-${name}`, name, checked });
      // With `integrations` the action itself decides what nobody has touched.
      this.fields.set(name, { input, read: () => (repeatsAreSafe() || this.touched.has(name) ? input.checked : null) });
      input.addEventListener("change", () => this.touched.add(name));
      return h("label", { class: "check", for: `submit-${name}` }, input, h("span", {}, label, h("span", { class: "hint" }, ` – ${hint}`)));
    };
    return h("form", { class: "card submit fields", "aria-label": "Submit an execution", novalidate: true, oninput: () => this.#edited(),
      onsubmit: (event) => { event.preventDefault(); this.#ask(); } },
    text("actionId", "Action id", repeatsAreSafe() ? "A UUID." : "As Genesys Cloud has it: custom_-_ and a UUID."),
    this.#field("inputs", "Inputs, as JSON", "An object; numbers go out as you write them.",
      h("textarea", { rows: "9", spellcheck: "false", placeholder: '{"customerId": "cust_998877"}' })),
    h("details", { class: "more-fields" }, h("summary", {}, "More"), h("div", { class: "fields" },
      text("timeout", "Timeout, in ms", repeatsAreSafe() ? "60000 where it is left empty." : "The action's own where it is left empty.", { inputmode: "numeric" }),
      text("webhookUrl", "Webhook URL", "Where the outcome is reported; none where it is left empty.", { inputmode: "url" }),
      this.#lane(),
      tick("cacheResults", "A cached result may answer", repeatsAreSafe() ? "and this one may be cached" : "where untouched, the action's own: a GET's may", repeatsAreSafe()),
      tick("idempotent", "Running it twice does no harm", repeatsAreSafe() ? "a lost outcome is then tried again" : "where untouched, the action's own: a GET does none"))),
    h("div", { class: "dialog-buttons" }, this.check, this.send));
  }

  #lane() {
    let lane = "interactive";
    this.fields.set("lane", { input: null, read: () => lane });
    return choice("lane", "Lane", [{ value: "interactive", label: "interactive", hint: "somebody waits for it" },
      { value: "bulk", label: "bulk", hint: "it takes what the others leave" }], { chosen: lane, changed: (value) => {
      lane = value;
      this.#edited();
    } });
  }

  #field(name, label, hint, input) {
    const note = h("div", { id: `submit-${name}-note`, "aria-live": "polite" });
    input.id = `submit-${name}`;
    input.name = name;
    input.setAttribute("aria-describedby", `submit-${name}-hint submit-${name}-note`);
    this.fields.set(name, { input, note, read: () => input.value.trim() });
    return h("div", { class: "field" }, h("label", { for: input.id }, label), input, h("p", { class: "hint", id: `submit-${name}-hint` }, hint), note);
  }

  /** What was checked is no longer what is there. */
  #edited() {
    this.#checked = null;
    this.#id = null;
    this.send.disabled = true;
  }

  /** The request as JSON text, its inputs as they were written; null where they are no JSON, which is said. */
  #text() {
    const given = Object.fromEntries([...this.fields].map(([name, { read }]) => [name, read()]));
    const inputs = checkedJson(given.inputs || "{}");
    if (inputs.fault) {
      this.#say([{ name: "inputs", detail: `Not JSON: ${inputs.fault}` }]);
      return null;
    }
    const members = { actionId: given.actionId, cacheResults: given.cacheResults, idempotent: given.idempotent, lane: given.lane };
    if (given.webhookUrl) members.webhookUrl = given.webhookUrl;
    if (given.timeout) members.timeout = /^\d{1,15}$/.test(given.timeout) ? Number(given.timeout) : given.timeout;
    return splicedJson(members, { inputs: inputs.text });
  }

  async #ask() {
    this.#edited();
    this.#say([]);
    const text = this.#text();
    if (text === null) return;
    await this.#during(this.check, "Checking…", async () => {
      const found = await this.context.api.submit(text, { dryRun: true });
      this.#checked = text;
      this.send.disabled = false;
      place(this.answer, h("div", { class: "card" }, h("h2", {}, "It would be taken"), h("p", { class: "hint" }, "Nothing has run yet. Send runs it."),
        findings(found),
        found.inputsText ? h("pre", { class: "json", tabindex: "0", "aria-label": "Checked inputs" }, laidOut(found.inputsText)) : null));
      this.send.focus();
    });
  }

  async #send() {
    // An id of its own before it is sent: a repeat after a lost answer sends the same execution.
    this.#id ??= crypto.randomUUID();
    const text = splicedJson({ executionId: this.#id }, {}).slice(0, -1) + `,${this.#checked.slice(1)}`;
    await this.#during(this.send, "Sending…", async () => {
      const { executionId, cacheStatus } = await this.context.api.submit(text, { dryRun: false });
      toast(`${shortened(executionId)} ${cacheStatus === "hit" ? "is answered from the cache" : "is accepted"}.`);
      this.context.go(executionLink(executionId));
    });
  }

  async #during(button, words, act) {
    const before = button.textContent;
    button.textContent = words;
    this.check.disabled = this.send.disabled = true;
    try {
      await act();
    } catch (error) {
      this.#failed(error);
    } finally {
      button.textContent = before;
      this.check.disabled = false;
      this.send.disabled = this.#checked === null;
    }
  }

  #failed(error) {
    const faults = error instanceof ApiError ? error.faults : [];
    const placed = faults.map((fault) => ({ ...fault, name: fault.pointer?.split("/")[1] ?? "" }));
    this.#say(placed.filter(({ name }) => this.fields.get(name)?.note));
    const others = placed.filter(({ name }) => !this.fields.get(name)?.note);
    place(this.answer, h("div", { class: "card" }, h("h2", {}, faults.length ? "It would be refused" : "No answer to that"),
      h("p", { class: "note tone-bad" }, faults.length ? error.message : explained(error)),
      others.length ? h("ul", { class: "plain-list" }, others.map(({ pointer, detail }) => h("li", {}, h("code", {}, pointer || "the request"), ` ${detail}`))) : null));
  }

  /** Says faults at their fields; one within the inputs names its line, and leads there. */
  #say(faults) {
    for (const [name, { input, note }] of this.fields) {
      if (!note) continue;
      const found = faults.filter((each) => each.name === name);
      input.setAttribute("aria-invalid", String(found.length > 0));
      place(note, found.map((fault) => (name === "inputs" && fault.pointer ? this.#inInputs(input, fault) : h("p", { class: "at-field" }, fault.detail))));
    }
    const inputs = faults.map(({ name }) => this.fields.get(name)?.input).filter(Boolean);
    for (const around of inputs.map((each) => each.closest("details")).filter(Boolean)) around.open = true;
    inputs[0]?.focus();
  }

  #inInputs(area, { pointer, detail }) {
    const { begins, ends, line, column } = placeIn(area.value, pointer.replace(/^\/inputs/, ""));
    return h("p", { class: "at-field" }, h("button", { type: "button", class: "to-place", onclick: () => {
      area.focus();
      area.setSelectionRange(begins, ends);
    } }, `Line ${line}, column ${column}`), " ", h("code", {}, pointer), ` ${detail}`);
  }
}

/** What the API says of a request beside whether it takes it; nothing where there is nothing. */
export function findings({ warnings = [], defaults = {} }) {
  return [
    list("What its contract does not allow", warnings.map(({ pointer, detail }) => [h("code", {}, pointer || "the request"), ` ${detail}`])),
    list("What is left to the action", Object.entries(defaults).map(([name, said]) => [h("code", {}, name), ` ${said}`])),
  ];
}

function list(title, items) {
  return items.length ? h("div", {}, h("h3", {}, title), h("ul", { class: "plain-list" }, items.map((item) => h("li", {}, item)))) : null;
}
