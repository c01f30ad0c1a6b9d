// The request of an execution, behind a click: that somebody reads it is put on record, and it may hold a customer's data.

import { explained } from "./api.js";
import { copyButton, h, place } from "./dom.js";
import { span } from "./formatting.js";
import { pair } from "./pieces.js";
import { laidOut } from "./raw_json.js";

const MASK = "•••";

/** A part that opens on demand, and asks only then. */
export class RequestDetails {
  #asked = false;

  /** `read` is called once it has been read, which its history then says. */
  constructor(context, id, read = () => {}) {
    this.context = context;
    this.id = id;
    this.read = read;
    this.content = h("div", { "aria-live": "polite" });
    this.element = h("details", { class: "request", ontoggle: () => { if (this.element.open) this.#read(); } },
      h("summary", { "data-focus": `request-${id}` }, "Show the request"), this.content);
  }

  async #read() {
    if (this.#asked) return;
    this.#asked = true;
    place(this.content, h("p", { class: "hint" }, "Reading…"));
    try {
      place(this.content, this.#shown(await this.context.api.request(this.id)));
      this.read();
    } catch (error) {
      this.#asked = false;
      place(this.content, h("p", { class: "note tone-bad" }, explained(error), " Close and open it to ask again."));
    }
  }

  #shown(request) {
    const { inputsText, inputs, timeout, idempotent, lane, cacheResults, webhookUrl, actionReferences, actionReferencesText } = request;
    const masked = `${inputsText}${actionReferencesText}`.includes(`"${MASK}"`);
    return [
      h("h4", {}, "Inputs"),
      inputs === null || inputs === undefined ? h("p", { class: "hint" }, "They are not stored any more.")
        : h("pre", { class: "json", tabindex: "0", "aria-label": "Inputs as JSON" }, laidOut(inputsText)),
      masked ? h("p", { class: "hint" }, `Values shown as ${MASK} are masked by this deployment (MaskInputs).`) : null,
      h("dl", { class: "facts" },
        pair("Timeout", span(timeout)),
        pair("Lane", lane ?? "interactive"),
        pair("Running it twice", idempotent === null || idempotent === undefined ? "not recorded" : idempotent ? "does no harm (idempotent)" : "may do harm (not idempotent)"),
        pair("Cached results", cacheResults ? "allowed" : "not allowed"),
        webhookUrl ? pair("Webhook goes to", [h("code", {}, webhookUrl), copyButton(webhookUrl, "webhook URL")], "long") : pair("Webhook", "not asked for")),
      webhookUrl ? new ReceiverKey(this.context, webhookUrl).element : null,
      actionReferences ? [h("h4", {}, "References"), h("pre", { class: "json", tabindex: "0", "aria-label": "References as JSON" }, laidOut(actionReferencesText))] : null,
      h("p", { class: "hint" }, "That you have read it is in the history."),
    ];
  }
}

/** What the receiver of a webhook verifies with; a secret, so shown only when asked for. */
class ReceiverKey {
  constructor(context, url) {
    this.context = context;
    this.host = hostOf(url);
    this.content = h("div", { "aria-live": "polite" });
    this.element = h("details", { class: "request", ontoggle: () => { if (this.element.open) this.#read(); } },
      h("summary", {}, `Show the key that ${this.host} verifies with`), this.content);
  }

  async #read() {
    try {
      const { keys } = await this.context.api.get("webhooks/key", { host: this.host });
      place(this.content, h("p", { class: "hint" }, `The receiver answers 401 or 403? It has to verify with ${keys.length > 1 ? "one of these" : "this key"}, the Standard Webhooks way. Hand it over as a secret.`),
        h("ul", { class: "keys" }, keys.map((key) => h("li", {}, h("code", {}, key), copyButton(key, "receiver's key")))));
    } catch (error) {
      place(this.content, h("p", { class: "note tone-bad" }, explained(error)));
    }
  }
}

function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return url;
  }
}
