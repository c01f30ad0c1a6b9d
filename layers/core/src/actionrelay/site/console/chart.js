// Latency and volume by hour: lines on a logarithmic scale, bars below, and one hour at a time in words.

import { h, svg, show } from "./dom.js";
import { count, day, hour, roughly, share, span } from "./formatting.js";

const HOUR = 3600000;
const EXTENTS = [6, 12, 24, 48];
const LINES = ["p50", "p95", "p99"];
const TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 60000, 300000, 900000, 3600000, 14400000, 86400000];
const HEIGHT = 268;
const AREA = { top: 14, latency: 168, volume: 206, bottom: 246, left: 54, right: 40 };

/** How many hours to draw: as many as fit what there is, so that a deployment of an hour is no sliver at the edge. */
export function hoursToDraw(hours, now) {
  const first = Math.min(...hours.map((each) => Date.parse(each.hour)));
  const since = Math.floor(now / HOUR) - Math.floor(first / HOUR) + 1;
  return EXTENTS.find((each) => since <= each) ?? EXTENTS.at(-1);
}

/** The chart of the last hours, 48 at most; `extent` is called with how many it shows, in words. */
export class LatencyChart {
  #slots = [];
  #chosen = null;
  #width = 0;
  #hours = EXTENTS.at(-1);

