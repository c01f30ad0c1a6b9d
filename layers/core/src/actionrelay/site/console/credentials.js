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

/** What a pasted block of `export AWS_…` lines holds, as the AWS access portal gives it; null if it is none. */
export function pasted(text) {
  const found = {};
  for (const [name, pattern] of Object.entries(EXPORTED)) {
    const match = pattern.exec(text);
    if (match) found[name] = match[1];
  }
  return found.accessKeyId && found.secretAccessKey ? found : null;
}
