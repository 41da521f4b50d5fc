/**
 * @typedef {object} Values
 * @property {'fit' | 'actual' | 'match'} fit how the video fills the window
 * @property {number} quality percent of the host's bitrate
 * @property {boolean} metaIsControl
 * @property {'direct' | 'trackpad'} touch
 * @property {'auto' | 'always' | 'never'} capture when a click locks the pointer
 * @property {'auto' | 'dark' | 'light'} theme
 * @property {boolean} stats whether the statistics are shown
 * @property {boolean} others whether the pointers of other viewers are shown
 * @property {string} name the viewer's name for others
 */

/**
 * Settings from the address of the page, not kept.
 *
 * @typedef {object} Address
 * @property {boolean} viewOnly `view=1`: sends no keyboard and pointer
 * @property {boolean} hasTools `ui=0`: without tools
 * @property {number | null} kbps `kbps=…`: the bitrate of the video
 */

/**
 * The viewer's settings for one host, kept by the browser. The address of the page overrides them, the host both. They
 * are read once the host is known: several hosts can have the same address, such as the local end of a tunnel.
 */
export class Settings extends EventTarget {
  #storage;
  #page;
  /** The name of the stored settings; null until the host is known. @type {string | null} */
  #key = null;
  #defaults;
  /** @type {Partial<Values>} */
  #kept = {};
  /** @type {Partial<Values>} */
  #asked;
  /** Values fixed by the host. @type {Partial<Values>} */
  #pinned = {};
  /** @type {Address} */
  #address;

  /**
   * @param {object} options
   * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null} options.storage null: keeps nothing
   * @param {URL} options.page
   * @param {boolean} [options.isMac]
   * @param {string} [options.name] the default name
   */
  constructor({ storage, page, isMac = false, name = '' }) {
    super();
    this.#storage = storage;
    this.#page = page;
    this.#defaults = { ...DEFAULTS, metaIsControl: isMac, name };
    const query = page.searchParams;
    const given = Object.entries(CHECKS).flatMap(([name, check]) => {
      const value = query.has(name) ? check(parse(query.get(name) ?? '')) : undefined;
      return value === undefined ? [] : [[name, value]];
    });
    this.#asked = Object.fromEntries(given);
    const kbps = Number(query.get('kbps'));
    this.#address = {
      viewOnly: query.get('view') === '1',
      hasTools: query.get('ui') !== '0',
      kbps: kbps >= 1 && kbps <= 1_000_000 ? Math.round(kbps) : null,
    };
  }

  /**
   * Reads the stored settings of a host, and stores what was set before. Dispatches a `change` event.
   *
   * @param {string | null} id of the host; null for a host that has none, which is known by its address
   */
  useHost(id) {
    const key = `deskbeam:${id ?? this.#page.host}${this.#page.pathname}`;
    if (key === this.#key) return;
    const early = this.#key === null ? this.#kept : {};
    this.#key = key;
    this.#kept = { ...this.#load(key), ...early };
    if (Object.keys(early).length > 0) this.#store();
    this.dispatchEvent(new Event('change'));
  }

  /** True once the host is known. */
  get hasHost() {
    return this.#key !== null;
  }

  /** @returns {Values} */
  get values() {
    return { ...this.#defaults, ...this.#kept, ...this.#asked, ...this.#pinned };
  }

  /** @param {unknown} values fixed by the host, by name; invalid ones are ignored */
  pin(values) {
    this.#pinned = valid(values);
    this.dispatchEvent(new Event('change'));
  }

  /** @param {keyof Values} name */
  isPinned(name) {
    return name in this.#pinned;
  }

  get address() {
    return this.#address;
  }

  /**
   * Stores settings and dispatches a `change` event. Invalid values reset to the default.
   *
   * @param {Partial<Values>} change
   */
  set(change) {
    const names = /** @type {(keyof Values)[]} */ (Object.keys(change));
    for (const name of names) delete this.#asked[name];
    this.#kept = valid({ ...this.#kept, ...change });
    this.#store();
    this.dispatchEvent(new Event('change'));
  }

  /** Resets all settings. */
  reset() {
    this.#kept = {};
    this.#asked = {};
    this.#store();
    this.dispatchEvent(new Event('change'));
  }

  /**
   * @param {string} key
   * @returns {Partial<Values>} the stored settings that are valid
   */
  #load(key) {
    let kept;
    try {
      kept = JSON.parse(this.#storage?.getItem(key) ?? '{}');
    } catch {
      return {};
    }
    return valid(kept);
  }

  #store() {
    if (this.#key === null) return;
    try {
      if (Object.keys(this.#kept).length > 0) this.#storage?.setItem(this.#key, JSON.stringify(this.#kept));
      else this.#storage?.removeItem(this.#key);
    } catch {
      // Without storage the settings last until the page is closed.
    }
  }
}

/**
 * The valid settings among values.
 *
 * @param {any} values
 * @returns {Partial<Values>}
 */
function valid(values) {
  return Object.fromEntries(Object.entries(CHECKS).flatMap(([name, check]) => {
    const value = check(values?.[name]);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** The local storage; null where the browser denies it. */
export function localStorageOrNone() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** @type {Values} */
const DEFAULTS = { fit: 'fit', quality: 100, metaIsControl: false, touch: 'direct', capture: 'auto', theme: 'auto', stats: false, others: false, name: '' };

/** @type {(...allowed: string[]) => (value: unknown) => unknown} */
const oneOf = (...allowed) => (value) => (typeof value === 'string' && allowed.includes(value) ? value : undefined);
/** @param {unknown} value */
const boolean = (value) => (typeof value === 'boolean' ? value : undefined);
/** @param {unknown} value */
const shortText = (value) => {
  if (typeof value !== 'string') return undefined;
  return value.trim().slice(0, NAME_LENGTH).replace(HIDDEN, '').trim() || undefined;
};
/** @param {unknown} value a number, or its text in the address */
const percent = (value) => {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  return number >= 1 && number <= 100 ? Math.round(number) : undefined;
};

/** Return a valid value, else undefined. @type {Record<keyof Values, (value: unknown) => unknown>} */
const CHECKS = {
  fit: oneOf('fit', 'actual', 'match'),
  quality: percent,
  metaIsControl: boolean,
  touch: oneOf('direct', 'trackpad'),
  capture: oneOf('auto', 'always', 'never'),
  theme: oneOf('auto', 'dark', 'light'),
  stats: boolean,
  others: boolean,
  name: shortText,
};
/** The limit of the host is 64 bytes. */
const NAME_LENGTH = 20;
/**
 * Characters that the host leaves out of every name, and halves of surrogate pairs, which are none. The host decides about
 * joiners: emoji and some scripts need them.
 */
const HIDDEN = /[\p{Control}\p{Surrogate}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f]/gu;

/** @param {string} text */
function parse(text) {
  return text === '1' ? true : text === '0' ? false : text;
}
