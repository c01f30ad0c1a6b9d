// Who asks. Credentials live in this page's memory; in the tab's session storage only where the reader says so.

const KEPT = "actionrelay.credentials";

/** The fields that a way of authorisation asks for. */
export const FIELDS = {
  API_KEY: [{ name: "apiKey", label: "API key", secret: true, required: true }],
  AWS_IAM: [
    { name: "accessKeyId", label: "Access key id", required: true },
    { name: "secretAccessKey", label: "Secret access key", secret: true, required: true },
    { name: "sessionToken", label: "Session token", secret: true, hint: "for temporary credentials" },
  ],
};

/** The credentials of this tab. */
export class Credentials {
  #held = null;

  constructor(storage, way) {
    this.storage = storage;
    this.way = way;
    this.#held = this.#stored();
  }

  /** What is held, or null. */
  get current() {
    return this.#held;
  }

  /** Takes credentials; `keep` leaves them to the tab, over a reload. */
  take(given, keep) {
    this.forget();
    this.#held = given;
    if (keep) this.storage?.setItem(KEPT, JSON.stringify({ way: this.way, given }));
  }

  /** Forgets them, everywhere. */
  forget() {
    this.#held = null;
    this.storage?.removeItem(KEPT);
  }

  #stored() {
    try {
      const kept = JSON.parse(this.storage?.getItem(KEPT) ?? "null");
      return kept && kept.way === this.way ? kept.given : null;
    } catch {
      return null;
    }
  }
}

const EXPORTED = {
  accessKeyId: /AWS_ACCESS_KEY_ID\W+([A-Z0-9]+)/i,
  secretAccessKey: /AWS_SECRET_ACCESS_KEY\W+([A-Za-z0-9/+=]+)/i,
  sessionToken: /AWS_SESSION_TOKEN\W+([A-Za-z0-9/+=]+)/i,
};
const KEY_NAMES = {
  accessKeyId: ["accessKeyId", "AccessKeyId"],
  secretAccessKey: ["secretAccessKey", "SecretAccessKey"],
  sessionToken: ["sessionToken", "SessionToken"],
  apiKey: ["operatorApiKey", "apiKey"],
};

/**
 * What a pasted text holds for a way of authorisation: `export AWS_…` lines as the AWS access portal gives them, the JSON of
 * `aws sts assume-role` or of a credential process, or a local world's `stack.json`; null if it is none of these.
 */
export function pasted(text, way) {
  const found = ofJson(text) ?? ofLines(text);
  const whole = way === "API_KEY" ? found.apiKey : found.accessKeyId && found.secretAccessKey;
  return whole ? found : null;
}

function ofLines(text) {
  const found = {};
  for (const [name, pattern] of Object.entries(EXPORTED)) {
    const match = pattern.exec(text);
    if (match) found[name] = match[1];
  }
  return found;
}

function ofJson(text) {
  let document_;
  try {
    document_ = JSON.parse(text);
  } catch {
    return null;
  }
  if (!document_ || typeof document_ !== "object") return null;
  const given = document_.Credentials ?? document_;
  const found = {};
  for (const [name, names] of Object.entries(KEY_NAMES)) {
    const value = names.map((each) => given?.[each]).find((each) => typeof each === "string" && each);
    if (value) found[name] = value;
  }
  return found;
}
