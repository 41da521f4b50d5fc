/**
 * The greeting of a Selkies client.
 *
 * @param {string | number} peerId without whitespace
 * @param {{width: number, height: number, scale: number}} display
 * @returns {string}
 */
export function helloText(peerId, { width, height, scale }) {
  return `HELLO ${peerId} ${btoa(JSON.stringify({ res: `${width}x${height}`, scale }))}`;
}
