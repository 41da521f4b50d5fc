/**
 * What something can be done after: a test, or a measurement.
 *
 * @typedef {{after: (close: () => unknown) => void}} Ending
 */

/** @type {WeakMap<Ending, (() => unknown)[]>} */
const stacks = new WeakMap();

/**
 * Does something when the test is over, passed or not: what was started last is ended first, and one that fails does
 * not keep the others from being ended.
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
