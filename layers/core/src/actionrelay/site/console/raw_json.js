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
