/** A substitute for the context of a test: programs that were started with it end with it. */
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
 * Runs `work`, and then ends the programs that it started.
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
