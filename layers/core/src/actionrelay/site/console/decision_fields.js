// What is asked for besides a decision: how it ended, which way to retry, a note.

import { WAYS } from "./decisions.js";
import { h } from "./dom.js";
import { checkedJson } from "./raw_json.js";

const LONGEST_NOTE = 1000;

/** Choices one below the other, none of them chosen beforehand unless `chosen` says so. */
export function choice(name, legend, options, { chosen = null, changed }) {
  return h("fieldset", { class: "options" }, h("legend", {}, legend), options.map(({ value, label, hint }) => h("label", { class: "option" },
    h("input", { type: "radio", name, value, checked: value === chosen, "aria-describedby": hint ? `${name}-${value}-hint` : null, onchange: () => changed(value) }),
    h("span", {}, h("strong", {}, label), hint ? h("span", { class: "hint", id: `${name}-${value}-hint` }, " ", hint) : null))));
}

/** A note for the audit trail. */
export function noteField(label = "Note", placeholder = "What was found, for the audit trail") {
  const area = h("textarea", { id: "decision-note", rows: "2", maxlength: String(LONGEST_NOTE), placeholder });
  return { element: h("div", { class: "field" }, h("label", { for: "decision-note" }, label), area),
    read: () => (area.value.trim() ? { note: area.value.trim() } : {}) };
}

/** How an unknown one ended. `read` gives members, and those that are JSON text already; it throws what is wrong as a sentence. */
export function resolutionFields() {
  const result = h("textarea", { id: "resolve-result", rows: "4", spellcheck: "false", placeholder: '{"orderId": "…"}', "aria-describedby": "resolve-result-hint" });
  const reason = h("input", { id: "resolve-reason", type: "text", autocomplete: "off", placeholder: "the CRM has no such order" });
  const note = noteField("How this is known", "Looked the order up in the CRM");
  const ofCompleted = h("div", { class: "field", hidden: true }, h("label", { for: "resolve-result" }, "Result, as JSON"), result,
    h("p", { class: "hint", id: "resolve-result-hint" }, "Optional. What the action would have returned."));
  const ofFailed = h("div", { class: "field", hidden: true }, h("label", { for: "resolve-reason" }, "Why it failed"), reason);
  let status = null;
  const options = choice("status", "It has", [
    { value: "completed", label: "completed", hint: "the action ran" },
    { value: "failed", label: "failed", hint: "the action did not run, or to no effect" },
  ], { changed: (value) => {
    status = value;
    ofCompleted.hidden = value !== "completed";
    ofFailed.hidden = value !== "failed";
  } });
  return {
    element: h("div", { class: "fields" }, options, ofCompleted, ofFailed, note.element),
    read() {
      if (!status) {
        options.querySelector("input").focus();
        throw new Error("Say how it ended: completed or failed.");
      }
      const members = { status };
      const texts = {};
      if (status === "completed" && result.value.trim()) texts.result = parsedText(result);
      if (status === "failed" && reason.value.trim()) members.error = reason.value.trim();
      return { members: { ...members, ...note.read() }, texts };
    },
  };
}

function parsedText(field) {
  const { text, fault } = checkedJson(field.value);
  if (!fault) return text;
  field.focus();
  throw new Error(`The result is not JSON: ${fault}. A text goes in quotes.`);
}

/** Which way to retry an unknown one; the way without harm is the one that is chosen. */
export function wayFields(changed) {
  let way = WAYS[0];
  return {
    element: choice("way", "Which way", WAYS, { chosen: way.value, changed: (value) => {
      way = WAYS.find((each) => each.value === value);
      changed(way);
    } }),
    read: () => ({ members: way.value === "again" ? { again: true } : null, texts: {} }),
  };
}
