/** Stands in for the context of a test: what was started with it ends with it. */
export class Ending {
  /** @type {(() => unknown)[]} */
  #closing = [];

  /** @param {() => unknown} close */
  after(close) {
    this.#closing.push(close);
  }

  async end() {
    for (let close = this.#closing.pop(); close; close = this.#closing.pop()) await close();
  }
}

/**
 * Does something, and then ends what was started for it.
 *
 * @template T
 * @param {(ending: Ending) => Promise<T>} work
 */
export async function withEnding(work) {
  const ending = new Ending();
  try {
    return await work(ending);
  } finally {
    await ending.end();
  }
}
