/** A clock that is advanced by hand. */
export class FakeClock {
  #now;
  #timers = new Map();
  #count = 0;

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
    this.now = () => this.#now;
    this.setTimeout = (callback, ms) => {
      this.#count += 1;
      this.#timers.set(this.#count, { callback, at: this.#now + ms });
      return this.#count;
    };
    this.clearTimeout = (handle) => this.#timers.delete(handle);
  }

  /** The number of pending timers. */
  get pending() {
    return this.#timers.size;
  }

  /** Advances by `ms` and calls due timers in order. */
  advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      const [handle, { callback, at }] = due;
      this.#timers.delete(handle);
      this.#now = at;
      callback();
    }
    this.#now = end;
  }
}
