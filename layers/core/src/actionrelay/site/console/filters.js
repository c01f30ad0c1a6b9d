// The filters of the list: how an address writes them, what the API is asked for, and what is wrong with them.

import { STATUSES } from "./status.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?(Z|[+-]\d\d:\d\d)?$/;
const PART_OF_ID = /^[0-9a-f-]{6,36}$/;
const DELIVERIES = ["failed", "pending"];

/** Those that are moments. */
export const TIMES = ["from", "to"];
/** Those that are one text each. */
export const PLAIN_FILTERS = ["errorCode", "actionId", "id", "traceId"];

/** The filters of an address. */
export function readFilters(query) {
  const one = (name) => query.get(name) ?? "";
  const several = (name, known) => one(name).split(",").filter((each) => known.includes(each));
  return { status: several("status", STATUSES), webhookStatus: several("webhookStatus", DELIVERIES), errorCode: one("errorCode"), actionId: one("actionId"),
    id: one("id").toLowerCase(), traceId: one("traceId"), from: utc(one("from")), to: utc(one("to")) };
}

/** What an address asks for and nobody can understand. */
export function unreadable(query) {
  const listed = (name, known) => (query.get(name) ?? "").split(",").map((value) => ({ name, value, known: known.includes(value) }));
  const given = [...listed("status", STATUSES), ...listed("webhookStatus", DELIVERIES),
    ...TIMES.map((name) => ({ name, value: query.get(name) ?? "", known: utc(query.get(name)) !== "" }))];
  return given.filter(({ value, known }) => value && !known);
}

/** What filters contradict, as [{name, detail}]. */
export function contradictions({ from, to, id }) {
  const found = [];
  if (from && to && from >= to) found.push({ name: "to", detail: "Nothing is accepted before it began: this has to be later than “Accepted from”." });
  if (id && !PART_OF_ID.test(id)) found.push({ name: "id", detail: "At least 6 characters of an id in a row: 0–9, a–f and -." });
  return found;
}

/** The filters as the API takes them; what is not set is left out. */
export function askedOf({ status, webhookStatus, traceId, ...others }) {
  const given = { status: status.join(","), webhookStatus: webhookStatus.join(","), traceId: UUID.test(traceId) ? traceId.toLowerCase() : traceId, ...others };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** The address of a list. */
export function listAddress(asked) {
  const text = new URLSearchParams(asked).toString();
  return `#/executions${text ? `?${text}` : ""}`;
}

/** Filters in words: "failed, error http_503, accepted from 27 Nov, 20:00:00". */
export function inWordsOf(asked, moment) {
  const said = { status: (value) => value.replaceAll(",", " or ").replaceAll("_", " "), webhookStatus: (value) => `webhook ${value.replaceAll(",", " or ")}`,
    errorCode: (value) => `error ${value}`, actionId: (value) => `action ${value}`, id: (value) => `id with ${value}`, traceId: (value) => `trace ${value}`,
    from: (value) => `accepted from ${moment(value)}`, to: (value) => `accepted before ${moment(value)}` };
  return Object.entries(asked).map(([name, value]) => (said[name] ?? ((given) => `${name} ${given}`))(value)).join(", ");
}

/** A moment of an address in UTC, which a time without a zone is in, as with the API; empty where it is none. */
function utc(text) {
  const [found, date, time, zone] = MOMENT.exec(text ?? "") ?? [];
  const at = new Date(found ? `${date}${time ?? "T00:00"}${zone ?? "Z"}` : "");
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