  constructor(extent) {
    this.extent = extent;
    this.readout = h("dl", { class: "readout" });
    this.drawing = h("div", { class: "drawing" });
    this.pointer = h("div", {
      class: "pointer", role: "slider", tabindex: "0", "aria-label": "Hour", "data-focus": "chart",
      "aria-valuemin": "1", "aria-orientation": "horizontal",
      onkeydown: (event) => this.#key(event), onpointermove: (event) => this.#point(event),
      onpointerdown: (event) => this.#point(event), onpointerleave: () => this.#choose(null), onblur: () => this.#choose(null),
    });
    this.table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The hours as a table" });
    this.element = h("div", { class: "chart" }, this.readout, h("div", { class: "plot" }, this.drawing, this.pointer),
      legend(), h("details", {}, h("summary", {}, "The same as a table"), this.table));
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width && width !== this.#width) {
        this.#width = width;
        this.#draw();
      }
    }).observe(this.drawing);
  }

  update(hours, now) {
    const known = new Map(hours.map((each) => [Date.parse(each.hour), each]));
    const last = Math.floor(now / HOUR) * HOUR;
    this.#hours = hours.length ? hoursToDraw(hours, now) : EXTENTS.at(-1);
    this.#slots = Array.from({ length: this.#hours }, (_, at) => {
      const start = last - (this.#hours - 1 - at) * HOUR;
      return { start, ...known.get(start) };
    });
    this.#chosen = this.#chosen === null ? null : Math.min(this.#chosen, this.#hours - 1);
    this.extent(`last ${this.#hours} hours`);
    this.pointer.setAttribute("aria-valuemax", String(this.#hours));
    this.pointer.setAttribute("aria-label", `Hour, of the last ${this.#hours}`);
    this.#draw();
    show(this.table, this.#slots, () => hoursTable(this.#slots));
  }

  #draw() {
    if (!this.#slots.length || !this.#width) return;
    show(this.drawing, { slots: this.#slots, width: this.#width }, () => drawn(this.#slots, this.#width));
    this.#describe();
  }

  #choose(at) {
    this.#chosen = at;
    this.#describe();
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -6, PageUp: 6, Home: -this.#hours, End: this.#hours };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const from = this.#chosen ?? this.#hours - 1;
    this.#choose(Math.min(this.#hours - 1, Math.max(0, from + steps[event.key])));
  }

  #point(event) {
    const box = this.pointer.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left - AREA.left) / (box.width - AREA.left - AREA.right)) * this.#hours);
    this.#choose(Math.min(this.#hours - 1, Math.max(0, at)));
  }

  #describe() {
    const slots = this.#slots;
    if (!slots.length) return;
    const at = this.#chosen ?? slots.length - 1;
    const slot = slots[at];
    this.pointer.setAttribute("aria-valuenow", String(at + 1));
    this.pointer.setAttribute("aria-valuetext", inWords(slot));
    const mark = this.drawing.querySelector(".mark");
    if (mark) {
      const { x } = places(this.#width, slots.length);
      mark.setAttribute("x", x(at));
      mark.setAttribute("width", x(1) - x(0));
      mark.classList.toggle("on", this.#chosen !== null);
    }
    const latency = slot.latencyMs ?? {};
    show(this.readout, { slot, chosen: this.#chosen !== null }, () => [
      fact(this.#chosen === null ? "this hour" : day(slot.start), period(slot), "when"),
      ...LINES.map((line) => fact(line, roughly(latency[line]), line)),
      fact("accepted", count(slot.totalExecutions ?? 0)),
      fact("failed", count(slot.failedExecutions ?? 0), slot.failedExecutions ? "tone-bad" : ""),
      fact("unknown", count(slot.unknownExecutions ?? 0), slot.unknownExecutions ? "tone-doubt" : ""),
    ]);
  }
}

function fact(name, value, kind = "") {
  return h("div", { class: kind }, h("dt", {}, name), h("dd", {}, value));
}

function period(slot) {
  return `${hour(slot.start)}–${hour(slot.start + HOUR)}`;
}

function inWords(slot) {
  const latency = slot.latencyMs ?? {};
  return `${day(slot.start)}, ${period(slot)}: ${count(slot.totalExecutions ?? 0)} accepted, `
    + LINES.map((line) => `${line} ${latency[line] === null || latency[line] === undefined ? "none" : `about ${span(latency[line])}`}`).join(", ")
    + `, ${count(slot.failedExecutions ?? 0)} failed, ${count(slot.unknownExecutions ?? 0)} unknown`;
}

function legend() {
  const sample = (line) => h("li", {}, svg("svg", { viewBox: "0 0 24 8", class: "sample", "aria-hidden": "true" },
    svg("path", { class: `line ${line}`, d: "M0 4h24" })), line);
  const block = (kind, label) => h("li", {}, svg("svg", { viewBox: "0 0 10 10", class: "swatch", "aria-hidden": "true" },
    svg("rect", { class: kind, width: "10", height: "10", rx: "2" })), label);
  return h("ul", { class: "legend", "aria-label": "Legend" }, LINES.map(sample),
    block("bar", "accepted"), block("bar-bad", "failed or unknown"),
    h("li", { class: "hint" }, "latency on a logarithmic scale, within 5 %"));
}

function places(width, hours) {
  const inner = width - AREA.left - AREA.right;
  return { x: (at) => AREA.left + (inner * at) / hours, inner };
}

function drawn(slots, width) {
  const { x } = places(width, slots.length);
  const step = x(1) - x(0);
  const known = slots.flatMap((slot) => LINES.map((line) => slot.latencyMs?.[line])).filter((each) => each > 0);
  const low = TICKS.findLast((tick) => tick <= Math.min(...known)) ?? TICKS[0];
  const high = TICKS.find((tick) => tick >= Math.max(...known, low * 10)) ?? TICKS.at(-1);
  const y = (ms) => AREA.latency - ((Math.log(Math.max(ms, low)) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (AREA.latency - AREA.top);
  const most = Math.max(1, ...slots.map((slot) => slot.totalExecutions ?? 0));
  const tall = (number) => (number / most) * (AREA.bottom - AREA.volume);
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high);
  return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img",
    "aria-label": `Latency and volume for each of the last ${slots.length} hours. The slider describes one hour at a time, the table all.` },
  svg("rect", { class: "mark", x: 0, y: AREA.top - 8, width: 0, height: AREA.bottom - AREA.top + 8, rx: 2 }),
  known.length ? (ticks.length > 6 ? ticks.filter((_, at) => at % 2 === 0) : ticks).map((tick) => [
    svg("line", { class: "grid", x1: AREA.left, x2: width - AREA.right, y1: y(tick), y2: y(tick) }),
    svg("text", { class: "label end", x: AREA.left - 8, y: y(tick) + 4 }, span(tick)),
  ]) : svg("text", { class: "label middle", x: width / 2, y: (AREA.top + AREA.latency) / 2 }, `Nothing has completed or failed in these ${slots.length} hours`),
  svg("line", { class: "grid base", x1: AREA.left, x2: width - AREA.right, y1: AREA.bottom, y2: AREA.bottom }),
  svg("text", { class: "label end", x: AREA.left - 8, y: AREA.volume + 4 }, count(most)),
  slots.map((slot, at) => {
    const all = tall(slot.totalExecutions ?? 0);
    const bad = tall((slot.failedExecutions ?? 0) + (slot.unknownExecutions ?? 0));
    const edge = Math.min(2, step * 0.15);
    return [
      all ? svg("rect", { class: "bar", x: x(at) + edge, width: step - 2 * edge, y: AREA.bottom - Math.max(all, 1), height: Math.max(all, 1) }) : null,
      bad ? svg("rect", { class: "bar-bad", x: x(at) + edge, width: step - 2 * edge, y: AREA.bottom - Math.max(bad, 2), height: Math.max(bad, 2) }) : null,
    ];
  }),
  LINES.map((line) => linePath(slots, line, (at) => x(at) + step / 2, y)),
  endLabels(slots, y, width),
  slots.map((slot, at) => hourLabel(slot, at, x, width, slots.length)));
}

