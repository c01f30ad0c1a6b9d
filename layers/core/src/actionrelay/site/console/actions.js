// The organisation's actions: which there are, what one takes, and a form made from it to try it.

import { ApiError, explained } from "./api.js";
import { table } from "./docs.js";
import { h, place, show, toast } from "./dom.js";
import { plural, shortened } from "./formatting.js";
import { executionLink, Panel } from "./pieces.js";
import { checkedJson, laidOut, splicedJson } from "./raw_json.js";
import { findings } from "./submit.js";

const PROBLEMS = {
  permission_missing: "The OAuth client may not read actions: give it a role with Integrations > Action > View.",
  unreachable: "The last reading failed; this is what was read before.",
  incomplete: "The list lacks actions: there are more than are kept, or they changed while they were read.",
};
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

const linkTo = (id) => `#/actions/${encodeURIComponent(id)}`;

/** The view at `#/actions`. */
export class ActionsView {
  title = "Actions";
  every = 60000;
  #found = null;

  constructor(context) {
    this.context = context;
    this.panel = new Panel(8);
    this.search = h("input", { type: "search", id: "action-search", autocomplete: "off", spellcheck: "false", oninput: () => this.#draw() });
    this.rows = h("div", {});
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Actions")),
      h("div", { class: "field" }, h("label", { for: "action-search" }, "Search by name or category"), this.search), this.panel.element);
  }

  load(signal) {
    return this.panel.load(() => this.context.api.get("actions", {}, signal), (found, body) => {
      this.#found = found;
      if (!body.contains(this.rows)) place(body, this.rows);
      this.#draw();
    });
  }

  #draw() {
    if (!this.#found) return;
    const { actions, catalogue } = this.#found;
    const wanted = this.search.value.trim().toLowerCase();
    const fits = ({ name, category }) => name.toLowerCase().includes(wanted) || (category ?? "").toLowerCase().includes(wanted);
    show(this.rows, { fitting: actions.filter(fits), catalogue }, ({ fitting }) => [
      h("p", { class: catalogue.problem ? "note tone-bad" : "hint", role: "status" }, plural(fitting.length, "action"),
        catalogue.underWay ? ", being read now" : "", catalogue.problem ? `. ${PROBLEMS[catalogue.problem] ?? catalogue.problem}` : ""),
      fitting.length ? table("Actions of the organisation", ["name", "category", "type", "timeout", ""], fitting.map((each) => [
        h("a", { href: linkTo(each.actionId) }, each.name), each.category ?? "", each.requestType ?? "",
        each.timeoutSeconds ? `${each.timeoutSeconds} s` : "", each.secure ? "secure" : ""])) : null,
    ]);
  }
}

/** The view at `#/actions/<id>`. */
export class ActionView {
  title = "Action";
  every = 600000;
  #checked = null;
  #id = null;

