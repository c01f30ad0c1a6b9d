// JSON as text. JSON.parse makes doubles of all numbers: 9007199254740993 becomes …992, and 10.10 becomes 10.1. What an
// action returned is shown from its text instead, in which nothing but the space between is changed.

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^ \t\n\r"[\]{},:]+/y;

/** Where the token that begins at `place` ends. */
function endOfToken(text, place) {
  if (text[place] !== '"') {
    PLAIN.lastIndex = place;
    return PLAIN.test(text) ? PLAIN.lastIndex : place + 1;
  }
  for (let end = text.indexOf('"', place + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
  return text.length;
}

function* tokensOf(text) {
  for (let place = 0; ;) {
    SPACE.lastIndex = place;
    SPACE.test(text);
    const begins = SPACE.lastIndex;
    if (begins >= text.length) return;
    place = endOfToken(text, begins);
    yield { begins, ends: place, token: text.slice(begins, place) };
  }
}

/** The text of a member of the outermost object as it came; of equal names the last one, as `JSON.parse` has it. */
export function memberText(text, name) {
  let depth = 0, key = null, before = null, from = null, found;
  for (const { begins, ends, token } of tokensOf(text)) {
    if (from === null && depth === 1 && token === ":") {
      key = JSON.parse(before.token);
      from = ends;
    } else if (depth === 1 && (token === "," || token === "}")) {
      if (from !== null && key === name) found = text.slice(from, begins).trim();
      from = null;
    }
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    before = { token };
  }
  return found;
}

/** JSON text in lines, two spaces for each level. */
export function laidOut(text) {
  const parts = [];
  let depth = 0, opened = false;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const { token } of tokensOf(text)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (opened !== closes && (opened || closes)) parts.push(line());
    opened = token === "{" || token === "[";
    if (opened) depth += 1;
    parts.push(token === ":" ? ": " : token);
    if (token === ",") parts.push(line());
  }
  return parts.join("");
}

/** JSON text of an object: members that are values, and members that are JSON text already and go out as they are written. */
export function splicedJson(members, texts) {
  const parts = [...Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)]), ...Object.entries(texts)];
  return `{${parts.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** A reader's JSON: its text, its value, and what is wrong with it, in the browser's words. */
export function checkedJson(text) {
  try {
    return { text: text.trim(), value: JSON.parse(text), fault: null };
  } catch (error) {
    return { text: text.trim(), value: undefined, fault: error.message };
  }
}

/** Where the value that a JSON pointer names is in a text, or the nearest value around it: {begins, ends, line, column}. */
export function placeIn(text, pointer) {
  const wanted = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let found = { path: [], begins: 0, ends: text.length };
  for (const each of valuesIn(text)) {
    const around = each.path.length <= wanted.length && each.path.every((part, at) => part === wanted[at]);
    if (around && each.path.length >= found.path.length) found = each;
  }
  const before = text.slice(0, found.begins).split("\n");
  return { begins: found.begins, ends: found.ends, line: before.length, column: before.at(-1).length + 1 };
}

function* valuesIn(text) {
  const open = [];
  const path = () => open.map(({ key, index }) => key ?? String(index));
  for (const { begins, ends, token } of tokensOf(text)) {
    const inside = open.at(-1);
    if (token === "{" || token === "[") open.push({ begins, path: path(), isObject: token === "{", key: null, index: 0, named: false });
    else if (token === "}" || token === "]") {
      const { begins: from, path: of } = open.pop() ?? { begins, path: [] };
      yield { path: of, begins: from, ends };
    } else if (token === ",") {
      if (inside) Object.assign(inside, { index: inside.index + 1, key: null, named: false });
    } else if (token === ":") continue;
    else if (inside?.isObject && !inside.named) Object.assign(inside, { key: JSON.parse(token), named: true });
    else yield { path: path(), begins, ends };
  }
}
