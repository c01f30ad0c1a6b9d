// Signature Version 4 for `execute-api`, with the browser's own cryptography. The canonical forms are those that API
// Gateway computes: the path is encoded once more from its form in the URL, repeated slashes and dot segments gone; the
// query is sorted and otherwise unchanged, so it has to be encoded strictly before (`strictQuery`).

const utf8 = new TextEncoder();

/** RFC 3986: everything but letters, digits and -._~ is escaped. */
export function escaped(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A query of what is not empty. */
export function strictQuery(parameters) {
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`)
    .join("&");
}

/** The headers that prove who asks, to be sent besides `headers`, all of which are signed. */
export async function signed({ method, url, headers = {}, body = "", credentials, region, now }) {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const sent = { ...headers, "X-Amz-Date": date };
  if (credentials.sessionToken) sent["X-Amz-Security-Token"] = credentials.sessionToken;
  const covered = Object.entries({ ...sent, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), String(value).trim().replace(/\s+/g, " ")])
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const names = covered.map(([name]) => name).join(";");
  const request = [
    method,
    canonicalPath(url.pathname),
    canonicalQuery(url.search),
    ...covered.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    await sha256(body),
  ].join("\n");
  const scope = [date.slice(0, 8), region, "execute-api", "aws4_request"];
  let key = utf8.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope) key = await hmac(key, part);
  const toSign = ["AWS4-HMAC-SHA256", date, scope.join("/"), await sha256(request)].join("\n");
  const signature = hex(await hmac(key, toSign));
  sent.Authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.join("/")}, `
    + `SignedHeaders=${names}, Signature=${signature}`;
  return sent;
}

function canonicalPath(path) {
  const kept = [];
  for (const part of path.split("/")) {
    if (part === "..") kept.pop();
    else if (part && part !== ".") kept.push(part);
  }
  const whole = `/${kept.join("/")}${path.endsWith("/") && kept.length ? "/" : ""}`;
  return whole.replace(/[^A-Za-z0-9_.~/-]/g, escaped);
}

function canonicalQuery(search) {
  if (search.length < 2) return "";
  return search.slice(1).split("&")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    })
    .sort(([name, value], [otherName, otherValue]) => (
      name < otherName || (name === otherName && value < otherValue) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

async function sha256(text) {
  return hex(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
}

async function hmac(bytesOfKey, text) {
  const key = await crypto.subtle.importKey("raw", bytesOfKey, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", key, utf8.encode(text));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