  constructor(context, id) {
    this.context = context;
    this.id = id;
    this.fields = new Map();
    this.panel = new Panel(8);
    this.answer = h("div", { class: "stack", role: "status" });
    this.check = h("button", { type: "submit", class: "button" }, "Check");
    this.send = h("button", { type: "button", class: "button strong", disabled: true, onclick: () => this.#send() }, "Send");
    this.request = h("pre", { class: "json", tabindex: "0", "aria-label": "The request" });
    this.heading = h("h1", { tabindex: "-1" }, "Action");
    this.element = h("div", { class: "view" }, h("div", { class: "view-head" }, this.heading), this.panel.element);
  }

  /** Read once: a form that somebody fills in is not drawn again. */
  load(signal) {
    if (this.panel.loaded) return Promise.resolve();
    return this.panel.load(() => this.context.api.get(`actions/${encodeURIComponent(this.id)}`, {}, signal), (found, body) => {
      this.title = found.name;
      this.heading.textContent = found.name;
      place(body, h("div", { class: "stack" }, this.#about(found), h("div", { class: "columns" }, this.#form(found), this.answer)));
      this.#edited();
    });
  }

  #about({ actionId, category, requestType, secure, version, contractProblem, defaults, inputs }) {
    return h("section", { class: "card", "aria-label": "Contract" },
      h("p", { class: "hint" }, h("code", {}, actionId), ` · ${[category, requestType, secure ? "secure" : null, version ? `version ${version}` : null].filter(Boolean).join(" · ")} · `,
        h("a", { href: `#/executions?actionId=${encodeURIComponent(actionId)}` }, "Its executions")),
      contractProblem ? h("p", { class: "note tone-bad" }, `Requests are not checked by its contract: ${contractProblem}`) : null,
      inputs.length ? table("Inputs", ["name", "type", "required", "meaning"], inputs.map((each) => [
        h("code", {}, each.name), each.type, each.required ? "yes" : "", each.description ?? ""])) : h("p", {}, "Its contract names no inputs."),
      h("ul", { class: "plain-list" }, Object.entries(defaults).map(([name, said]) => h("li", {}, h("code", {}, name), ` ${said}`))));
  }

  #form({ inputSchema }) {
    const required = new Set(Array.isArray(inputSchema?.required) ? inputSchema.required : []);
    const rules = Object.entries(inputSchema?.properties ?? {});
    return h("form", { class: "card submit fields", "aria-label": "Try it", novalidate: true, oninput: () => this.#edited(),
      onsubmit: (event) => { event.preventDefault(); this.#ask(); } },
    h("h2", {}, "Try it"), rules.map(([name, rule]) => this.#field(name, rule ?? {}, required.has(name))),
    h("h3", {}, "The request"), this.request, h("div", { class: "dialog-buttons" }, this.check, this.send));
  }

  #field(name, rule, required) {
    const id = `input-${this.fields.size}`;
    const note = h("div", { id: `${id}-note`, "aria-live": "polite" });
    const { control, read } = controlOf(rule);
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-note`);
    if (required) control.setAttribute("aria-required", "true");
    this.fields.set(name, { control, read, note });
    return h("div", { class: "field" }, h("label", { for: id }, name, required ? h("span", { class: "hint" }, " (required)") : null), control,
      typeof rule.description === "string" ? h("p", { class: "hint" }, rule.description) : null, note);
  }

  /** The request as JSON text: what is left empty is left out. */
  #text() {
    const inputs = [...this.fields].map(([name, { read }]) => [name, read()]).filter(([, text]) => text !== null);
    return splicedJson({ actionId: this.id }, { inputs: splicedJson({}, Object.fromEntries(inputs)) });
  }

  /** What was checked is no longer what is there. */
  #edited() {
    this.#checked = null;
    this.#id = null;
    this.send.disabled = true;
    this.request.textContent = laidOut(this.#text());
  }

  async #ask() {
    this.#say([]);
    const text = this.#text();
    await this.#during(this.check, async () => {
      const found = await this.context.api.submit(text, { dryRun: true });
      if (this.#text() !== text) return;
      this.#checked = text;
      this.#say(found.warnings ?? []);
      place(this.answer, h("div", { class: "card" }, h("h2", {}, found.warnings?.length ? "It would be taken, with warnings" : "It would be taken"),
        h("p", { class: "hint" }, "Nothing has run yet. Send runs it."), findings(found)));
    });
    if (!this.send.disabled) this.send.focus();
  }

  async #send() {
    // An id of its own before it is sent: a repeat after a lost answer sends the same execution.
    this.#id ??= crypto.randomUUID();
    const text = splicedJson({ executionId: this.#id }, {}).slice(0, -1) + `,${this.#checked.slice(1)}`;
    await this.#during(this.send, async () => {
      const { executionId } = await this.context.api.submit(text, { dryRun: false });
      toast(`${shortened(executionId)} is accepted.`);
      this.context.go(executionLink(executionId));
    });
  }

  async #during(button, act) {
    this.check.disabled = this.send.disabled = true;
    try {
      await act();
    } catch (error) {
      const faults = error instanceof ApiError ? error.faults : [];
      this.#say(faults);
      place(this.answer, h("div", { class: "card" }, h("h2", {}, faults.length ? "It would be refused" : "No answer to that"),
        h("p", { class: "note tone-bad" }, faults.length ? error.message : explained(error)), findings({ warnings: faults })));
    } finally {
      this.check.disabled = false;
      this.send.disabled = this.#checked === null;
    }
  }

  /** Says what is wrong at the field that it is about. */
  #say(faults) {
    for (const [name, { control, note }] of this.fields) {
      const found = faults.filter(({ pointer }) => pointer === `/inputs/${name}` || pointer?.startsWith(`/inputs/${name}/`));
      control.setAttribute("aria-invalid", String(found.length > 0));
      place(note, found.map(({ detail }) => h("p", { class: "at-field" }, detail)));
    }
  }
}

/** A control for a rule of JSON Schema, and what it reads as: JSON text, or null where it is empty. */
function controlOf({ type, enum: listed }) {
  const [kind] = [type].flat().filter((each) => each !== "null");
  if (Array.isArray(listed)) return chosenFrom(listed.map((each) => JSON.stringify(each)), (text) => String(JSON.parse(text)));
  if (kind === "boolean") return chosenFrom(["true", "false"], (text) => text);
  if (kind === "object" || kind === "array" || kind === undefined) {
    const control = h("textarea", { rows: "4", spellcheck: "false", placeholder: kind === "array" ? "[…], as JSON" : "JSON" });
    return { control, read: () => (control.value.trim() ? (checkedJson(control.value).fault ? JSON.stringify(control.value) : control.value.trim()) : null) };
  }
  const numeric = kind === "integer" || kind === "number";
  const control = h("input", { type: "text", autocomplete: "off", spellcheck: "false", inputmode: numeric ? "decimal" : null });
  // A number goes out as it is written; what is none goes out as a text, for the API to say what is wrong with it.
  return { control, read: () => (control.value === "" ? null : numeric && NUMBER.test(control.value.trim()) ? control.value.trim() : JSON.stringify(control.value)) };
}

function chosenFrom(texts, label) {
  const control = h("select", {}, h("option", { value: "" }, ""), texts.map((text) => h("option", { value: text }, label(text))));
  return { control, read: () => control.value || null };
}
