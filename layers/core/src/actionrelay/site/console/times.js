// Times that stay true while they are looked at: how long ago, how long still, and exactly, in a zone that has a name.

import { h } from "./dom.js";
import { ago, ahead, exactly } from "./formatting.js";

const KEPT_TIMES = "actionrelay.times";

/** A time as "3 s ago"; a tap on it, or the button at the foot of the page, gives the moment. */
export function when(iso) {
  return h("time", { datetime: iso, "data-ago": iso, title: titleOf(iso) }, said("ago", iso));
}

/** A time that is still to come, as "in 42 s". */
export function until(iso) {
  return h("time", { datetime: iso, "data-until": iso, class: "until", title: titleOf(iso) }, said("until", iso));
}

/** Lets every shown time be true again. */
export function countOn() {
  for (const each of document.querySelectorAll("time[data-ago], time[data-until]")) {
    const { ago: past, until: future } = each.dataset;
    const text = past === undefined ? said("until", future) : said("ago", past);
    if (each.textContent !== text) each.textContent = text;
  }
}

/** Whether times are shown exactly. */
export function exact() {
  return localStorage.getItem(KEPT_TIMES) === "exact";
}

/** Shows every time the other way. */
export function turnTimes() {
  localStorage.setItem(KEPT_TIMES, exact() ? "relative" : "exact");
  countOn();
}

/** A tap on any time turns them all: on a screen without a pointer nothing else shows the moment. */
export function turnOnTap(turned) {
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("time[data-ago], time[data-until]")) return;
    event.preventDefault();
    event.stopPropagation();
    turnTimes();
    turned();
  }, true);
}

/** "Europe/Berlin, UTC+1": whose clock the times are of. */
export function zoneName(now = new Date()) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const minutes = -now.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const distance = minutes ? `UTC${minutes < 0 ? "−" : "+"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}` : "UTC";
  return timeZone === distance ? distance : `${timeZone}, ${distance}`;
}

function said(kind, iso) {
  if (exact()) return exactly(iso);
  return kind === "ago" ? ago(iso) : ahead(iso);
}

function titleOf(iso) {
  return `${exactly(iso)} (${iso})`;
}
