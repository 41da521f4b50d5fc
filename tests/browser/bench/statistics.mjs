/**
 * Returns a quantile, by nearest rank.
 *
 * @param {number[]} values
 * @param {number} share from 0, the smallest, to 1, the largest
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5);
