// The API: requests of this page's own deployment, proven the way that it asks for, and its problems as errors.

import { memberText } from "./raw_json.js";
import { escaped, signed, strictQuery } from "./signing.js";

const PATIENCE = 30000;
const CLOCK_TOLERANCE = 60000;
const AS_TEXT = ["result", "inputs", "actionReferences"];
const USELESS = new Set(["invalid_api_key", "invalid_signature", "expired_token", "signed_out"]);

/** An answer that is no success, or none at all (status 0). */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? (status ? `http_${status}` : "no_connection");
    this.faults = Array.isArray(problem.errors) ? problem.errors : [];
    this.allowed = Array.isArray(problem.allowed) ? problem.allowed : null;
    this.traceId = problem.traceId ?? null;
    this.retryAfter = retryAfter;
  }

  /** Other credentials might do. */
  get refused() {
    return this.status === 401 || this.status === 403;
  }

  /** No request will do with these credentials. That a path is not served, or may not be asked for, says nothing of the kind. */
  get expels() {
    return this.refused && USELESS.has(this.code);
  }
}

/** Calls the API with `credentials`. */
export class Api {
  #ahead = 0;

  constructor({ base, way, region, credentials }) {
    this.base = base;
    this.way = way;
    this.region = region;
    this.credentials = credentials;
  }

  get(path, parameters = {}, signal = undefined) {
    return this.#call("GET", path, parameters, undefined, signal);
  }

  /** `body` is a document, or JSON text that goes out as it is written. */
  post(path, body = undefined, parameters = {}) {
    return this.#call("POST", path, parameters, body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  }

  execution(id, signal) {
    return this.get(pathOf(id), {}, signal);
  }

  audit(id, signal, parameters = {}) {
    return this.get(`${pathOf(id)}/audit`, parameters, signal);
  }

  request(id) {
    return this.get(`${pathOf(id)}/request`);
  }

  decide(id, decision, document) {
    const path = decision === "redeliver" ? "webhook/redeliver" : decision;
    return this.post(`${pathOf(id)}/${path}`, document);
  }

  workflow(id, signal) {
    return this.get(`workflows/${escaped(id)}`, {}, signal);
  }

  decideWorkflow(id, decision, document) {
    return this.post(`workflows/${escaped(id)}/${decision}`, document);
  }

  decideMany(body) {
    return this.post("executions/decisions", body);
  }

  progress(decisionId, signal) {
    return this.get(`executions/decisions/${escaped(decisionId)}`, {}, signal);
  }

  /** `text` is the request as JSON; `dryRun` checks it and changes nothing. */
  submit(text, { dryRun }) {
    return this.post("executions", text, dryRun ? { dryRun: "true" } : {});
  }

  async #call(method, path, parameters, body, signal, again = true) {
    const query = strictQuery(parameters);
    const url = new URL(path + (query ? `?${query}` : ""), this.base);
    const response = await this.#sent(method, url, body, signal);
    if (response.ok) return this.#read(response, signal);
    const error = new ApiError(response.status, await problemIn(response), Number(response.headers.get("Retry-After")) || null);
    if (again && error.refused && this.way === "AWS_IAM" && this.#corrected(response)) {
      return this.#call(method, path, parameters, body, signal, false);
    }
    throw error;
  }

  async #sent(method, url, body, signal) {
    const limits = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
    const headers = await this.#proof(method, url, body ?? "", body ? { "Content-Type": "application/json" } : {});
    const request = { method, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "error" };
    try {
      return await fetch(url, { ...request, body: body || undefined, signal: AbortSignal.any(limits) });
    } catch (failure) {
      throw unanswered(failure, signal, "The API can't be reached from here.");
    }
  }

  async #read(response, signal) {
    try {
      const text = await response.text();
      const document_ = JSON.parse(text);
      // What an action takes and returns is shown from its text: what JSON.parse makes of its numbers is not what came.
      const texts = AS_TEXT.filter((name) => document_?.[name] !== undefined).map((name) => [`${name}Text`, memberText(text, name)]);
      return texts.length ? { ...document_, ...Object.fromEntries(texts) } : document_;
    } catch (failure) {
      throw unanswered(failure, signal, "The API's answer was cut off, or can't be read.");
    }
  }

  async #proof(method, url, body, headers) {
    const held = this.credentials.current;
    if (!held) throw new ApiError(401, { code: "signed_out", detail: "You are signed out." });
    if (this.way === "API_KEY") return { ...headers, "x-api-key": held.apiKey };
    return signed({ method, url, headers, body, credentials: held, region: this.region, now: Date.now() + this.#ahead });
  }

  /** A signature is dated. Where this machine's clock is wrong, the API's own date is used from then on. */
  #corrected(response) {
    const theirs = Date.parse(response.headers.get("Date") ?? "");
    const ahead = Number.isNaN(theirs) ? 0 : theirs - Date.now();
    if (Math.abs(ahead - this.#ahead) < CLOCK_TOLERANCE) return false;
    this.#ahead = ahead;
    return true;
  }
}

/** An execution's path. An id of dots alone is none: in an address they lead elsewhere. */
function pathOf(id) {
  if (/^\.*$/.test(id)) throw new ApiError(404, { code: "execution_not_found", detail: "No execution has such an id." });
  return `executions/${escaped(id)}`;
}

function unanswered(failure, signal, otherwise) {
  if (signal?.aborted) return failure;
  return new ApiError(0, { detail: failure.name === "TimeoutError" ? "The API did not answer within 30 seconds." : otherwise });
}

async function problemIn(response) {
  try {
    const document = await response.json();
    return document && typeof document === "object" ? document : {};
  } catch {
    return {};
  }
}

const REFUSALS = {
  invalid_api_key: "This API key is not valid here.",
  missing_authentication: "Nothing is served under this address, or the API did not recognise the credentials.",
  invalid_signature: "The signature was refused: the secret access key does not belong to this access key id.",
  expired_token: "The session token has expired. Get fresh credentials and sign in again.",
  access_denied: "These credentials are known, but may not do this: their policy lacks execute-api:Invoke for it.",
  operators_only: "This API key is a caller's: it reads and submits. Sign in with an operator's key to decide.",
  operators_only: "This is for operators, and this API key is a caller's. Sign in with an operator's key.",
  signed_out: "You are signed out.",
};

/** What a failure means for the reader. */
export function explained(error) {
  if (!(error instanceof ApiError)) return "Something went wrong in this page. Reload it, and report this if it stays.";
  if (error.refused) return REFUSALS[error.code] ?? `Refused: ${error.message}`;
  if (error.status === 429) return "The API is throttling; it is asked less often for a while.";
  return [error.message, ...error.faults.map(({ pointer, detail }) => `${pointer ? `${pointer}: ` : ""}${detail}`)].join(" · ");
}
