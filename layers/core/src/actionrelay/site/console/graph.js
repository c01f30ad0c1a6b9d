// A workflow as a graph: waves from left to right, lines from what a step depends on, the critical path marked. On narrow
// screens, and for who listens, it is the list that it is made of.

import { h, svg } from "./dom.js";
import { span } from "./formatting.js";
import { executionLink } from "./pieces.js";
import { badge } from "./status.js";

// In rem, so that it grows with the text.
const WIDE = 15;
const HIGH = 6;
const APART = 4;
const BELOW = 1.6;

/** The graph of `steps`, by name, as `GET /workflows/{workflowId}` has them. */
export function workflowGraph(steps) {
  const waves = wavesOf(steps);
  const critical = criticalOf(steps, waves);
  const tallest = Math.max(...waves.map((wave) => wave.length));
  const at = new Map();
  waves.forEach((wave, column) => wave.forEach((name, row) => {
    const down = ((tallest - wave.length) / 2 + row) * (HIGH + BELOW);
    at.set(name, { x: column * (WIDE + APART), y: down });
  }));
  const width = waves.length * (WIDE + APART) - APART;
  const height = tallest * (HIGH + BELOW) - BELOW;
  const lines = Object.entries(steps).flatMap(([name, step]) => step.dependsOn.map((needed) => line(at.get(needed), at.get(name), critical.has(name) && critical.has(needed))));
  return h("div", { class: "scroll graph-scroll", tabindex: "0", role: "region", "aria-label": "Graph of the steps" },
    h("div", { class: "graph", css: { "--width": `${width}rem`, "--height": `${height}rem` } },
      svg("svg", { class: "graph-lines", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, lines),
      h("ol", { class: "graph-steps" }, waves.flat().map((name) => node(name, steps[name], at.get(name), critical.has(name))))));
}

/** Steps by wave: each one wave after the last of what it depends on. What is not there counts as nothing. */
export function wavesOf(steps) {
  const depth = new Map();
  const depthOf = (name) => {
    if (!depth.has(name)) depth.set(name, 1 + Math.max(-1, ...steps[name].dependsOn.filter((each) => each in steps).map(depthOf)));
    return depth.get(name);
  };
  const waves = [];
  for (const name of Object.keys(steps)) (waves[depthOf(name)] ??= []).push(name);
  return waves;
}

/** The names on the longest chain of steps that have ended. */
function criticalOf(steps, waves) {
  const took = new Map();
  let last = null;
  for (const name of waves.flat()) {
    const before = steps[name].dependsOn.filter((each) => took.has(each)).sort((one, other) => took.get(other).sum - took.get(one).sum)[0] ?? null;
    took.set(name, { sum: (steps[name].latencyMs ?? 0) + (before ? took.get(before).sum : 0), before });
    if (steps[name].latencyMs !== null && (last === null || took.get(name).sum > took.get(last).sum)) last = name;
  }
  const found = new Set();
  for (let name = last; name; name = took.get(name).before) found.add(name);
  return found;
}

function line(from, to, isCritical) {
  const [x1, y1, x2, y2] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
  const bend = APART / 2;
  return svg("path", { class: isCritical ? "critical" : null, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
}

function node(name, step, { x, y }, isCritical) {
  const why = waitingSaid(step);
  const kind = `graph-step${step.items ? " stacked" : ""}${isCritical ? " critical" : ""}`;
  const title = step.executionId
    ? h("a", { href: executionLink(step.executionId), class: "whole", "data-focus": `step-${name}` }, name)
    : h("span", { class: "graph-name" }, name);
  return h("li", { class: kind, title: why || name, css: { "--x": `${x}rem`, "--y": `${y}rem` } },
    h("div", { class: "graph-head" }, title, isCritical ? h("span", { class: "unseen" }, " (on the critical path)") : null),
    h("div", {}, badge(step.status), " ", step.latencyMs === null ? null : h("span", { class: "hint" }, span(step.latencyMs))),
    why ? h("p", { class: "hint graph-why" }, why) : null,
    step.dependsOn.length ? h("p", { class: "hint graph-after" }, `after ${step.dependsOn.join(", ")}`) : null);
}

/** Why a step waits, or how far its items are. */
function waitingSaid(step) {
  if (step.waitingFor?.length) return `waits for ${step.waitingFor.join(", ")}`;
  if (step.error) return step.error.code;
  if (!step.items) return "";
  const counts = new Map();
  for (const { status } of step.items) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, number]) => `${number} ${status.replaceAll("_", " ")}`).join(", ") || "no items";
}