function linePath(slots, line, x, y) {
  const runs = [[]];
  slots.forEach((slot, at) => {
    const value = slot.latencyMs?.[line];
    if (value === null || value === undefined) runs.push([]);
    else runs.at(-1).push([x(at), y(value)]);
  });
  return runs.filter((run) => run.length).map((run) => (run.length === 1
    ? svg("circle", { class: `dot ${line}`, cx: run[0][0], cy: run[0][1], r: 2 })
    : svg("path", { class: `line ${line}`, d: `M${run.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L")}` })));
}

function endLabels(slots, y, width) {
  const last = slots.findLast((slot) => slot.latencyMs?.p50 !== null && slot.latencyMs?.p50 !== undefined);
  if (!last) return [];
  let floor = Infinity;
  return LINES.map((line) => [line, y(last.latencyMs[line])]).map(([line, at]) => {
    const placed = Math.min(at, floor - 12);
    floor = placed;
    return svg("text", { class: `label ${line}`, x: width - AREA.right + 6, y: placed + 4 }, line);
  });
}

function hourLabel(slot, at, x, width, hours) {
  const every = hours <= 12 ? (width < 560 ? 3 : 1) : hours <= 24 ? (width < 560 ? 6 : 3) : width < 560 ? 12 : 6;
  const local = new Date(slot.start).getHours();
  if (local % every) return null;
  return svg("text", { class: local === 0 ? "label middle strong" : "label middle", x: x(at), y: HEIGHT - 5 },
    local === 0 ? day(slot.start).split(" ").slice(1).join(" ") : hour(slot.start));
}

function hoursTable(slots) {
  const heads = ["Hour", "p50", "p95", "p99", "Accepted", "Completed", "Failed", "Unknown", "Success"];
  return h("table", { class: "numbers" }, h("caption", { class: "unseen" }, "Latency and volume by hour, newest first"),
    h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, [...slots].reverse().map((slot) => h("tr", {},
      h("th", { scope: "row" }, `${day(slot.start)}, ${hour(slot.start)}`),
      LINES.map((line) => h("td", {}, roughly(slot.latencyMs?.[line]))),
      [slot.totalExecutions, slot.successfulExecutions, slot.failedExecutions, slot.unknownExecutions].map((number) => h("td", {}, count(number ?? 0))),
      h("td", {}, share(slot.successRate))))));
}
