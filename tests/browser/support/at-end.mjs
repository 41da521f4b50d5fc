/**
 * A test or a measurement, after which resources are released.
 *
 * @typedef {{after: (close: () => unknown) => void}} Ending
 */

/** @type {WeakMap<Ending, (() => unknown)[]>} */
const stacks = new WeakMap();

/**
 * Calls `close` when the test is over, passed or not. The last one registered is called first, and all are called even
 * if one of them fails.
 *
 * @param {Ending} t
 * @param {() => unknown} close
 */
export function atEnd(t, close) {
  const stack = stacks.get(t);
  if (stack) return void stack.push(close);
  const closing = [close];
  stacks.set(t, closing);
  t.after(async () => {
    const errors = [];
    for (let next = closing.pop(); next; next = closing.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
  });
}
