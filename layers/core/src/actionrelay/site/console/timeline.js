// One execution's time, drawn to scale: lanes of spans that can be reached and read one by one.

import { h, svg, place, show } from "./dom.js";
import { moment, span } from "./formatting.js";
import { LANES, history, needsCompressing, scaleOf } from "./spans.js";

const LABEL_WIDTH = 96;

/** The timeline of one execution. `update` redraws it where something changed; the reader's choices stay. */
export class Timeline {
  #compressed = null;
  #chosen = null;
  #data = null;

  constructor() {
    this.plot = h("div", { class: "lanes" });
    this.details = h("p", { class: "span-details" });
    this.note = h("p", { class: "hint" });
    this.scales = h("fieldset", { class: "segmented" }, h("legend", { class: "unseen" }, "Scale"));
    new ResizeObserver(() => this.#draw()).observe(this.plot);
    this.element = h("div", { class: "timeline" }, h("div", { class: "timeline-head" }, this.note, this.scales), this.plot, this.details);
  }

  update(execution, entries, now) {
    this.#data = history(execution, entries, now);
    this.#draw();
  }

  #draw() {
    const data = this.#data;
    if (!data) return;
    const advised = needsCompressing(data);
    const compressed = this.#compressed ?? advised;
    show(this.scales, { compressed }, () => [h("legend", { class: "unseen" }, "Scale"),
      this.#choice("In proportion", false, compressed), this.#choice("Compressed", true, compressed)]);
    place(this.note, compressed
      ? "Compressed: what is hatched took longer than it looks. The numbers are exact."
      : "Drawn in proportion.");
    const scale = scaleOf(data, compressed);
    const room = LABEL_WIDTH / Math.max(this.axisWidth, LABEL_WIDTH);
    show(this.plot, { data, compressed, room: Math.ceil(room * 50) }, () => this.#lanes(data, scale, compressed, room));
    this.#describe();
  }

  #choice(label, value, current) {
    return h("label", {}, h("input", {
      type: "radio", name: "scale", "data-focus": `scale-${value}`, checked: value === current,
      onchange: () => { this.#compressed = value; this.#draw(); },
    }), h("span", {}, label));
  }

  get axisWidth() {
    return this.plot.querySelector(".axis")?.clientWidth || this.plot.clientWidth;
  }

  #lanes(data, scale, compressed, room) {
    const used = LANES.filter(({ lane }) => data.spans.some((each) => each.lane === lane));
    return [
      axis(scale, compressed, room),
      h("ul", { class: "moments", "aria-label": "Events" }, data.moments.map((each) => h("li", {
        class: `moment tone-${each.tone}`, css: { left: percent(scale.at(each.at)) }, title: `${each.label}, ${moment(new Date(each.at))}`,
      }, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("path", { d: "M5 .5 9.5 5 5 9.5.5 5z" })),
      h("span", { class: "unseen" }, `${each.label}, ${span(each.at - scale.start)} after the start`)))),
      used.map(({ lane, label }) => h("section", { class: "lane", "aria-label": label },
        h("h4", {}, label),
        h("ul", {}, data.spans.filter((each) => each.lane === lane).map((each) => this.#span(each, scale, compressed))))),
    ];
  }

  #span(each, scale, compressed) {
    const from = scale.at(each.from);
    const width = scale.at(each.to) - from;
    const fair = (each.to - each.from) / (scale.end - scale.start || 1);
    const squeezed = compressed && width < fair * 0.8;
    const name = `${each.lane}-${each.from}`;
    return h("li", { css: { left: percent(from), width: `max(4px, ${percent(width)})` } }, h("button", {
      type: "button", "data-focus": name, "aria-label": sentence(each, scale.start), title: sentence(each, scale.start),
      class: `span kind-${each.kind} tone-${each.tone}${each.open ? " open" : ""}${squeezed ? " squeezed" : ""}`,
      onfocus: () => this.#choose(name), onmouseenter: () => this.#choose(name), onclick: () => this.#choose(name),
    }, h("span", { class: "span-label", "aria-hidden": "true" }, span(each.to - each.from))));
  }

  #choose(name) {
    this.#chosen = name;
    this.#describe();
  }

  #describe() {
    const { spans } = this.#data;
    const start = Math.min(...spans.map((each) => each.from));
    const chosen = spans.find((each) => `${each.lane}-${each.from}` === this.#chosen);
    const said = chosen ? sentence(chosen, start) : "Point at a bar, or reach it with Tab, for its numbers.";
    if (this.details.textContent !== said) this.details.textContent = said;
    this.details.classList.toggle("hint", !chosen);
  }
}


function sentence(each, start) {
  const facts = [
    `${each.label}: ${span(each.to - each.from)}${each.open ? " so far" : ""}`,
    `from +${span(each.from - start)}${each.open ? "" : ` to +${span(each.to - start)}`}`,
    each.ended, each.code, each.limit && `limit ${each.limit}`, each.correlationId && `correlation ${each.correlationId}`,
  ];
  return facts.filter(Boolean).join(" · ");
}

function axis(scale, compressed, room) {
  const ticks = [];
  let last = -1;
  const candidates = compressed ? scale.edges.map((edge) => [edge, scale.at(edge)]) : proportional(scale);
  for (const [time, share] of candidates) {
    if ((share - last < room && last >= 0) || share > 1 - room * 1.6) continue;
    last = share;
    ticks.push(h("span", { class: "tick", css: { left: percent(share) } }, time === scale.start ? "0" : `+${span(time - scale.start)}`));
  }
  ticks.push(h("span", { class: "tick last", css: { left: "100%" } }, `+${span(scale.end - scale.start)}`));
  return h("div", { class: "axis", "aria-hidden": "true" }, compressed ? squeezes(scale) : null, ticks);
}

/** Stretches that are drawn much shorter than in proportion, marked on the axis. */
function squeezes({ start, end, edges, at }) {
  return edges.slice(1).map((edge, before) => [edges[before], edge])
    .filter(([from, to]) => at(to) - at(from) < ((to - from) / (end - start || 1)) * 0.8)
    .map(([from, to]) => h("span", { class: "squeeze", css: { left: percent(at(from)), width: percent(at(to) - at(from)) } }));
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000,
  900000, 1800000, 3600000, 7200000, 14400000, 28800000, 43200000, 86400000, 172800000, 604800000];

function proportional({ start, end }) {
  const whole = end - start;
  const step = STEPS.find((each) => whole / each <= 7) ?? whole;
  const ticks = [];
  for (let at = 0; at <= whole && whole > 0; at += step) ticks.push([start + at, at / whole]);
  return ticks;
}

function percent(share) {
  return `${(share * 100).toFixed(3)}%`;
}
