import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `ask` until the answer is truthy, and returns the answer. After the deadline it fails with `what` and the last
 * answer.
 *
 * @template T
 * @param {string} what the awaited state, for the error message
 * @param {() => T | Promise<T>} ask
 * @param {{deadlineMs?: number, everyMs?: number}} [options]
 * @returns {Promise<T>}
 */
export async function until(what, ask, { deadlineMs = 15_000, everyMs = 50 } = {}) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    let answer;
    let error;
    try {
      answer = await ask();
    } catch (thrown) {
      error = thrown;
    }
    if (answer) return answer;
    if (Date.now() > end) {
      const last = error ? String(error) : JSON.stringify(answer);
      throw new Error(`${what}: not within ${deadlineMs} ms; last: ${last}`, { cause: error });
    }
    await pause(everyMs);
  }
}
