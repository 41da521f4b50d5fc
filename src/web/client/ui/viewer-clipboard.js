import { NOT_USABLE } from '../input/clipboard.js';

/** @import { Access, Content } from '../input/clipboard.js' */

/** The viewer's clipboard, as far as the browser lets a page use it. @type {Access} */
export const viewerClipboard = {
  write: navigator.clipboard ? write : null,
  read,
  isSameImage,
};

/**
 * @param {Content} content
 * @returns {Promise<void>}
 */
function write(content) {
  if (typeof content === 'string') return navigator.clipboard.writeText(content);
  return navigator.clipboard.write([new ClipboardItem({ [content.type]: content })]);
}

/**
 * Reads the clipboard where the viewer has allowed that to the page for good: browsers would ask otherwise.
 *
 * @returns {Promise<Content | null>}
 */
async function read() {
  const name = /** @type {PermissionName} */ ('clipboard-read');
  const status = await navigator.permissions?.query({ name }).catch(() => null);
  if (status?.state !== 'granted' || !document.hasFocus()) return null;
  try {
    const blob = await readBlob();
    return blob.type.startsWith('image/') ? await toPng(blob) : await blob.text();
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** @returns {Promise<Blob>} the text or the image of the clipboard; empty if there is none */
async function readBlob() {
  for (const item of await navigator.clipboard.read()) {
    const image = item.types.find((type) => type.startsWith('image/'));
    if (item.types.includes('text/plain')) return item.getType('text/plain');
    if (image) return item.getType(image);
  }
  return new Blob();
}

/**
 * The content of a paste event that the desktop can take: an image, or text.
 *
 * @param {DataTransfer | null} data
 * @returns {Promise<Content>} empty if there is none; rejected with a sentence if there is only something else
 */
export async function pasted(data) {
  const image = [...(data?.files ?? [])].find(({ type }) => type.startsWith('image/'));
  // The event's data is gone after the first wait.
  const [text, html, isAny] = [data?.getData('text/plain'), data?.getData('text/html'), Boolean(data?.types.length)];
  if (image) return toPng(image);
  if (text) return text;
  if (html) return new DOMParser().parseFromString(html, 'text/html').body.innerText;
  if (isAny && !data?.types.includes('text/plain')) throw new Error(NOT_USABLE);
  return '';
}

/**
 * @param {Blob} image of a kind that the browser shows
 * @returns {Promise<Blob>} rejected with a sentence
 */
export async function toPng(image) {
  if (image.type === 'image/png') return image;
  try {
    return await (await drawn(image)).canvas.convertToBlob({ type: 'image/png' });
  } catch {
    throw new Error(NOT_USABLE);
  }
}

/**
 * @param {Blob} one
 * @param {Blob} other
 * @returns {Promise<boolean>} whether all pixels are equal; false if one is no image
 */
async function isSameImage(one, other) {
  try {
    const [first, second] = await Promise.all([drawn(one), drawn(other)]);
    const { width, height } = first.canvas;
    if (second.canvas.width !== width || second.canvas.height !== height) return false;
    const [pixels, others] = [first, second].map((each) => new Uint32Array(each.getImageData(0, 0, width, height).data.buffer));
    return pixels.every((pixel, index) => pixel === others[index]);
  } catch {
    return false;
  }
}

/** @param {Blob} image */
async function drawn(image) {
  const bitmap = await createImageBitmap(image);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context;
}
