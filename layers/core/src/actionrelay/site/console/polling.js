// Asks again and again, for as long as somebody can see it: less often after failures, not at all while hidden or paused.

const LONGEST = 60000;

/** Runs `load(signal, timed)` every `every` ms; `timed` where only the clock asked for it. `report` is called with each change of {updatedAt, error, failures, paused, nextAt}. */
export class Poller {
  #timer;
  #running = null;

  constructor(report) {
    this.report = report;
    this.load = null;
    this.every = 5000;
    this.state = { updatedAt: null, error: null, failures: 0, paused: false, nextAt: null, loading: false };
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  /** Begins with another thing to load; what was under way is dropped. */
  start(load, every) {
    this.stop();
    this.load = load;
    this.every = every;
    this.#say({ updatedAt: null, error: null, failures: 0, nextAt: null });
    return this.refresh();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
    this.load = null;
  }

  /** Loads now; a load under way is dropped for it. */
  async refresh(timed = false) {
    if (!this.load) return;
    clearTimeout(this.#timer);
    this.#running?.abort();
    const run = new AbortController();
    this.#running = run;
    this.#say({ loading: true });
    let error = null;
    try {
      await this.load(run.signal, timed);
    } catch (failure) {
      error = failure;
    }
    if (this.#running !== run) return;
    this.#running = null;
    this.#say(error
      ? { error, failures: this.state.failures + 1, loading: false }
      : { error: null, failures: 0, updatedAt: Date.now(), loading: false });
    this.#plan();
  }

  pause(paused) {
    this.#say({ paused });
    if (paused) clearTimeout(this.#timer);
    else this.refresh();
  }

  #plan() {
    clearTimeout(this.#timer);
    const { failures, error, paused } = this.state;
    if (paused || document.hidden || !this.load) {
      this.#say({ nextAt: null });
      return;
    }
    const backoff = error?.refused ? LONGEST : Math.min(this.every * 2 ** failures, LONGEST);
    const wait = Math.max(backoff, (error?.retryAfter ?? 0) * 1000);
    this.#say({ nextAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.refresh(true), wait);
  }

  #seen() {
    if (document.hidden) {
      clearTimeout(this.#timer);
      this.#say({ nextAt: null });
    } else if (!this.state.paused && this.load) this.refresh(true);
  }

  #say(change) {
    this.state = { ...this.state, ...change };
    this.report(this.state);
  }
}
