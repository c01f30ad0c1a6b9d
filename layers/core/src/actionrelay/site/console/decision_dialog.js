// A decision about one execution: confirmed in a dialog that says what it leads to, and followed to its result.

import { ApiError, explained } from "./api.js";
import { noteField, resolutionFields, wayFields } from "./decision_fields.js";
import { DECISIONS, meaningOf, WAYS } from "./decisions.js";
import { h, place, toast } from "./dom.js";
import { shortened } from "./formatting.js";
import { ModalDialog } from "./modal.js";
import { splicedJson } from "./raw_json.js";
import { RequestDetails } from "./request_details.js";
import { badge } from "./status.js";

/** Buttons for what can be decided about an execution in its state. */
export function decisionButtons(execution, context, names = Object.keys(DECISIONS)) {
  return names.filter((name) => DECISIONS[name].allowed(execution)).map((name) => h("button", {
    type: "button", class: name === "resolve" ? "button strong" : name === "acknowledge" ? "button plain" : "button", "data-focus": `${name}-${execution.executionId}`,
    "aria-label": `${DECISIONS[name].label} ${shortened(execution.executionId)}`,
    onclick: () => new DecisionDialog(name, execution, context).open(),
  }, DECISIONS[name].label));
}

class DecisionDialog extends ModalDialog {
  constructor(name, execution, context) {
    const decision = DECISIONS[name];
    super({ title: decision.title, confirm: decision.confirm, danger: decision.danger, decide: () => this.#decide() });
    this.name = name;
    this.execution = execution;
    this.context = context;
    this.decision = decision;
    this.fields = this.#asked();
    place(this.body, this.#about(), new RequestDetails(context, execution.executionId).element, h("p", {}, decision.text(execution)), this.fields?.element);
  }

  #asked() {
    const [kind] = this.decision.fields(this.execution);
    if (kind === "resolution") return resolutionFields();
    if (kind === "note") {
      const note = noteField();
      return { element: note.element, read: () => ({ members: note.read(), texts: {} }) };
    }
    if (kind !== "again") return null;
    this.saysOnConfirm(WAYS[0].confirm);
    return wayFields((way) => this.saysOnConfirm(way.confirm));
  }

  #about() {
    const { executionId, actionId, status, error } = this.execution;
    return h("p", { class: "about" }, badge(status), error ? [" ", h("code", {}, error.code)] : null, h("br"), h("code", {}, executionId), h("br"),
      h("span", { class: "hint" }, "action "), h("code", {}, actionId));
  }

  async #decide() {
    let given;
    try {
      given = this.fields?.read();
    } catch (fault) {
      this.say(fault.message);
      return;
    }
    const body = given?.members ? splicedJson(given.members, given.texts) : undefined;
    await this.during(async () => {
      await this.context.api.decide(this.execution.executionId, this.decision.route ?? this.name, body);
      this.close();
      toast(`${shortened(this.execution.executionId)} ${this.decision.done}.`);
      this.context.refresh();
    }, (error) => this.#failed(error));
  }

  #failed(error) {
    if (!this.element.open) this.context.failed(error);
    const meaning = error instanceof ApiError ? meaningOf(error) : null;
    this.say([h("p", {}, explained(error)), meaning ? h("p", {}, meaning) : null]);
    if (error.status === 409) this.context.refresh();
  }
}
