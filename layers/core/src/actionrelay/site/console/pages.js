// The rows of a list that is read page by page while it grows at its top: without gaps, each once, and no more than fit.

const FURTHEST = 6;
const MOST_ROWS = 500;

/** What is known of a list, newest first. `ask(next)` gets a page of the API: {executions, next}. */
export class Pages {
  #rows = new Map();
  #cursor = null;
  #deep = false;
  #round = 0;
  #readAt = 0;
  #full = false;

  /** All rows, newest first. */
  get rows() {
    return [...this.#rows.values()].map(({ row }) => row);
  }

  /** There is more, and room for it. */
  get goesOn() {
    return this.#cursor !== null;
  }

  /** There is more, and no room for it. */
  get full() {
    return this.#full;
  }

  /** Rows that the latest reading of the top did not reach: how many, and the moment (ms) that the oldest of them is from. */
  get before() {
    const moments = [...this.#rows.values()].map(({ at }) => at).filter((at) => at < this.#readAt);
    return { rows: moments.length, at: moments.length ? Math.min(...moments) : null };
  }

  /** Reads the top again, and on until it meets what is known. Where it meets nothing soon, what is further down is forgotten. */
  async refresh(ask, timed) {
    let page = await ask(null);
    const fresh = [...page.executions];
    let read = 1;
    // An answer looks at a bounded number of entries, so a page may be empty and still not be the last. Only a reader who
    // has just asked is worth a look at the ones behind it.
    const enough = () => !page.next || (fresh.length ? !this.#deep || this.#met(fresh) : timed);
    for (; !enough() && read < FURTHEST; read += 1) {
      page = await ask(page.next);
      fresh.push(...page.executions);
    }
    this.#take(fresh, page.next, read > 1, timed);
  }

  /** Reads on at the bottom, over empty pages too. */
  async older(ask) {
    // Before the first wait: a refresh that ends meanwhile must keep the rows that this page follows on.
    this.#deep = true;
    const round = this.#round;
    for (let read = 0, found = 0; this.#cursor !== null && !found && read < FURTHEST; read += 1) {
      const page = await ask(this.#cursor);
      if (this.#round !== round) return;
      found = page.executions.length;
      this.#cursor = page.next;
      this.#keep([...this.#rows.values(), ...dated(page.executions)]);
    }
  }

  #met(fresh) {
    const [top] = this.#rows.values();
    return top !== undefined && newestFirst(fresh.at(-1), top.row) >= 0;
  }

  #take(fresh, next, further, timed) {
    this.#readAt = Date.now();
    if (this.#deep && next && !fresh.length && timed) return;
    if (this.#deep && next && fresh.length && this.#met(fresh)) {
      const below = [...this.#rows.values()].filter(({ row }) => newestFirst(row, fresh.at(-1)) > 0);
      this.#keep([...dated(fresh, this.#readAt), ...below]);
      return;
    }
    this.#round += 1;
    this.#deep = further;
    this.#cursor = next;
    this.#full = false;
    this.#keep(dated(fresh, this.#readAt));
  }

  #keep(entries) {
    const byId = new Map(entries.map((entry) => [entry.row.executionId, entry]));
    const sorted = [...byId.values()].sort((one, other) => newestFirst(one.row, other.row));
    if (sorted.length >= MOST_ROWS && (this.#cursor !== null || sorted.length > MOST_ROWS)) {
      this.#round += 1;
      this.#cursor = null;
      this.#full = true;
    }
    this.#rows = new Map(sorted.slice(0, MOST_ROWS).map((entry) => [entry.row.executionId, entry]));
  }
}

function dated(rows, at = Date.now()) {
  return rows.map((row) => ({ row, at }));
}

/** The order of the API: by acceptance, and by id within a millisecond. */
function newestFirst(one, other) {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? 1 : -1;
  if (one.executionId === other.executionId) return 0;
  return one.executionId < other.executionId ? 1 : -1;
}
