// What an operator decides about one execution: offered where its state allows it, confirmed, and followed to its result.

import { ApiError, explained } from "./api.js";
import { h, place, toast } from "./dom.js";
import { shortened } from "./formatting.js";
import { ENDED, badge } from "./status.js";

const DECISIONS = {
  retry: {
    label: "Retry", title: "Run this execution again?", confirm: "Run it again", done: "is queued for another run",
    allowed: ({ status }) => status === "failed" || status === "unknown",
    text: ({ status }) => (status === "unknown"
      ? "Nobody knows whether the action ran. If it did, it runs twice: find out first, or make sure that a second time does no harm."
      : "The same request is sent to Genesys Cloud again, with all its attempts before it."),
  },
  resolve: {
    label: "Resolve", title: "Record how it ended", confirm: "Put on record", done: "is resolved",
    allowed: ({ status }) => status === "unknown",
    text: () => "Say what you found out. It becomes the outcome, is sent to the caller's webhook if there is one, and is recorded with your name.",
  },
  redeliver: {
    label: "Redeliver", title: "Deliver the webhook again?", confirm: "Deliver again", done: "is being delivered again",
    allowed: ({ status, webhookStatus }) => ENDED.has(status) && ["failed", "delivered"].includes(webhookStatus),
    text: ({ webhookStatus }) => (webhookStatus === "delivered"
      ? "The caller's webhook took this outcome once. It gets it again under the same webhook-id."
      : "The caller's webhook is tried again, with the whole schedule of tries before it."),
  },
  cancel: {
    label: "Cancel", title: "Cancel this execution?", confirm: "Cancel it, for good", done: "is cancelled",
    allowed: ({ status }) => status === "queued",
    text: () => "It will not run, and this can't be undone. No webhook is sent.",
  },
};
const MEANINGS = {
  wrong_state: "It has moved on, so this can't be decided any more; what is shown is being refreshed.",
  stale_write: "Others wrote to it at the same moment. Nothing has changed; try again.",
  queue_unavailable: "The decision may be on record, but its message could not be sent. Repeat it: that is harmless.",
  store_unavailable: "A table did not answer. The decision may be on record: look at the history before you repeat it.",
};

/** Buttons for what can be decided about an execution in its state. */
export function decisionButtons(execution, context, names = Object.keys(DECISIONS)) {
  return names.filter((name) => DECISIONS[name].allowed(execution)).map((name) => h("button", {
    type: "button", class: name === "resolve" ? "button strong" : "button", "data-focus": `${name}-${execution.executionId}`,
    "aria-label": `${DECISIONS[name].label} ${shortened(execution.executionId)}`,
    onclick: () => new DecisionDialog(name, execution, context).open(),
  }, DECISIONS[name].label));
}

class DecisionDialog {
  constructor(name, execution, context) {
    this.name = name;
    this.execution = execution;
    this.context = context;
    this.decision = DECISIONS[name];
    this.fault = h("div", { class: "fault", role: "alert" });
    this.confirm = h("button", { type: "submit", class: name === "cancel" ? "button danger" : "button strong" }, this.decision.confirm);
    this.leave = h("button", { type: "button", class: "button", onclick: () => this.element.close() }, "Leave it as it is");
    this.fields = name === "resolve" ? resolutionFields() : null;
    this.asking = false;
    this.element = this.#built();
  }

  open() {
    document.body.append(this.element);
    this.element.addEventListener("cancel", (event) => { if (this.asking) event.preventDefault(); });
    this.element.addEventListener("close", () => this.element.remove());
    this.element.showModal();
  }

