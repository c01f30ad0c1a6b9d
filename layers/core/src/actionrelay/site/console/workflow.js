// One workflow: its graph as it happens, why it is where it is, its steps with their items, and what can be decided.

import { ApiError, explained } from "./api.js";
import { copyButton, h, place, show, toast } from "./dom.js";
import { moment, shortened, span } from "./formatting.js";
import { workflowGraph } from "./graph.js";
import { ModalDialog } from "./modal.js";
import { card, empty, executionLink, pair, Panel } from "./pieces.js";
import { badge, tone } from "./status.js";
import { when } from "./times.js";

const STOPPABLE = new Set(["running", "blocked"]);
const IN_NEED = new Set(["failed", "unknown", "cancelled"]);

/** The view at `#/workflows/<id>`. */
export class WorkflowView {
  every = 2000;

  constructor(context, id) {
    this.context = context;
    this.id = id;
    this.title = `Workflow ${shortened(id)}`;
    this.panel = new Panel(6);
    this.summary = h("div", {});
    this.buttons = h("div", { class: "decisions", role: "group", "aria-label": "Decisions" });
    this.graph = h("div", {});
    this.items = h("div", { class: "stack" });
    this.content = h("div", { class: "stack" }, h("section", { class: "card", "aria-label": "Summary" }, this.summary),
      card("Steps", { extra: h("span", { class: "hint" }, "the critical path is marked") }, this.graph), this.items);
    this.element = h("div", { class: "view" },
      h("div", { class: "view-head" }, h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/workflows" }, "Workflows"), " /"),
        h("h1", { tabindex: "-1", class: "mono" }, id, copyButton(id, "workflow id"))), this.buttons), this.panel.element);
  }

  load(signal) {
    return this.panel.load(() => this.context.api.workflow(this.id, signal), (workflow, body) => {
      if (!this.content.isConnected) place(body, this.content);
      this.#draw(workflow);
    }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.every = 10000;
      place(this.panel.fault);
      place(this.panel.body, empty("No workflow with this id", "It may never have been accepted, or its retention has ended."));
    });
  }

  #draw(workflow) {
    this.every = workflow.status === "running" ? 2000 : 10000;
    const steps = Object.fromEntries(Object.entries(workflow.steps).map(([name, { result, ...step }]) => [name, step]));
    show(this.summary, { ...workflow, steps }, () => workflowSummary({ ...workflow, steps }));
    show(this.buttons, { status: workflow.status, steps }, () => workflowButtons({ ...workflow, steps }, this.context));
    show(this.graph, steps, () => workflowGraph(steps));
    show(this.items, steps, () => Object.entries(steps).filter(([, step]) => step.items?.length).map(itemsOf));
    this.title = `${badge(workflow.status).textContent} · ${shortened(this.id)}`;
  }
}

function workflowSummary({ status, error, steps, ...workflow }) {
  return [
    h("div", { class: `headline tone-${tone(status)}` }, badge(status), error ? h("p", {}, h("code", {}, error.code), " ", error.message) : null, blockedNote(status, steps)),
    h("dl", { class: "facts" },
      pair("Trace", [h("code", {}, workflow.traceId), copyButton(workflow.traceId, "trace id"), " ",
        h("span", { class: "hint" }, h("a", { href: `#/executions?traceId=${encodeURIComponent(workflow.traceId)}` }, "its executions"))], "long"),
      pair("Begun", [moment(workflow.startedAt), " · ", when(workflow.startedAt)]),
      pair("Ended", workflow.completedAt ? [moment(workflow.completedAt), " · ", when(workflow.completedAt)] : "not yet"),
      pair("Took", span(workflow.latencyMs)),
      pair("Critical path", span(workflow.criticalPathMs)),
      pair("Webhook", workflow.webhookStatus === "none" ? "not asked for" : badge(workflow.webhookStatus))),
  ];
}

/** What a blocked workflow waits for, with the way to it. */
function blockedNote(status, steps) {
  if (status !== "blocked") return null;
  const unknown = Object.entries(steps).flatMap(([name, step]) => [
    ...(step.status === "unknown" && step.executionId ? [[name, step.executionId]] : []),
    ...(step.items ?? []).filter((each) => each.status === "unknown").map((each) => [`${name} ${each.index}`, each.executionId]),
  ]);
  return h("p", { class: "hint" }, "Nobody knows whether this ran: ", unknown.map(([name, id], at) => [at ? ", " : "", h("a", { href: executionLink(id) }, name)]),
    ". What depends on it goes on when its execution is resolved, or run again.");
}

function itemsOf([name, step]) {
  return h("details", { class: "card items" }, h("summary", {}, `Items of ${name}`),
    h("ol", { class: "plain-list", start: "0" }, step.items.map((each) => h("li", {},
      badge(each.status), " ", each.executionId ? h("a", { href: executionLink(each.executionId), "data-focus": `item-${each.executionId}` }, shortened(each.executionId)) : null))));
}

function workflowButtons(workflow, context) {
  const button = (name, label) => h("button", { type: "button", class: "button", "data-focus": `workflow-${name}`, onclick: () => new WorkflowDialog(name, workflow, context).open() }, label);
  return [workflow.status === "running" ? null : button("retry", "Run again"), STOPPABLE.has(workflow.status) ? button("cancel", "Cancel") : null].filter(Boolean);
}

class WorkflowDialog extends ModalDialog {
  constructor(name, workflow, context) {
    super(name === "cancel" ? { title: "Cancel this workflow?", confirm: "Start nothing more", danger: true, decide: () => this.#decide() }
      : { title: "Run some of it again", confirm: "Run again", decide: () => this.#decide() });
    this.name = name;
    this.workflow = workflow;
    this.context = context;
    place(this.body, h("p", { class: "about" }, badge(workflow.status), h("br"), h("code", {}, workflow.workflowId)), name === "cancel"
      ? h("p", {}, "What is under way goes on, and is recorded. Nothing else of it starts.") : this.#choice());
  }

  #choice() {
    const needy = Object.values(this.workflow.steps).some((each) => IN_NEED.has(each.status));
    this.from = h("select", { id: "retry-from" }, needy ? h("option", { value: "" }, "what failed or is unknown, and what follows") : null,
      Object.keys(this.workflow.steps).map((name) => h("option", { value: name }, `${name}, and all that depends on it`)));
    return h("div", { class: "field" }, h("label", { for: "retry-from" }, "Which part"), this.from,
      h("p", { class: "hint" }, "What is unknown is asked about again. What failed, and all of a part that you name, gets another run: it may run twice."));
  }

  async #decide() {
    const from = this.from?.value;
    await this.during(async () => {
      await this.context.api.decideWorkflow(this.workflow.workflowId, this.name, from ? { from } : undefined);
      this.close();
      toast(`${shortened(this.workflow.workflowId)} ${this.name === "cancel" ? "is cancelled" : "runs again"}.`);
      this.context.refresh();
    }, (error) => {
      this.say(explained(error));
      if (error.status === 409) this.context.refresh();
    });
  }
}
