/**
 * Locks the pointer to an element: with raw motion where the browser supports it, else with the acceleration of the
 * viewer's system.
 *
 * @param {HTMLElement} element
 * @returns {Promise<boolean>} whether it was granted
 */
export async function lockPointer(element) {
  const request = async (/** @type {object | undefined} */ options) => {
    // Older browsers return no promise, only events.
    await /** @type {any} */ (element).requestPointerLock(options);
    return true;
  };
  return request({ unadjustedMovement: true }).catch((error) =>
    error.name === 'NotSupportedError' ? request(undefined).catch(() => false) : false);
}
