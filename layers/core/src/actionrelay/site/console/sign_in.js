// The door: asks for what this deployment's API wants to see, and tries it before it lets anybody in.

import { explained } from "./api.js";
import { FIELDS, pasted } from "./credentials.js";
import { h, place } from "./dom.js";

const TEXTS = {
  API_KEY: "This deployment takes API keys. Yours is sent to this API alone, as x-api-key. A caller's reads and submits; an operator's also decides.",
  AWS_IAM: "This deployment takes requests signed by AWS credentials. Yours sign here, in the browser; the secret key is never sent.",
};

const PASTES = {
  API_KEY: () => ["A local world's whole ", h("code", {}, "stack.json"), " can be pasted too."],
  AWS_IAM: () => ["Pasting a block of ", h("code", {}, "export AWS_…"), " lines, the JSON of ", h("code", {}, "aws sts assume-role"),
    " or a local world's ", h("code", {}, "stack.json"), " into any field fills all of them."],
};

/** The sign-in page; `entered` is called when the API has taken the credentials. */
export function signInView({ api, credentials, host }, entered, reason = "") {
  const inputs = new Map();
  const fault = h("div", { role: "alert" });
  const button = h("button", { type: "submit", class: "button strong wide" }, "Sign in");
  const keep = h("input", { type: "checkbox", id: "keep" });
  const form = h("form", { class: "card sign-in", "aria-labelledby": "sign-in-title", novalidate: true,
    onsubmit: (event) => { event.preventDefault(); enter(); },
    onpaste: (event) => fillFromBlock(event, inputs, api.way) },
  h("h1", { id: "sign-in-title", tabindex: "-1" }, "Sign in"),
  h("p", { class: "hint" }, "to actionrelay at ", h("strong", {}, host)),
  h("p", {}, TEXTS[api.way]),
  FIELDS[api.way].map((field) => fieldOf(field, inputs)),
  h("p", { class: "hint" }, PASTES[api.way]()),
  h("label", { class: "check", for: "keep" }, keep, h("span", {}, "Keep for this tab", h("span", { class: "hint" }, " – else a reload forgets it"))),
  fault, button);

  async function enter() {
    const given = {};
    for (const [name, input] of inputs) given[name] = input.value.trim();
    const missing = FIELDS[api.way].find((field) => field.required && !given[field.name]);
    if (missing) {
      say(`${missing.label} is missing.`);
      inputs.get(missing.name).focus();
      return;
    }
    button.disabled = true;
    button.textContent = "Signing in…";
    place(fault);
    credentials.take(given, keep.checked);
    try {
      await api.get("health");
      entered();
    } catch (error) {
      credentials.forget();
      say(explained(error));
      [...inputs.values()].at(0).focus();
    } finally {
      button.disabled = false;
      button.textContent = "Sign in";
    }
  }

  function say(sentence) {
    place(fault, h("p", { class: "note tone-bad" }, sentence));
  }

  if (reason) say(reason);
  return h("main", { id: "main", class: "door" }, form);
}

function fieldOf({ name, label, secret, required, hint }, inputs) {
  const input = h("input", { id: `sign-in-${name}`, type: secret ? "password" : "text", autocomplete: "off", spellcheck: "false",
    autocapitalize: "off", required: Boolean(required) });
  inputs.set(name, input);
  return h("div", { class: "field" }, h("label", { for: `sign-in-${name}` }, label, hint ? h("span", { class: "hint" }, `, ${hint}`) : null), input);
}

function fillFromBlock(event, inputs, way) {
  const found = pasted(event.clipboardData?.getData("text") ?? "", way);
  if (!found) return;
  event.preventDefault();
  for (const [name, input] of inputs) input.value = found[name] ?? "";
}
