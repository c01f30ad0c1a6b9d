// One decision about all that fit a filter: how many that are is asked before anything is decided, and no filter is no decision.

import { explained } from "./api.js";
import { keepDecision } from "./bulk_progress.js";
import { choice, noteField, resolutionFields } from "./decision_fields.js";
import { DECISIONS, OF_MANY } from "./decisions.js";
import { h, place } from "./dom.js";
import { inWordsOf, listAddress } from "./filters.js";
import { count, exactly, plural } from "./formatting.js";
import { ModalDialog } from "./modal.js";
import { splicedJson } from "./raw_json.js";
import { ENDED } from "./status.js";

/** A button that opens the dialog; `filter()` gives the list's parameters, `decision` what is chosen beforehand. */
export function bulkButton(context, filter, label, { decision = null, focus = label } = {}) {
  return h("button", { type: "button", class: "button", "data-focus": `bulk-${focus}`, onclick: () => new BulkDialog(context, filter(), decision).open() }, label);
}

/** Whether a decision can be allowed by anything that fits a filter. */
function suits(name, { status = "", webhookStatus = "" }) {
  const may = (...states) => !status || status.split(",").some((each) => states.includes(each));
  if (name === "retry") return may("failed", "unknown");
  if (name === "resolve") return may("unknown");
  if (name === "cancel") return may("queued");
  if (name === "redeliver") return may(...ENDED);
  return may("failed", "unknown") || webhookStatus.includes("failed");
}

class BulkDialog extends ModalDialog {
  #round = 0;

  constructor(context, filter, decision) {
    super({ title: "Decide about all that fit", confirm: "Decide", decide: () => this.#decide() });
    this.context = context;
    this.filter = filter;
    this.name = decision;
    this.preview = h("div", { class: "preview", role: "status" });
    this.fields = h("div", { class: "fields" });
    this.confirm.disabled = true;
    const offered = OF_MANY.filter((name) => suits(name, filter));
    if (!Object.keys(filter).length) {
      place(this.body, h("p", { class: "note tone-doubt" }, "No filter is set, and a decision about everything there is would be refused. "
        + "Close this, and say which ones: by status, error code, action or time."));
      return;
    }
    place(this.body, h("p", { class: "about" }, h("span", { class: "hint" }, "Those that are "), inWordsOf(filter, exactly)),
      choice("decision", "What to do with them", offered.map((value) => ({ value, label: DECISIONS[value].label })), { chosen: decision, changed: (value) => this.#choose(value) }),
      this.fields, this.preview);
    if (decision) this.#choose(decision);
  }

  #choose(name) {
    this.name = name;
    const { textOfMany, danger } = DECISIONS[name];
    this.resolution = name === "resolve" ? resolutionFields() : null;
    this.note = this.resolution ? null : noteField("Note, optional");
    this.confirm.className = danger ? "button danger" : "button strong";
    place(this.fields, h("p", {}, textOfMany()), (this.resolution ?? this.note).element);
    this.#count();
  }

  async #count() {
    const round = (this.#round += 1);
    this.confirm.disabled = true;
    place(this.preview, h("p", { class: "hint" }, "Counting…"));
    try {
      const { matched } = await this.context.api.decideMany(this.#body({ dryRun: true }));
      if (round !== this.#round) return;
      this.confirm.disabled = matched === 0;
      this.saysOnConfirm(matched ? `${DECISIONS[this.name].verb} ${count(matched)}` : "Nothing to decide");
      place(this.preview, matched ? h("p", {}, h("strong", {}, plural(matched, "execution")), " fit at this moment. Any whose state does not allow it is left as it is, and listed.")
        : h("p", {}, "Nothing fits at this moment."));
    } catch (error) {
      if (round !== this.#round) return;
      const narrow = error.faults?.some(({ code }) => code === "too_many");
      place(this.preview, h("p", { class: "note tone-bad" }, explained(error), narrow ? [" ", h("a", { href: listAddress(this.filter), onclick: () => this.close() }, "Narrow it in the list")] : null));
    }
  }

  #body({ dryRun = false } = {}) {
    const given = this.resolution && !dryRun ? this.resolution.read() : { members: { status: "failed" }, texts: {} };
    const { note, ...resolution } = given.members;
    const noted = this.note && !dryRun ? this.note.read() : note ? { note } : {};
    return splicedJson({ decision: this.name, filter: this.filter, ...noted, ...(dryRun ? { dryRun } : {}) },
      this.resolution ? { resolution: splicedJson(resolution, given.texts) } : {});
  }

  async #decide() {
    let body;
    try {
      body = this.#body();
    } catch (fault) {
      this.say(fault.message);
      return;
    }
    await this.during(async () => {
      const { decisionId, matched } = await this.context.api.decideMany(body);
      keepDecision({ decisionId, decision: this.name, filter: this.filter, matched });
      this.close();
      this.context.go(`#/decisions/${encodeURIComponent(decisionId)}`);
    }, (error) => this.say(explained(error)));
  }
}
