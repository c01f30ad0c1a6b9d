// Numbers, spans and moments as people read them. Spans are in ms; a value that is not there is a dash.

const NONE = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 1204 → "1,204", 1204000 → "1.2M". */
export function count(number) {
  if (number === null || number === undefined) return NONE;
  return number < 100000 ? whole.format(number) : short.format(number);
}

/** 0.9842 → "98.4 %". What is not all is never rounded up to all. */
export function share(fraction) {
  if (fraction === null || fraction === undefined) return NONE;
  const percent = fraction * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  const digits = percent >= 99 || percent < 1 ? 2 : 1;
  const scale = 10 ** digits;
  const cut = percent > 50 ? Math.floor(percent * scale) / scale : Math.ceil(percent * scale) / scale;
  return `${cut.toFixed(digits)} %`;
}

/** 812 → "812 ms", 3200 → "3.2 s", 75000 → "1 min 15 s", 90061000 → "1 d 1 h". */
export function span(ms) {
  if (ms === null || ms === undefined) return NONE;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds < 9.995 ? trimmed(seconds, 2) : trimmed(seconds, 1)} s`;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.round(seconds);
  const first = units.findIndex(([, size]) => rest >= size);
  const said = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    const times = Math.floor(rest / size);
    rest -= times * size;
    if (times) said.push(`${times} ${name}`);
  }
  return said.join(" ");
}

function trimmed(number, digits) {
  return number.toFixed(digits).replace(/\.?0+$/, "");
}

/** 812000 → "793 KB". */
export function bytes(size) {
  if (size === null || size === undefined) return NONE;
  if (size < 1024) return `${size} B`;
  return size < 1048576 ? `${trimmed(size / 1024, 1)} KB` : `${trimmed(size / 1048576, 1)} MB`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const hourOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

/** The moment by this machine's clock: the time alone for today, else with its day. */
export function moment(iso, now = Date.now()) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return NONE;
  const today = new Date(now).toDateString() === at.toDateString();
  return today ? clock.format(at) : `${dayOfYear.format(at)}, ${clock.format(at)}`;
}

/** "14:00", by this machine's clock. */
export function hour(at) {
  return hourOfDay.format(new Date(at));
}

/** "Tue 24 Nov", by this machine's clock. */
export function day(at) {
  return weekday.format(new Date(at));
}

/** "3 s ago". */
export function ago(iso, now = Date.now()) {
  const passed = now - new Date(iso).getTime();
  if (Number.isNaN(passed)) return NONE;
  if (passed < 1500) return "just now";
  const seconds = Math.floor(passed / 1000);
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** "in 42 s"; what is due says so. */
export function ahead(iso, now = Date.now()) {
  const rest = new Date(iso).getTime() - now;
  if (Number.isNaN(rest)) return NONE;
  return rest <= 0 ? "any moment now" : `in ${span(Math.ceil(rest / 1000) * 1000)}`;
}

/** "27 Nov, 20:07:50.123", by this machine's clock. */
export function exactly(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? NONE : `${moment(iso, 0)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** "≈ 2.05 s": of what is known within 5 %. */
export function roughly(ms) {
  return ms === null || ms === undefined ? NONE : `≈ ${span(ms)}`;
}

/** The first part of an id, which people recognise it by. */
export function shortened(id) {
  const text = String(id);
  return text.length > 20 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}

/** "1 message", "2 messages". */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