  #built() {
    const { executionId, actionId, status } = this.execution;
    return h("dialog", { "aria-labelledby": "decision-title", class: "decision" },
      h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); this.#decide(); } },
        h("h2", { id: "decision-title" }, this.decision.title),
        h("p", { class: "about" }, badge(status), " ", h("code", {}, executionId), h("br"), h("span", { class: "hint" }, "action "), h("code", {}, actionId)),
        h("p", {}, this.decision.text(this.execution)),
        this.fields?.element, this.fault,
        h("div", { class: "dialog-buttons" },
          this.leave, this.confirm)));
  }

  async #decide() {
    if (this.asking) return;
    let document_;
    try {
      document_ = this.fields?.read();
    } catch (fault) {
      this.#say(fault.message);
      return;
    }
    this.#ask(true);
    try {
      await this.context.api.decide(this.execution.executionId, this.name, document_);
      this.element.close();
      toast(`${shortened(this.execution.executionId)} ${this.decision.done}.`);
      this.context.refresh();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#ask(false);
    }
  }

  /** What is under way can't be taken back, and how it went must be seen: until then nothing dismisses it. */
  #ask(asking) {
    this.asking = asking;
    // A browser lets a second Escape close a dialog that has refused the first; it must not come to that.
    if (asking) addEventListener("keydown", heldOpen, true);
    else removeEventListener("keydown", heldOpen, true);
    this.confirm.disabled = asking;
    this.leave.disabled = asking;
    this.confirm.textContent = asking ? "Asking…" : this.decision.confirm;
  }

  #failed(error) {
    if (!this.element.open) this.context.failed(error);
    const meaning = error instanceof ApiError ? MEANINGS[error.code] : null;
    this.#say([h("p", {}, explained(error)), meaning ? h("p", {}, meaning) : null]);
    if (error.status === 409) this.context.refresh();
  }

  #say(said) {
    place(this.fault, h("div", { class: "note tone-bad" }, said));
  }
}

function heldOpen(event) {
  if (event.key === "Escape") event.preventDefault();
}

function resolutionFields() {
  const status = (value, label, hint) => h("label", { class: "option" },
    h("input", { type: "radio", name: "status", value, checked: value === "completed", onchange: () => switched(value) }),
    h("span", {}, h("strong", {}, label), " ", h("span", { class: "hint" }, hint)));
  const result = h("textarea", { id: "resolve-result", rows: "4", spellcheck: "false", placeholder: '{"orderId": "…"}', "aria-describedby": "resolve-result-hint" });
  const reason = h("input", { id: "resolve-reason", type: "text", autocomplete: "off", placeholder: "the CRM has no such order" });
  const note = h("textarea", { id: "resolve-note", rows: "2", maxlength: "1000", placeholder: "Looked the order up in the CRM" });
  const ofCompleted = h("div", { class: "field" }, h("label", { for: "resolve-result" }, "Result, as JSON"), result,
    h("p", { class: "hint", id: "resolve-result-hint" }, "Optional. What the action would have returned."));
  const ofFailed = h("div", { class: "field", hidden: true }, h("label", { for: "resolve-reason" }, "Why it failed"), reason);
  let chosen = "completed";
  function switched(value) {
    chosen = value;
    ofCompleted.hidden = value !== "completed";
    ofFailed.hidden = value !== "failed";
  }
  return {
    element: h("div", {},
      h("fieldset", { class: "options" }, h("legend", {}, "It has"), status("completed", "completed", "the action ran"),
        status("failed", "failed", "the action did not run, or to no effect")),
      ofCompleted, ofFailed,
      h("div", { class: "field" }, h("label", { for: "resolve-note" }, "How this is known"), note)),
    read() {
      const document_ = { status: chosen };
      if (chosen === "completed" && result.value.trim()) document_.result = parsed(result);
      if (chosen === "failed" && reason.value.trim()) document_.error = reason.value.trim();
      if (note.value.trim()) document_.note = note.value.trim();
      return document_;
    },
  };
}

function parsed(field) {
  try {
    return JSON.parse(field.value);
  } catch (fault) {
    field.focus();
    throw new Error(`The result is not JSON: ${fault.message}. A text goes in quotes.`);
  }
}
