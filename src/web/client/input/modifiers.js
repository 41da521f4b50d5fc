/** A modifier, whichever side of the keyboard it is on. @typedef {'Shift' | 'Control' | 'Alt' | 'Meta' | 'AltGraph'} Modifier */

/** In the order in which they are pressed together. @type {readonly Modifier[]} */
export const MODIFIERS = Object.freeze(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph']);

/**
 * The modifier that a key is; null: none. Its `key` says so, and X11 names Alt with Shift `Meta`.
 *
 * @param {KeyboardEvent} event of the key
 * @returns {Modifier | null}
 */
export function modifierOf(event) {
  const { key, code } = event;
  if (key === 'Meta' && /^Alt/.test(code) && isDown(event, 'Alt') && !isDown(event, 'Meta')) return 'Alt';
  if (key === 'OS') return 'Meta';
  return MODIFIERS.find((each) => each === key) ?? null;
}

/**
 * The state of a modifier according to an event; null: it says nothing.
 *
 * @param {Event & {getModifierState?: (name: string) => boolean}} event of a key, a pointer or a wheel
 * @param {Modifier} modifier
 * @returns {boolean | null}
 */
export function isDown(event, modifier) {
  const isNow = event.getModifierState?.(modifier) ?? null;
  // An older Firefox.
  return isNow === false && modifier === 'Meta' ? event.getModifierState?.('OS') ?? null : isNow;
}

/**
 * True if a key produces its character only by Alt (on a Mac) or Control and Alt (on Windows, in place of AltGr), which
 * are no part of a shortcut then.
 *
 * @param {KeyboardEvent} event of a key with these modifiers
 * @param {object} keyboard
 * @param {string | undefined} keyboard.plain the character of the key without modifiers; undefined: not known
 * @param {boolean} keyboard.isMac
 */
export function isComposed(event, { plain, isMac }) {
  const { key, code } = event;
  if (key === 'Dead') return isMac;
  if (!/^[^\p{Control}\p{Surrogate}]$/u.test(key) || code.startsWith('Numpad')) return false;
  // A Mac reports AltGr for Option, and some browsers on Windows for any Control and Alt.
  if (!isMac && isDown(event, 'AltGraph') && !isDown(event, 'Control') && !isDown(event, 'Alt')) return true;
  const [usual, shifted] = usualCharacters(code);
  const unmodified = plain ?? usual;
  if (isSame(key, unmodified)) return false;
  const isShifted = isDown(event, 'Shift') === true;
  if (isShifted && unmodified === usual && key === shifted) return false;
  // A shortcut names such a character, whatever a layout is thought to be that was not seen yet or has changed.
  if (/^[a-z\d]$/i.test(key) && (!isMac || plain === undefined)) return false;
  // Only AltGr itself, which the event would name, adds letters to other alphabets.
  return isMac || (!isShifted && !/^(?!\p{Script=Latin})\p{Letter}$/u.test(key));
}

/**
 * @param {string} one
 * @param {string | undefined} other
 */
function isSame(one, other) {
  return one.toLowerCase() === other?.toLowerCase();
}

/**
 * The characters of a US keyboard, without and with Shift.
 *
 * @param {string} code
 * @returns {string[]}
 */
function usualCharacters(code) {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  return letter ? [letter.toLowerCase(), letter] : [...(US[code] ?? '')];
}

/** @type {Record<string, string>} */
const US = {
  Digit1: '1!', Digit2: '2@', Digit3: '3#', Digit4: '4$', Digit5: '5%', Digit6: '6^', Digit7: '7&', Digit8: '8*',
  Digit9: '9(', Digit0: '0)', Backquote: '`~', Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}',
  Backslash: '\\|', Semicolon: ';:', Quote: '\'"', Comma: ',<', Period: '.>', Slash: '/?', Space: '  ',
};
