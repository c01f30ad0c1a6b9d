// The frame around the views: navigation, a way to any id, how fresh things are, light or dark, and the way out.

import { explained } from "./api.js";
import { repeatsAreSafe, runbook, setting } from "./deployment.js";
import { h, place, show, svg } from "./dom.js";
import { ago, span } from "./formatting.js";
import { executionLink } from "./pieces.js";
import { exact, turnTimes, zoneName } from "./times.js";

const PLACES = [["#/", "Overview"], ["#/executions", "Executions"], ["#/workflows", "Workflows"], ["#/attention", "Attention"], ["#/submit", "Submit"], ["#/docs", "API"]];
const WITH_CATALOGUE = ["#/actions", "Actions"];
const SCHEMES = ["system", "light", "dark"];
const SCHEME = "actionrelay.scheme";
const FRAGMENT = /^[0-9a-f-]{6,35}$/i;

/** The frame; the app puts a view into `main`. */
export class Shell {
  constructor({ host, poller, go, signOut }) {
    this.poller = poller;
    this.main = h("main", { id: "main", tabindex: "-1" });
    this.notice = h("div", { class: "notice" });
    this.fresh = h("span", { class: "fresh-word" });
    this.dot = h("span", { class: "fresh-dot", "aria-hidden": "true" });
    this.pause = h("button", { type: "button", class: "quiet", onclick: () => poller.pause(!poller.state.paused) });
    const places = repeatsAreSafe() ? PLACES : PLACES.toSpliced(4, 0, WITH_CATALOGUE);
    this.links = new Map(places.map(([href, label]) => [href, h("a", { href }, label)]));
    this.badge = h("span", { class: "count", hidden: true });
    this.links.get("#/attention").append(" ", this.badge);
    this.element = h("div", { class: "frame" },
      h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); this.main.focus(); } }, "Skip to the content"),
      h("header", { class: "top" },
        h("div", { class: "brand" }, mark(), h("span", { class: "brand-name" }, "actionrelay"), h("span", { class: "brand-host hint", title: host }, host)),
        h("nav", { "aria-label": "Main" }, h("ul", {}, [...this.links].map(([href, link]) => h("li", { class: href === "#/docs" ? "roomy" : null }, link)))),
        finder(go),
        h("div", { class: "fresh" }, this.dot, this.fresh, this.pause,
          h("button", { type: "button", class: "quiet", "aria-label": "Refresh now", title: "Refresh now", onclick: () => poller.refresh() }, sign("M13 8a5 5 0 1 1-1.6-3.7M13 2.2v3h-3"))),
        h("div", { class: "tools" },
          schemeButton(),
          h("button", { type: "button", class: "quiet", onclick: signOut, title: "Forget the credentials" }, "Sign out"))),
      this.notice, this.main, this.#foot());
  }

  /** Whose clock the times are of, a way to see them exactly, and where more is written. */
  #foot() {
    this.zone = h("span", {});
    this.turn = h("button", { type: "button", class: "quiet", onclick: () => { turnTimes(); this.tick(); } });
    return h("footer", { class: "foot" }, h("p", {}, this.zone, " ", this.turn),
      h("p", {}, h("a", { href: "#/docs" }, "The API"), setting("runbook") ? [" · ", runbook("all alarms", "alarms")] : null));
  }

  at(path) {
    for (const [href, link] of this.links) {
      const here = href === "#/" ? path === "#/" : path.startsWith(href);
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  needing({ urgent, more }) {
    this.badge.hidden = !urgent;
    place(this.badge, `${urgent}${more ? "+" : ""}`, h("span", { class: "unseen" }, " open"));
  }

  /** Says how fresh the page is; called every second. */
  tick() {
    const turned = exact() ? "Show how long ago" : "Show exact times";
    if (this.turn.textContent !== turned) this.turn.textContent = turned;
    const said = zoneName() === "UTC" ? "Times and days are in UTC." : `Times are in ${zoneName()}; days of the counts are UTC's.`;
    if (this.zone.textContent !== said) this.zone.textContent = said;
    const { updatedAt, error, paused, nextAt, loading } = this.poller.state;
    const age = updatedAt ? `Updated ${ago(updatedAt)}` : loading ? "Loading…" : "Not loaded";
    this.fresh.textContent = paused ? `Paused. ${age}` : age;
    this.dot.className = `fresh-dot ${error ? "bad" : paused ? "paused" : "live"}`;
    show(this.pause, paused, () => [sign(paused ? "M5 3.5 12.5 8 5 12.5z" : "M5.5 4v8M10.5 4v8")]);
    const label = paused ? "Go on updating" : "Pause updating";
    this.pause.setAttribute("aria-label", label);
    this.pause.title = label;
    const wait = error && nextAt ? ` Trying again in ${span(Math.max(0, Math.ceil((nextAt - Date.now()) / 1000)) * 1000)}.` : "";
    show(this.notice, error ? { said: explained(error), kept: Boolean(updatedAt) } : null, (fault) => (fault
      ? h("p", { class: "note tone-bad", role: "alert" }, fault.said, fault.kept ? " What is shown is from before." : "", h("span", { class: "retry-in", "aria-hidden": "true" }))
      : null));
    const counting = this.notice.querySelector(".retry-in");
    if (counting && counting.textContent !== wait) counting.textContent = wait;
  }
}

function mark() {
  return svg("svg", { viewBox: "0 0 32 32", class: "logo", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8 }), svg("path", { d: "M7 16h9m0 0-4-4.5M16 16l-4 4.5M20 9.5l6 6.5-6 6.5" }));
}

function sign(path) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: path }));
}

function finder(go) {
  const input = h("input", { type: "search", id: "find", placeholder: "Execution id, or part of it", autocomplete: "off", spellcheck: "false" });
  return h("form", { class: "finder", role: "search", "aria-label": "Open an execution", onsubmit: (event) => {
    event.preventDefault();
    const id = input.value.trim();
    if (!id) return;
    input.value = "";
    // A whole id opens its execution; a part of one, at least six characters, lists what has it.
    go(FRAGMENT.test(id) ? `#/executions?id=${encodeURIComponent(id.toLowerCase())}` : executionLink(id));
  } }, h("label", { class: "unseen", for: "find" }, "Open an execution by its id"), input);
}

/** Takes the reader's choice of light or dark from the last time. */
export function rememberedScheme() {
  const kept = localStorage.getItem(SCHEME);
  return SCHEMES.includes(kept) ? kept : "system";
}

export function useScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  localStorage.setItem(SCHEME, scheme);
}

function schemeButton() {
  const signs = { system: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 1 1 0 12", light: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3", dark: "M13.2 9.6A5.6 5.6 0 1 1 6.4 2.8a4.6 4.6 0 0 0 6.8 6.8z" };
  const button = h("button", { type: "button", class: "quiet", onclick: () => {
    useScheme(SCHEMES[(SCHEMES.indexOf(rememberedScheme()) + 1) % SCHEMES.length]);
    draw();
  } });
  function draw() {
    const scheme = rememberedScheme();
    place(button, sign(signs[scheme]));
    button.setAttribute("aria-label", `Colours: ${scheme}. Change`);
    button.title = `Colours: ${scheme}`;
  }
  draw();
  return button;
}
