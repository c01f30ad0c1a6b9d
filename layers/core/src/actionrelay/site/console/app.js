// Where everything meets: who asks, which view the address names, and when it is asked again.

import { ActionsView, ActionView } from "./actions.js";
import { Api, explained } from "./api.js";
import { AttentionView, askAttention } from "./attention.js";
import { DecisionView } from "./bulk_progress.js";
import { Credentials } from "./credentials.js";
import { setting } from "./deployment.js";
import { announce, place, toast } from "./dom.js";
import { DocsView } from "./docs.js";
import { ExecutionView } from "./execution.js";
import { ListView } from "./list.js";
import { OverviewView } from "./overview.js";
import { Poller } from "./polling.js";
import { rememberedScheme, Shell, useScheme } from "./shell.js";
import { signInView } from "./sign_in.js";
import { SubmitView } from "./submit.js";
import { countOn, turnOnTap } from "./times.js";
import { WorkflowView } from "./workflow.js";
import { WorkflowsView } from "./workflows.js";

const ATTENTION_EVERY = 30000;

class App {
  #view = null;
  #shell = null;
  #path = null;
  #needingAt = 0;
  #open = "";

  constructor(root) {
    this.root = root;
    this.host = location.host;
    this.credentials = new Credentials(sessionStorage, setting("auth"));
    this.api = new Api({ base: new URL(".", location.href), way: setting("auth"), region: setting("region"), credentials: this.credentials });
    this.poller = new Poller((state) => this.#follow(state));
    this.memory = {};
    addEventListener("hashchange", () => this.#route());
    turnOnTap(() => this.#shell?.tick());
    setInterval(() => this.#tick(), 1000);
  }

  begin(reason = "") {
    if (this.credentials.current) this.#enter();
    else this.#door(reason);
  }

  // -- What views may ask of it ---------------------------------------------------------------------------------

  /** Goes to another address of this page; `focus` names the control that has the focus there, instead of the heading. */
  go(hash, focus = null) {
    this.focus = focus;
    if (location.hash === hash) this.#route(true);
    else location.hash = hash;
  }

  refresh() {
    this.#needingAt = 0;
    return this.poller.refresh();
  }

  needing(found) {
    if (!this.#shell) return;
    this.#needingAt = Date.now();
    this.#open = found.urgent ? `(${found.urgent}${found.more ? "+" : ""}) ` : "";
    this.#shell?.needing(found);
    this.#entitle();
  }

  stale() {
    return Date.now() - this.#needingAt > ATTENTION_EVERY;
  }

  failed(error) {
    toast(explained(error), "bad");
  }

  // -- In and out -----------------------------------------------------------------------------------------------

  #door(reason) {
    this.poller.stop();
    this.#leave();
    this.#shell = null;
    this.#path = null;
    document.title = "Sign in – actionrelay";
    const door = signInView(this, () => this.#enter(), reason);
    place(this.root, door);
    door.querySelector("input").focus();
  }

  #enter() {
    this.#shell = new Shell({ host: this.host, poller: this.poller, go: (hash) => this.go(hash), signOut: () => this.#signOut() });
    place(this.root, this.#shell.element);
    this.#route(true);
  }

  #signOut(reason = "") {
    this.credentials.forget();
    this.#door(reason);
    announce("Signed out");
  }

  // -- Views ----------------------------------------------------------------------------------------------------

  #route(again = false) {
    const path = location.hash || "#/";
    if (!this.#shell || (path === this.#path && !again)) return;
    const first = this.#path === null;
    this.#path = path;
    this.#leave();
    this.#view = this.#viewOf(path);
    this.#shell.at(path);
    place(this.#shell.main, this.#view.element);
    this.#entitle();
    scrollTo(0, 0);
    this.#focus(first);
    this.poller.start((signal, timed) => this.#load(signal, timed), this.#view.every);
  }

  #leave() {
    this.#view?.leave?.();
    this.#view = null;
  }

  #focus(first) {
    const named = this.focus && this.#shell.main.querySelector(`[data-focus="${CSS.escape(this.focus)}"]`);
    this.focus = null;
    if (named) named.focus({ preventScroll: true });
    else this.#shell.main.querySelector("h1")?.focus({ preventScroll: true });
    if (!first) announce(this.#view.title);
  }

  #viewOf(path) {
    const [, place_, query] = /^#\/?([^?]*)\??(.*)$/.exec(path) ?? [];
    const [kind, id] = (place_ ?? "").split("/");
    if (kind === "executions" && id) return new ExecutionView(this, decoded(id));
    if (kind === "executions") return new ListView(this, new URLSearchParams(query));
    if (kind === "workflows" && id) return new WorkflowView(this, decoded(id));
    if (kind === "workflows") return new WorkflowsView(this, new URLSearchParams(query));
    if (kind === "attention") return new AttentionView(this);
    if (kind === "decisions" && id) return new DecisionView(this, decoded(id));
    if (kind === "actions" && id) return new ActionView(this, decoded(id));
    if (kind === "actions") return new ActionsView(this);
    if (kind === "submit") return new SubmitView(this);
    if (kind === "docs") return new DocsView(this);
    return new OverviewView(this);
  }

  async #load(signal, timed) {
    const view = this.#view;
    await view.load(signal, timed);
    if (signal.aborted) return;
    this.poller.every = view.every;
    this.#entitle();
    if (this.stale()) this.#lookAround(signal);
  }

  /** Counts what needs somebody, beside the view that is open: what comes of it is no matter of that view's. */
  async #lookAround(signal) {
    this.#needingAt = Date.now();
    try {
      this.needing(await askAttention(this.api, signal));
    } catch (error) {
      if (error.expels && this.#shell) this.#signOut(explained(error));
    }
  }

  #entitle() {
    document.title = `${this.#open}${this.#view.title} – actionrelay`;
  }

  #follow(state) {
    if (state.error?.expels && this.#shell) {
      queueMicrotask(() => this.#signOut(explained(state.error)));
      return;
    }
    this.#shell?.tick();
  }

  #tick() {
    countOn();
    this.#shell?.tick();
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

useScheme(rememberedScheme());
new App(document.getElementById("console")).begin();
