// States as a shape, a word and a colour: each of the three is enough by itself.

import { h, svg } from "./dom.js";

const SHAPES = {
  queued: ["circle", "M8 5.2V8l2 1.4"],
  running: ["circle", "M6.7 5.4 10.6 8l-3.9 2.6z"],
  awaiting_webhook: ["dashed", "M5 8h6M8.6 5.6 11 8l-2.4 2.4"],
  completed: ["disc", "m5.2 8.2 2 2 3.7-4.1"],
  failed: ["octagon", "m5.9 5.9 4.2 4.2m0-4.2-4.2 4.2"],
  unknown: ["diamond", "M6.4 6.6a1.6 1.6 0 1 1 2.4 1.5c-.5.3-.8.5-.8 1M8 10.7v.1"],
  cancelled: ["circle", "m4.6 11.4 6.8-6.8"],
  delivered: ["disc", "m5.2 8.2 2 2 3.7-4.1"],
  pending: ["dashed", "M8 5.2V8l2 1.4"],
  none: ["circle", "M5.5 8h5"],
  waiting: ["dashed", "M5.5 8h5"],
  skipped: ["circle", "M5.4 5.4 8 8l-2.6 2.6M8.4 5.4 11 8l-2.6 2.6"],
  blocked: ["diamond", "M6.6 6v4M9.4 6v4"],
};
const OUTLINES = {
  circle: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  dashed: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  disc: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  octagon: "M5.4 1.9h5.2l3.5 3.5v5.2l-3.5 3.5H5.4l-3.5-3.5V5.4z",
  diamond: "M8 .9 15.1 8 8 15.1.9 8z",
};
const WORDS = { awaiting_webhook: "awaiting webhook" };
const TONES = {
  completed: "good", delivered: "good", failed: "bad", unknown: "doubt", running: "busy", awaiting_webhook: "wait",
  blocked: "doubt", pending: "wait",
};

/** Every status, in the order in which people look for them. */
export const STATUSES = ["queued", "running", "awaiting_webhook", "completed", "failed", "unknown", "cancelled"];
export const ENDED = new Set(["completed", "failed", "unknown", "cancelled"]);

export function word(status) {
  return WORDS[status] ?? String(status);
}

export function tone(status) {
  return TONES[status] ?? "calm";
}

/** The shape of a status. */
export function shape(status) {
  const [outline, sign] = SHAPES[status] ?? SHAPES.none;
  return svg("svg", { viewBox: "0 0 16 16", class: `shape ${outline} tone-${tone(status)}`, "aria-hidden": "true" },
    svg("path", { class: "outline", d: OUTLINES[outline] }), svg("path", { class: "sign", d: sign }));
}

/** Shape and word. */
export function badge(status, prefix = "") {
  return h("span", { class: `badge tone-${tone(status)}` }, shape(status), `${prefix}${word(status)}`);
}
