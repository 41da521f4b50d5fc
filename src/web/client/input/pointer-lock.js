/**
 * Takes the pointer to itself, so that its motion has no end at the edges: as the mouse reports it where the browser
 * can, else as the viewer's system accelerates it.
 *
 * @param {HTMLElement} element
 * @returns {Promise<boolean>} whether it was granted
 */
export async function lockPointer(element) {
  const request = async (/** @type {object | undefined} */ options) => {
    // Older browsers answer by an event alone.
    await /** @type {any} */ (element).requestPointerLock(options);
    return true;
  };
  return request({ unadjustedMovement: true }).catch((error) =>
    error.name === 'NotSupportedError' ? request(undefined).catch(() => false) : false);
}
